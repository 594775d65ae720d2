"""`pc-jpeg` from the outside: the same file back, its pixels, and what bad files get."""

import random
from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from jpegs import jpeg, kinds, scene
from PIL import Image

import ncodec
from ncodec.errors import (
    DamagedFile,
    InputError,
    LimitExceeded,
    UsageError,
    VerificationFailed,
)
from ncodec.formats import Reader, Segment

KINDS = kinds()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(scene(120, 90), quality=88))
    return path


@pytest.fixture
def coded(photo):
    out = photo.with_suffix(".nc")
    ncodec.encode(photo, out, codec="pc-jpeg")
    return out


def test_the_same_file_comes_back(photo, coded, tmp_path):
    assert ncodec.decode(coded, tmp_path / "again.jpg") == 1
    assert (tmp_path / "again.jpg").read_bytes() == photo.read_bytes()
    assert coded.stat().st_size < photo.stat().st_size


def test_a_folder_gets_the_file_by_its_name(photo, coded, tmp_path):
    ncodec.decode(coded, tmp_path / "out/")
    assert (tmp_path / "out" / "photo.jpg").read_bytes() == photo.read_bytes()


def test_a_stream_gets_the_file_or_the_pixels(photo, coded):
    held = BytesIO()
    ncodec.decode(coded, held, format="jpg")
    assert held.getvalue() == photo.read_bytes()
    held = BytesIO()
    ncodec.decode(coded, held)
    assert np.array_equal(np.asarray(Image.open(held)), np.asarray(Image.open(photo)))


