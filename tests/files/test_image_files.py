"""Files of images end to end, with an image codec of another package."""

import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

import ncodec
from ncodec.errors import DamagedFile, InputError, UnsupportedFormat, UsageError, VerificationFailed
from ncodec.files.album import Album
from ncodec.files.verify import verify
from ncodec.formats import Reader
from ncodec.formats.short import long_of
from ncodec.media import read_image

CODEC = {"codec": "rawimages"}


@pytest.fixture
def digits(tmp_path):
    """An array of seven images and the file it is in."""
    images = np.random.default_rng(0).integers(0, 256, (7, 5, 6), np.uint8)
    np.save(tmp_path / "digits.npy", images)
    return images, tmp_path / "digits.npy"


@pytest.fixture
def photo(tmp_path):
    """A PNG with a profile and text."""
    pixels = np.random.default_rng(1).integers(0, 256, (9, 11, 3), np.uint8)
    text = PngInfo()
    text.add_text("Title", "Nine by eleven")
    path = tmp_path / "photo.png"
    PillowImage.fromarray(pixels).save(path, pnginfo=text, icc_profile=b"profile" * 40)
    return pixels, path


def test_an_array_comes_back_byte_for_byte(plugins, digits, tmp_path):
    images, path = digits
    done = ncodec.encode(path, tmp_path / "a.nc", dictionary="pre", **CODEC)
    assert (done.frames, done.subpixels, done.psnr) == (7, 210, None)
    assert done.size == (tmp_path / "a.nc").stat().st_size
    assert ncodec.decode(tmp_path / "a.nc", tmp_path / "b.npy") == 7
    assert (tmp_path / "b.npy").read_bytes() == path.read_bytes()
    with ncodec.open(tmp_path / "a.nc") as album:
        assert isinstance(album, Album)
        assert np.array_equal(album[-1].pixels[..., 0], images[6])
        assert [image.pixels.shape for image in album[2:4]] == [(5, 6, 1)] * 2
        assert np.array_equal(album.region(1, 2, 3, 2, index=4).pixels[..., 0], images[4, 2:4, 1:4])
        with pytest.raises(IndexError):
            album[7]


def test_a_folder_comes_back_with_its_names(plugins, digits, tmp_path, command):
    images, _ = digits
    (tmp_path / "in").mkdir()
    for index, name in enumerate(("b", "a10", "a2")):
        PillowImage.fromarray(images[index]).save(tmp_path / "in" / f"{name}.png")
    assert command("encode", "in", "-o", "a.nc", "--codec", "rawimages").code == 0
    ran = command("decode", "a.nc", "-o", "out/")
    assert (ran.code, "3 images" in ran.err) == (0, True)
    found = {path.name: read_image(path).pixels[..., 0] for path in (tmp_path / "out").iterdir()}
    assert sorted(found) == ["a10.png", "a2.png", "b.png"]
    assert np.array_equal(found["a10.png"], images[1])
    assert ncodec.probe(tmp_path / "a.nc").names == ("a2.png", "a10.png", "b.png")


def test_a_photo_keeps_what_travels_beside_its_samples(plugins, photo, tmp_path):
    pixels, path = photo
    ncodec.encode(path, tmp_path / "a.nc", **CODEC)
    ncodec.decode(tmp_path / "a.nc", tmp_path / "b.png")
    with PillowImage.open(tmp_path / "b.png") as back:
        assert np.array_equal(np.asarray(back), pixels)
        assert back.info["icc_profile"] == b"profile" * 40
        assert back.info["Title"] == "Nine by eleven"


def test_pipes_carry_one_image(plugins, photo, command):
    pixels, path = photo
    encoded = command("encode", "-", "--codec", "rawimages", "-o", "-", stdin=path.read_bytes())
    decoded = command("decode", "-", "-o", "-", stdin=encoded.out)
    with PillowImage.open(io.BytesIO(decoded.out)) as back:
        assert np.array_equal(np.asarray(back), pixels)


