"""Stills of other formats: read without loss or refused, never a film unasked."""

import numpy as np
import pytest
from PIL import Image as Pillow

from ncodec.errors import InputError
from ncodec.media.images import read_image
from ncodec.media.kinds import media_kind
from ncodec.media.picture_files import open_pictures

RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 256, (9, 14, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.qoi", {}),
        ("a.tga", {}),
        ("packed.tga", {"compression": "tga_rle"}),
        ("a.jp2", {"irreversible": False}),
        ("a.j2k", {"irreversible": False}),
    ],
)
def test_pictures_are_read_exactly(tmp_path, name, options):
    path = tmp_path / name
    Pillow.fromarray(PIXELS).save(path, **options)
    assert media_kind(path) == "image"
    np.testing.assert_array_equal(read_image(path).pixels, PIXELS)


def test_a_gif_of_one_picture_keeps_what_is_transparent(tmp_path):
    path = tmp_path / "a.gif"
    grey = Pillow.fromarray(PIXELS[..., 0] // 128 * 255).convert("P")
    grey.save(path, transparency=0)
    assert media_kind(path) == "image"
    with Pillow.open(path) as picture:
        np.testing.assert_array_equal(read_image(path).pixels, picture.convert("RGBA"))


def test_a_gif_of_several_pictures_is_a_film(tmp_path):
    path = tmp_path / "a.gif"
    frames = [Pillow.fromarray(PIXELS + np.uint8(k)) for k in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert media_kind(path) == "video"


def test_a_folder_takes_gifs_of_one_picture_and_says_what_it_leaves_out(tmp_path):
    frames = [Pillow.fromarray(PIXELS + np.uint8(k)) for k in range(3)]
    frames[0].save(tmp_path / "still.gif")
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    opened = open_pictures(tmp_path)
    assert opened.names == ("still.gif",)
    assert [path.name for path in opened.left_out] == ["moving.gif"]


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (b"\0\0\1\0\1\0", "ICO"),
        (b"8BPS\0\1", "PSD"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance HDR"),
        (b"PF\n3 2\n", "PFM"),
        (b"SDPX", "DPX"),
        (b"\n\5\1\x08", "PCX"),
        (b"\xff\x0a\0", "JPEG XL"),
        (b"\0\0\0\x20ftypavif", "AVIF"),
        (b"\0\0\0\x20ftypheic", "HEIC"),
    ],
)
def test_what_is_not_read_is_named_and_refused(tmp_path, start, named):
    path = tmp_path / "a.bin"
    path.write_bytes(start + bytes(64))
    assert media_kind(path) == "image"
    with pytest.raises(InputError, match=f"is a picture in {named}, .*--film"):
        read_image(path)


def test_starts_of_films_are_no_pictures(tmp_path):
    starts = (b"\0\0\0\x20ftypisom", b"\0\0\1\xba", b"\0\0\0\1\x67", b"\x1aE\xdf\xa3", b"RIFF")
    for number, start in enumerate(starts):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(start + bytes(range(64)))
        assert media_kind(path) == "video", start
