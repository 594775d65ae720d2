"""What several pictures are coded as: an album, a collection of one shape, a film."""

import sys
from pathlib import Path

import numpy as np
import pytest

import ncodec
from ncodec.errors import InputError, UsageError
from ncodec.jobs.choice import choose_codec
from ncodec.media import read_image, write_image
from ncodec.media.held import held

sys.path.append(str(Path(__file__).parents[1] / "jpeg"))

from jpegs import jpeg, scene


def digits(folder, count=3, shape=(28, 28, 1)):
    folder.mkdir(exist_ok=True)
    for index in range(count):
        pixels = np.random.default_rng(index).integers(0, 256, shape).astype(np.uint8)
        write_image(folder / f"{index}.png", ncodec.Image(pixels))
    return folder


def chosen(source, **choice):
    return choose_codec(held(source), **choice)


def test_small_images_of_one_shape_are_a_collection_where_a_model_fits(tmp_path):
    folder = digits(tmp_path / "digits")
    assert chosen(folder) == chosen(f"{folder}/*.png") == "pc-hclt"
    assert chosen([folder / "0.png", folder / "2.png"]) == "pc-hclt"
    images = [read_image(path) for path in sorted(folder.iterdir())]
    assert chosen(images) == "pc-hclt"
    (folder / "more").mkdir()
    assert chosen(folder) == "pc-hclt"
    digits(folder / "more", 1)
    assert chosen(folder) == "album"


@pytest.mark.parametrize(
    "name_and_data", [("3.jpg", jpeg(scene(28, 28).convert("L"))), ("3.png", None)]
)
def test_one_that_differs_makes_it_an_album(tmp_path, name_and_data):
    folder = digits(tmp_path / "digits")
    name, data = name_and_data
    if data is None:
        write_image(folder / name, ncodec.Image(np.zeros((28, 27, 1), np.uint8)))
    else:
        (folder / name).write_bytes(data)
    assert chosen(folder) == "album"


def test_images_of_no_shipped_model_are_an_album(tmp_path):
    folder = digits(tmp_path / "icons", shape=(16, 16, 3))
    assert chosen(folder) == "album"
    model = tmp_path / "m.ncm"
    ncodec.train("pc", folder, model, latents=2, components=2, epochs=1)
    assert chosen(folder, model=model) == "pc-hclt"
    done = ncodec.encode(folder, model=model)
    assert ncodec.probe(done.data).codec == "pc-hclt"


@pytest.mark.parametrize(
    ("choice", "codec"),
    [({}, "album"), ({"film": True}, "ngrid"), ({"timed": True}, "ngrid"), ({"codec": "x"}, "x")],
)
def test_a_folder_is_a_film_where_that_is_said(tmp_path, choice, codec):
    (tmp_path / "1.jpg").write_bytes(jpeg())
    assert choose_codec(str(tmp_path), **choice) == codec


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["h", "--preset", "fast"], 2, "--preset is an option of"),
        (["h", "--target-size", "9k"], 2, "target_size does not apply to album"),
        (["h", "--time-budget", "9s"], 2, "time_budget does not apply to album"),
        (["h", "--no-audio"], 2, "audio does not apply to album"),
        (["h/1.jpg", "h/notes.txt"], 3, "notes.txt is no picture"),
        (["h/1.jpg", "h/none.png"], 3, "h/none.png cannot be read"),
        (["h/*.webp", "h/1.jpg"], 3, "h/*.webp matches no file"),
        (["empty"], 3, "empty has no images"),
        (["odd"], 3, "a.heic is not an image that ncodec reads"),
        (["h/1.jpg", "h/2.jpg", "--codec", "ngrid"], 2, "are no clip"),
    ],
)
def test_what_cannot_be_is_one_sentence(command, tmp_path, arguments, code, said):
    for folder in ("h", "empty", "odd"):
        (tmp_path / folder).mkdir()
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "h" / name).write_bytes(jpeg())
    (tmp_path / "h" / "notes.txt").write_text("x")
    (tmp_path / "odd" / "a.heic").write_bytes(b"ftypheic")
    ran = command("encode", *arguments, "-o", "a.nc")
    assert (ran.code, said in ran.err, ran.err.count("\n")) == (code, True, 1), ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "h", "odd"]


def test_what_is_no_picture_is_left_out_and_said(command, tmp_path):
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "1.jpg").write_bytes(jpeg())
    (tmp_path / "h" / "notes.txt").write_text("x")
    ran = command("encode", "h", "-o", "a.nc")
    assert (ran.code, "left out, as no pictures: h/notes.txt\n" in ran.err) == (0, True)
    assert ncodec.probe("a.nc").images == 1


def test_several_paths_have_names_below_what_they_share(command, tmp_path):
    for name in ("a/x.jpg", "b/x.jpg", "b/y.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(jpeg())
    assert command("encode", "a/x.jpg", "b", "-o", "a.nc").code == 0
    assert ncodec.probe("a.nc").names == ("a/x.jpg", "b/x.jpg", "b/y.jpg")
    done = ncodec.encode([tmp_path / "b/y.jpg", tmp_path / "b/x.jpg"])
    assert ncodec.probe(done.data).names == ("x.jpg", "y.jpg")


def test_pixels_alone_and_their_effort_are_for_every_picture(command, tmp_path):
    (tmp_path / "1.jpg").write_bytes(jpeg())
    (tmp_path / "2.jpg").write_bytes(jpeg(scene(20, 30)))
    flags = ("--keep", "pixels", "--effort", "fast")
    assert command("encode", "*.jpg", "-o", "a.nc", *flags).code == 0
    assert [picture.codec for picture in ncodec.probe("a.nc").pictures] == ["pc-photo"] * 2
    assert command("decode", "a.nc", "-o", "out/").code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["1.png", "2.png"]


def test_an_empty_list_is_no_source():
    with pytest.raises(InputError, match="has no files"):
        ncodec.encode([])


def test_a_film_of_files_needs_a_pattern(tmp_path):
    with pytest.raises(UsageError, match=r"are no clip, .*: give a folder"):
        ncodec.encode([tmp_path / "a.png", tmp_path / "b.png"], film=True)
