"""A JPEG file that nobody says more of is kept as it is, wherever it comes from."""

import os
import threading
from io import BytesIO

import numpy as np
import pytest
from jpegs import jpeg, scene
from PIL import Image

import ncodec
from ncodec.errors import UsageError

PHOTO = jpeg(scene(72, 56), quality=88)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    return path


def test_a_file_is_kept_and_decodes_to_one_of_its_kind_beside_it(command, photo):
    assert command("encode", "photo.jpg", "-o", "photo.nc").code == 0
    photo.unlink()
    assert command("decode", "photo.nc").code == 0
    assert photo.read_bytes() == PHOTO
    refused = command("decode", "photo.nc")
    assert (refused.code, "photo.jpg exists" in refused.err) == (2, True)


def test_pixels_alone_are_kept_where_they_are_asked_for(command, photo):
    assert command("encode", "photo.jpg", "-o", "a.nc", "--keep", "pixels").code == 0
    assert ncodec.probe("a.nc").codec == "pc-photo"
    assert command("decode", "a.nc", "-o", "a.png").code == 0
    assert np.array_equal(np.asarray(Image.open("a.png")), np.asarray(Image.open(photo)))


def test_the_content_says_what_a_file_is(command, tmp_path):
    (tmp_path / "named.png").write_bytes(PHOTO)
    scene(20, 16).save(tmp_path / "named.jpg", "PNG")
    for name, codec in (("named.png", "pc-jpeg"), ("named.jpg", "pc-photo")):
        assert command("encode", name, "-o", "a.nc", "-y").code == 0
        assert ncodec.probe("a.nc").codec == codec
    assert command("encode", "named.png", "-o", "a.nc", "-y").code == 0
    assert command("decode", "a.nc", "-o", "-", "--format", "jpg").out == PHOTO


def test_files_go_through_pipes_of_processes(fresh):
    encode = fresh("encode", "-", "-o", "-", "-q")
    coded, _ = encode.communicate(PHOTO, timeout=100)
    assert encode.returncode == 0
    assert ncodec.probe(coded).codec == "pc-jpeg"
    decode = fresh("decode", "-", "-o", "-", "-q")
    assert decode.communicate(coded, timeout=100)[0] == PHOTO


def test_pixels_of_standard_input_have_their_codecs_options(command):
    ran = command("encode", "-", "-o", "a.nc", "--keep=pixels", "--effort=fast", stdin=PHOTO)
    assert ran.code == 0, ran.err
    assert ncodec.probe("a.nc").codec == "pc-photo"


def test_a_fifo_is_known_by_what_comes_out_of_it(command, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(PHOTO,))
    writing.start()
    assert command("encode", "pipe", "-o", "a.nc").code == 0
    writing.join()
    with ncodec.open("a.nc") as album:
        assert album.file() == PHOTO


@pytest.mark.parametrize("make", [bytes, BytesIO])
def test_python_gets_the_same(make):
    data = ncodec.encode(make(PHOTO)).data
    with ncodec.open(data) as album:
        assert album.file() == PHOTO
    with ncodec.open(ncodec.encode(make(PHOTO), keep="pixels").data) as album:
        assert not album.holds_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target-size", "2k"], "target_size does not apply to pc-jpeg"),
        (["--time-budget", "9s"], "time_budget does not apply to pc-jpeg"),
        (["--codec", "pc-jpeg", "--keep", "pixels"], "keep chooses a codec, and pc-jpeg is named"),
        (["--codec", "pc-photo", "--film"], "film chooses a codec, and pc-photo is named"),
    ],
)
def test_what_the_codec_does_not_have_is_refused(command, photo, arguments, said):
    ran = command("encode", "photo.jpg", "-o", "a.nc", *arguments)
    assert (ran.code, said in ran.err, ran.err.count("\n")) == (2, True, 1)
    assert [path.name for path in photo.parent.iterdir()] == ["photo.jpg"]


def test_keep_is_for_pictures(tmp_path):
    with pytest.raises(UsageError, match="keep does not apply to"):
        ncodec.encode(tmp_path / "clip.mp4", tmp_path / "a.nc", keep="file")
    with pytest.raises(UsageError, match="keep is 'all' but must be one of file, pixels"):
        ncodec.encode(tmp_path / "photo.jpg", tmp_path / "a.nc", keep="all")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (PHOTO.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"), "12 bits, not 8"),
        (PHOTO.replace(b"\xff\xc0\x00\x11", b"\xff\xc9\x00\x11"), "arithmetic"),
    ],
)
def test_what_cannot_be_rebuilt_is_kept_and_said(command, tmp_path, data, reason):
    (tmp_path / "odd.jpg").write_bytes(data)
    ran = command("encode", "odd.jpg", "-o", "odd.nc")
    line, _ = ran.err.splitlines()
    assert line.startswith("ncodec: odd.jpg is kept whole, but hardly smaller than it is: ")
    assert reason in line
    assert command("decode", "odd.nc", "-y").code == 0
    assert (tmp_path / "odd.jpg").read_bytes() == data