def test_pixels_are_those_of_the_file(photo, coded, tmp_path):
    expected = np.asarray(Image.open(photo))
    ncodec.decode(coded, tmp_path / "photo.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "photo.png")), expected)
    with ncodec.open(coded) as album:
        assert album.file() == photo.read_bytes()
        assert np.array_equal(album[0].pixels, expected)
        assert np.array_equal(album.region(5, 6, 30, 20).pixels, expected[6:26, 5:35])
        assert (album.info.width, album.info.height, album.info.pixel_format) == (120, 90, "rgb24")


def test_info_says_what_costs_what(coded):
    parts = ncodec.probe(coded).breakdown()
    assert set(parts) == {"headers", "luma", "blue", "red", "container"}
    assert sum(parts.values()) == coded.stat().st_size
    assert parts["luma"] > parts["headers"]


def test_what_is_said_is_of_the_file_that_is_kept(photo, coded, command, tmp_path):
    data = photo.read_bytes()
    share = f"{100 * coded.stat().st_size / len(data):.1f} % of the file"
    kept = ncodec.probe(coded).kept
    assert (kept.size, kept.pictures, kept.stored) == (len(data), 1, None)
    assert f"kept: a file of {len(data):,} bytes; this is {share}\n" in _said(
        command("info", coded)
    )
    digest = sha256(data).hexdigest()
    said = _said(command("verify", coded, "--source", photo))
    assert said.endswith(
        f"1 segment intact, integers as encoded\n{photo}: identical bytes, SHA-256 {digest}\n"
    )
    assert f"the file in {coded}, SHA-256 {digest}" in _said(command("verify", coded))
    ran = command("encode", photo, "--codec", "pc-jpeg", "-o", tmp_path / "again.nc")
    assert f"bytes, {share}, " in ran.err


def test_what_is_stored_is_said_with_its_reason(command, tmp_path):
    data = bytearray(KINDS["grey"])
    data[data.index(b"\xff\xc0") + 1] = 0xC9
    coded = tmp_path / "a.nc"
    coded.write_bytes(ncodec.encode(bytes(data), codec="pc-jpeg").data)
    assert ncodec.probe(coded).kept.stored == "it is arithmetic-coded"
    said = _said(command("info", coded))
    assert "; stored as it is: it is arithmetic-coded\n" in said
    assert "luma" not in said


def test_pictures_in_a_file_are_counted(command):
    data = KINDS["grey"] + KINDS["baseline-2"]
    coded = ncodec.encode(data, codec="pc-jpeg").data
    kept = ncodec.probe(coded).kept
    assert (kept.size, kept.pictures) == (len(data), 2)


def test_a_panorama_that_is_wider_than_a_header_says_is_kept():
    data = jpeg(Image.new("L", (40000, 8), 90))
    coded = ncodec.encode(data, codec="pc-jpeg").data
    assert ncodec.probe(coded).breakdown().get("stored") is None
    held = BytesIO()
    ncodec.decode(coded, held, format="jpg")
    assert held.getvalue() == data


def _said(ran):
    assert ran.code == 0, ran.err
    return ran.out.decode()


def test_verify_compares_bytes(photo, coded, tmp_path):
    assert ncodec.verify(coded, source=photo).identical
    assert ncodec.verify(coded).checked
    other = tmp_path / "other.jpg"
    other.write_bytes(photo.read_bytes() + b"x")
    with pytest.raises(VerificationFailed, match="differs from"):
        ncodec.verify(coded, source=other)


def test_a_file_of_cmyk_comes_back_although_its_pixels_are_not_read(tmp_path):
    source, out = tmp_path / "c.jpg", tmp_path / "c.nc"
    source.write_bytes(KINDS["cmyk"])
    ncodec.encode(source, out, codec="pc-jpeg")
    assert ncodec.verify(out, source=source).identical
    ncodec.decode(out, tmp_path / "d.jpg")
    assert (tmp_path / "d.jpg").read_bytes() == KINDS["cmyk"]
    with pytest.raises(InputError, match="CMYK"):
        ncodec.decode(out, tmp_path / "d.png")
    assert not (tmp_path / "d.png").exists()


def test_what_is_cut_comes_back_by_way_of_paths(tmp_path):
    source, out = tmp_path / "cut.jpg", tmp_path / "cut.nc"
    source.write_bytes(jpeg(scene(300, 200))[:-800])
    ncodec.encode(source, out, codec="pc-jpeg")
    assert out.stat().st_size < source.stat().st_size
    ncodec.decode(out, tmp_path / "again.jpg")
    assert (tmp_path / "again.jpg").read_bytes() == source.read_bytes()
    assert ncodec.verify(out, source=source).identical


def test_other_files_are_refused(tmp_path):
    source = tmp_path / "png.jpg"
    scene().save(source, "PNG")
    with pytest.raises(UsageError, match=r"png\.jpg is no JPEG file, .* leave --codec out"):
        ncodec.encode(source, tmp_path / "a.nc", codec="pc-jpeg")
    with pytest.raises(InputError, match="are pixels, not files"):
        ncodec.encode(np.zeros((8, 8), np.uint8), tmp_path / "a.nc", codec="pc-jpeg")
    assert not (tmp_path / "a.nc").exists()


def test_pixels_have_no_file(tmp_path):
    done = ncodec.encode(np.zeros((8, 8), np.uint8), codec="pc-photo")
    with ncodec.open(done.data) as album, pytest.raises(UsageError, match="pixels, not files"):
        album.file()


def test_damaged_sections_are_found(coded):
    from ncodec.jpeg.files import decode_file

    with Reader(coded) as reader:
        segment = reader.read_segment(0)
        whole = decode_file([segment], 1)
    chance = random.Random(5)
    for _ in range(60):
        sections = [bytearray(section) for section in segment.sections]
        section = sections[chance.randrange(len(sections))]
        at = chance.randrange(len(section))
        if chance.randrange(3):
            section[at] ^= 1 << chance.randrange(8)
        else:
            del section[at:]
        changed = Segment(0, 0, 1, tuple(map(bytes, sections)), segment.integer_hash)
        try:
            assert decode_file([changed], 1) == whole
        except (DamagedFile, LimitExceeded, VerificationFailed):
            continue


def test_a_lost_stripe_is_said(tmp_path):
    source, out = tmp_path / "large.jpg", tmp_path / "large.nc"
    source.write_bytes(jpeg(scene(1700, 1300), quality=30, subsampling=0))
    ncodec.encode(source, out, codec="pc-jpeg")
    data = bytearray(out.read_bytes())
    with Reader(out) as reader:
        assert len(reader.segments) > 1
    place = data.index(b"SEGM", data.index(b"SEGM") + 4)
    data[place + 100] ^= 1
    broken, mended = tmp_path / "broken.nc", tmp_path / "mended.nc"
    broken.write_bytes(data)
    ncodec.repair(broken, mended)
    with pytest.raises(DamagedFile, match=r"lost"):
        ncodec.decode(mended, tmp_path / "again.jpg")
    assert not (tmp_path / "again.jpg").exists()


def test_the_command_line_pipes_files(photo, command):
    ran = command("encode", "-", "--codec", "pc-jpeg", "-o", "a.nc", "-q", stdin=photo.read_bytes())
    assert ran.code == 0, ran.err
    assert command("decode", "a.nc", "-o", "-", "--format", "jpg").out == photo.read_bytes()


def test_effort_best_gives_another_file_that_decodes_to_the_same(photo, coded, tmp_path, command):
    best = tmp_path / "best.nc"
    ncodec.encode(photo, best, effort="best")
    assert best.read_bytes() != coded.read_bytes()
    assert ncodec.decode(best, tmp_path / "again.jpg") == 1
    assert (tmp_path / "again.jpg").read_bytes() == photo.read_bytes()
    ran = command("encode", "photo.jpg", "-o", "fast.nc", "--effort", "fast")
    assert (ran.code, "'medium', 'best'" in ran.err) == (2, True)


def test_an_album_takes_medium_for_an_effort_that_jpeg_files_lack(photo, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "in" / "b.jpg").write_bytes(photo.read_bytes())
    ncodec.encode(tmp_path / "in", tmp_path / "fast.nc", effort="fast")
    ncodec.decode(tmp_path / "fast.nc", tmp_path / "out/")
    assert (tmp_path / "out" / "a.jpg").read_bytes() == photo.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 100, 5_000, 70_000, 3_000_000])
def test_what_cannot_be_compressed_grows_by_less_than_100_bytes(size, tmp_path):
    source, out = tmp_path / "noise.jpg", tmp_path / "noise.nc"
    source.write_bytes(b"\xff\xd8" + np.random.default_rng(size).bytes(size))
    ncodec.encode(source, out, codec="pc-jpeg")
    assert out.stat().st_size <= source.stat().st_size + 100
    with ncodec.open(out) as album:
        assert album.file(0) == source.read_bytes()
