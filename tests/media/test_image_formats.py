from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import image, images, same
from PIL import Image as Pillow

from ncodec.errors import OutputError
from ncodec.formats import Limits
from ncodec.media import Image, Metadata, read_image, write_image
from ncodec.media.image_sink import OUTPUT_SUFFIXES
from ncodec.media.images import decode_image

SUFFIXES = sorted(OUTPUT_SUFFIXES - {".npy"})
CAPABLE = {
    ".bmp": {"gray", "rgb24"},
    ".pbm": set(),
    ".pgm": {"gray", "gray16le"},
    ".ppm": {"rgb24", "rgb48le"},
    ".pnm": {"gray", "gray16le", "rgb24", "rgb48le"},
    ".webp": {"rgb24", "rgba"},
    ".pfm": set(),
}


def exif():
    made = Pillow.Exif()
    made[0x010F] = "maker"
    made[0x0112] = 6
    made.get_ifd(0x8769)[0x9003] = "2001:02:03 04:05:06"
    return made.tobytes().removeprefix(b"Exif\0\0")


FULL = Metadata(icc=b"profile" * 9, exif=exif(), xmp=b"<x/>", text=(("Title", "T"),))


@given(images, st.sampled_from(SUFFIXES))
def test_exact_or_refused(made, suffix):
    stream = BytesIO()
    dropped = suffix == ".webp" and made.channels == 4 and made.pixels[..., 3].min() == 255
    black_and_white = (
        suffix == ".pbm" and made.pixel_format == "gray" and not (set(made.pixels.flat) - {0, 255})
    )
    able = suffix not in CAPABLE or made.pixel_format in CAPABLE[suffix] or black_and_white
    if dropped or not able:
        with pytest.raises(OutputError, match=r"exactly: use \.png"):
            write_image(stream, made, suffix)
        return
    write_image(stream, made, suffix)
    assert same(decode_image(stream.getvalue(), "it"), made)


def test_webp_is_refused_where_it_would_drop_an_opaque_alpha():
    opaque = Image(np.full((2, 3, 4), 255, np.uint8))
    with pytest.raises(OutputError, match=r"rgba exactly: use \.png"):
        write_image(BytesIO(), opaque, ".webp")


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_npy_is_what_numpy_saves(tmp_path, channels, bits):
    made = image(channels, bits)
    write_image(tmp_path / "it.npy", made)
    plain = np.load(tmp_path / "it.npy")
    assert plain.dtype == made.pixels.dtype
    assert np.array_equal(plain, made.pixels[:, :, 0] if channels == 1 else made.pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".jxl", ".gif", "", ".nc"])
def test_extensions_that_lose_samples_or_mean_nothing(tmp_path, suffix):
    with pytest.raises(OutputError, match=r"use \.png, \.tif"):
        write_image(tmp_path / f"it{suffix}", image())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [
        (".png", ()),
        (".tiff", ("text",)),
        (".webp", ("text",)),
        (".pam", ("exif", "icc", "text", "xmp")),
    ],
)
def test_metadata_is_kept_or_reported(tmp_path, suffix, lost):
    path = tmp_path / f"it{suffix}"
    assert write_image(path, image(metadata=FULL)) == lost
    kept = read_image(path).metadata.to_record()
    assert kept == {key: value for key, value in FULL.to_record().items() if key not in lost}


@pytest.mark.parametrize("suffix", [".tiff", ".webp", ".png"])
def test_pillow_finds_the_metadata(tmp_path, suffix):
    path = tmp_path / f"it{suffix}"
    write_image(path, image(metadata=FULL))
    with Pillow.open(path) as picture:
        found = picture.getexif()
        assert found[0x010F] == "maker"
        assert found[0x0112] == 6
        assert found.get_ifd(0x8769)[0x9003] == "2001:02:03 04:05:06"
        assert picture.info["icc_profile"] == FULL.icc


def test_a_file_is_replaced_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "it.png"
    write_image(path, image(seed=1))
    before = path.read_bytes()

    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr("ncodec.media.png_writer.metadata_chunks", broken)
    with pytest.raises(RuntimeError):
        write_image(path, image(seed=2))
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [before]


def pillow_file(path, mode, **options):
    pixels = image(3, 8, 16, 24).pixels
    Pillow.fromarray(pixels).convert(mode).save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_pixels_and_metadata(tmp_path, mode):
    path = tmp_path / "it.jpg"
    pillow_file(
        path,
        mode,
        exif=b"Exif\0\0" + FULL.exif,
        icc_profile=FULL.icc,
        xmp=FULL.xmp,
        comment=b"hello",
    )
    made = read_image(path)
    with Pillow.open(path) as picture:
        assert np.array_equal(made.pixels.squeeze(), np.asarray(picture))
    assert made.name == "it.jpg"
    assert made.metadata == Metadata(FULL.icc, FULL.exif, FULL.xmp, (("Comment", "hello"),))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp(tmp_path, mode):
    path = pillow_file(tmp_path / "it.bmp", mode)
    with Pillow.open(path) as picture:
        wanted = np.asarray(picture.convert("RGB" if mode == "P" else "L" if mode == "1" else mode))
    assert np.array_equal(read_image(path).pixels.squeeze(), wanted)


def test_a_lossy_webp_is_read_as_it_decodes(tmp_path):
    path = pillow_file(tmp_path / "it.webp", "RGB", quality=20)
    with Pillow.open(path) as picture:
        assert np.array_equal(read_image(path).pixels, np.asarray(picture))


def test_regions_and_records():
    made = image(4, 16, 9, 8, metadata=FULL)
    cut = made.crop(2, 3, 4, 5)
    assert np.array_equal(cut.pixels, made.pixels[3:8, 2:6])
    assert cut.metadata is made.metadata
    assert made.pixel_format == "rgba64le"
    assert Metadata.from_record(FULL.to_record()) == FULL
    assert not Metadata.from_record({})
    with pytest.raises(ValueError, match="does not lie inside"):
        made.crop(5, 0, 4, 1)


def test_big_endian_and_strided_samples_become_plain():
    made = Image(np.arange(24, dtype=">u2").reshape(4, 6, 1)[::2])
    assert made.pixels.flags.c_contiguous
    assert made.pixels.dtype == np.uint16
    assert made.pixels[1, 0, 0] == 12


def test_sizes_are_checked_first():
    stream = BytesIO()
    write_image(stream, image(1, 8, 4, 6))
    with pytest.raises(Exception, match=r"over the limit of 23.*limit-pixels 24"):
        decode_image(stream.getvalue(), "it", limits=Limits(frame_pixels=23))
