import struct
import zlib

import numpy as np
import pytest
from pictures import image, png
from PIL import Image as Pillow
from test_media_errors import files_limited_to

from ncodec.errors import InputError, LimitExceeded, OutputError
from ncodec.media import read_image, write_image

HUGE = np.zeros((1, 1, 1), int)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"not an image", "is not an image that ncodec reads"),
        (b"GIF89a" + bytes(99), "GIF data that cannot be decoded"),
        (b"\xff\xd8\xff", "JPEG data that cannot be decoded"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "JPEG data that cannot be decoded"),
        (b"BM" + bytes(12) + struct.pack("<I", 40) + bytes(99), "BMP"),
        (b"RIFF\x20\0\0\0WEBPVP8L" + bytes(20), "WebP data that cannot be decoded"),
        (b"II*\0\xff\xff\xff\xff", "damaged TIFF"),
        (b"II+\0" + bytes(12), "damaged TIFF"),
    ],
)
def test_what_is_no_image(tmp_path, capfd, content, said):
    path = tmp_path / "it.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        read_image(path)
    assert "it.png" in str(error.value)
    assert not capfd.readouterr().err


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        read_image(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "jpg", "bmp", "ppm"])
def test_cut_short(tmp_path, capfd, suffix):
    path = tmp_path / f"it.{suffix}"
    Pillow.fromarray(image(3, 8, 20, 30).pixels).save(path)
    whole = path.read_bytes()
    for length in (5, 11, 30, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="it"):
            read_image(path)
    assert not capfd.readouterr().err


@pytest.mark.parametrize(("at", "value"), [(28, 64), (28, 2), (30, 4), (30, 6)])
def test_a_bmp_that_is_not_read_is_not_called_damaged(tmp_path, at, value):
    path = tmp_path / "it.bmp"
    Pillow.fromarray(image().pixels).save(path)
    data = bytearray(path.read_bytes())
    data[at] = value
    path.write_bytes(data)
    with pytest.raises(InputError, match="is a BMP of a kind that ncodec does not read"):
        read_image(path)


def test_a_jpeg_of_12_bits_is_not_called_damaged(tmp_path):
    path = tmp_path / "it.jpg"
    Pillow.fromarray(image().pixels).save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xc0") + 4] = 12
    path.write_bytes(data)
    with pytest.raises(InputError, match="12-bit layers"):
        read_image(path)


@pytest.mark.parametrize("at", [18, 22])
def test_absurd_sizes(tmp_path, at):
    path = tmp_path / "it.bmp"
    Pillow.fromarray(image().pixels).save(path)
    data = bytearray(path.read_bytes())
    data[at : at + 4] = struct.pack("<I", 2_000_000)
    path.write_bytes(data)
    with pytest.raises(LimitExceeded, match="asks for 2000000"):
        read_image(path)


def test_a_bomb_is_refused_by_its_header(tmp_path, recwarn):
    path = tmp_path / "it.png"
    bomb = bytearray(png(HUGE, 8, 0))
    bomb[16:24] = struct.pack(">II", 30000, 30000)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    path.write_bytes(bomb)
    with pytest.raises(LimitExceeded, match=r"900000000 pixels .*--limit-pixels 900000000"):
        read_image(path)
    assert not recwarn.list


def test_cmyk(tmp_path):
    path = tmp_path / "it.jpg"
    Pillow.fromarray(image().pixels).convert("CMYK").save(path)
    with pytest.raises(InputError, match="CMYK: convert it"):
        read_image(path)


def test_moving_webp(tmp_path):
    path = tmp_path / "it.webp"
    first, second = (Pillow.fromarray(image(seed=seed).pixels) for seed in (1, 2))
    first.save(path, save_all=True, append_images=[second], lossless=True)
    with pytest.raises(InputError, match="animated WebP"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["png", "tif", "ppm", "webp"])
def test_a_full_disk_leaves_what_was_there(tmp_path, suffix):
    path = tmp_path / f"it.{suffix}"
    write_image(path, image())
    before = path.read_bytes()
    with files_limited_to(1000), pytest.raises(OutputError, match="cannot write"):
        write_image(path, image(3, 8, 200, 200))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder(tmp_path):
    with pytest.raises(OutputError, match="No such file"):
        write_image(tmp_path / "none" / "it.png", image())