def test_what_an_output_has_no_place_for_is_said(plugins, photo, command):
    _, path = photo
    command("encode", path, "-o", "a.nc", "--codec", "rawimages")
    ran = command("decode", "a.nc", "-o", "b.ppm")
    assert ran.code == 0
    assert "b.ppm has no place for icc, text: a .png keeps them" in ran.err


def test_images_are_chosen_by_number_and_region(plugins, digits, command, tmp_path):
    images, path = digits
    command("encode", path, "-o", "a.nc", "--codec", "rawimages")
    assert (
        command("decode", "a.nc", "-o", "b.npy", "--frames", "2:4", "--region", "1,0,2,5").code == 0
    )
    assert np.array_equal(np.load(tmp_path / "b.npy"), images[2:4, :, 1:3])
    for arguments, words in [
        (("--region", "5,0,2,5"), "region 5,0,2,5 is not inside the image, which is 6x5"),
        (("--region", "3,0,2"), "is not a region: write X,Y,WIDTH,HEIGHT"),
        (("--frames", "9:"), "images 0 to 6"),
        (("--at", "1"), "images have no time"),
    ]:
        ran = command("decode", "a.nc", "-o", "c.npy", *arguments)
        assert (ran.code, words in ran.err) == (2, True), ran.err
    assert not (tmp_path / "c.npy").exists()


def test_verify_compares_samples(plugins, digits, tmp_path, command):
    images, path = digits
    ncodec.encode(path, tmp_path / "a.nc", **CODEC)
    assert verify(tmp_path / "a.nc", source=path).identical
    assert "identical pixels" in command("verify", "a.nc", "--source", path).out.decode()
    np.save(tmp_path / "c.npy", images ^ 1)
    with pytest.raises(VerificationFailed, match="image 0 of"):
        verify(tmp_path / "a.nc", source=tmp_path / "c.npy")
    np.save(tmp_path / "d.npy", images[:3])
    with pytest.raises(InputError, match="3 images"):
        verify(tmp_path / "a.nc", source=tmp_path / "d.npy")


def test_what_does_not_apply_to_images_is_refused(plugins, digits, clip_file, command):
    _, path = digits
    ran = command("encode", path, "-o", "a.nc", "--codec", "rawimages", "--target-size", "9k")
    assert (ran.code, "target_size does not apply to rawimages" in ran.err) == (2, True)
    command("encode", path, "-o", "a.nc", "--codec", "rawimages")
    with pytest.raises(UnsupportedFormat, match="holds images"):
        ncodec.files.clip.Clip("a.nc")
    command("encode", clip_file, "-o", "v.nc", "--codec", "rawplanes")
    ran = command("decode", "v.nc", "-o", "v.mkv", "--region", "0,0,1,1")
    assert (ran.code, "still images only" in ran.err) == (2, True)
    with pytest.raises(UnsupportedFormat, match="holds frames"):
        Album("v.nc")


def test_info_shows_images_and_not_frames(plugins, photo, command):
    _, path = photo
    command("encode", path, "-o", "a.nc", "--codec", "rawimages")
    out = command("info", "a.nc").out.decode()
    assert "1 image of 11x9, rgb24" in out
    assert "frames/s" not in out


def test_damage_costs_the_images_of_one_segment(plugins, digits, command, tmp_path):
    _, path = digits
    command("encode", path, "-o", "a.nc", "--codec", "rawimages")
    data = bytearray(long_of((tmp_path / "a.nc").read_bytes()))
    with Reader(bytes(data)) as reader:
        data[reader.segments[3].offset + 40] ^= 1
    (tmp_path / "b.nc").write_bytes(data)
    with pytest.raises(DamagedFile, match="ncodec repair"):
        ncodec.decode(tmp_path / "b.nc", tmp_path / "b.npy")
    assert not (tmp_path / "b.npy").exists()
    assert ncodec.decode(tmp_path / "b.nc", tmp_path / "b.npy", frames=slice(0, 3)) == 3
    assert command("repair", "b.nc", "-o", "c.nc").code == 0


def test_an_unknown_model_is_named(plugins, digits, tmp_path):
    with pytest.raises(UsageError, match="has no option 'model'"):
        ncodec.encode(digits[1], tmp_path / "a.nc", model="x.ncm", **CODEC)
