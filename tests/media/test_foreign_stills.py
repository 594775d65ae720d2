"""Stills of other formats: read without loss or refused, never a film unasked."""

import struct
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image as Pillow

from ncodec.errors import InputError
from ncodec.media import Image, Metadata, write_image
from ncodec.media.images import decode_image, read_image
from ncodec.media.kinds import media_kind
from ncodec.media.picture_files import open_pictures
from ncodec.media.sample_kind import SampleKind, as_words
from ncodec.media.stored import reduced

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


def test_a_gif_of_more_pixels_than_pillow_takes_is_refused(tmp_path):
    path = tmp_path / "a.gif"
    Pillow.fromarray(PIXELS[..., 0]).save(path)
    size = struct.pack("<HHHH", 0, 0, 14, 9)
    path.write_bytes(path.read_bytes().replace(b"," + size, b",\0\0\0\0" + b"\xff" * 4))
    assert media_kind(path) == "image"
    with pytest.raises(InputError, match="more pixels than ncodec reads of a GIF"):
        read_image(path)


def test_a_folder_takes_gifs_of_one_picture_and_says_what_it_leaves_out(tmp_path):
    frames = [Pillow.fromarray(PIXELS + np.uint8(k)) for k in range(3)]
    frames[0].save(tmp_path / "still.gif")
    for name in ("1.gif", "2.png", "3.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    opened = open_pictures(tmp_path)
    assert opened.names == ("still.gif",)
    assert [path.name for path in opened.moving] == ["1.gif", "2.png", "3.webp"]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\x76\x2f\x31\x01", "has OpenEXR data that cannot be decoded"),
        (b"SDPX", "has DPX data that cannot be decoded"),
        (b"8BPS\0\2", "is a picture in PSB, .*`magick"),
        (b"DDS ", "is a picture in DDS"),
        (b"\x01\xda\1\1\0\3", "is a picture in SGI"),
        (b"#define a_width 9", "is a picture in XBM"),
        (b"\0\0\0\x20ftypheic", "is a picture in HEIC, coded with loss, .*`heif-convert"),
    ],
)
def test_what_is_not_read_is_named_and_refused(tmp_path, start, said):
    path = tmp_path / "a.bin"
    path.write_bytes(start + bytes(64))
    assert media_kind(path) == "image"
    with pytest.raises(InputError, match=said):
        read_image(path)


def test_starts_of_films_are_no_pictures(tmp_path):
    starts = (b"\0\0\0\x20ftypisom", b"\0\0\1\xba", b"\0\0\0\1\x67", b"\x1aE\xdf\xa3", b"RIFF")
    for number, start in enumerate(starts):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(start + bytes(range(64)))
        assert media_kind(path) == "video", start


RANDOM = np.random.default_rng(6)


def read(data):
    return decode_image(bytes(data), "it")


@pytest.mark.parametrize("kind", ["u1", "u2", "f2", "f4"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_jpeg_xl_without_loss(kind, channels):
    made = (RANDOM.random((9, 14, channels)) * 255).astype(kind)
    found = read(imagecodecs.jpegxl_encode(made.squeeze(), lossless=True))
    assert found.samples.dtype == made.dtype
    assert np.array_equal(found.samples, made)


@pytest.mark.parametrize("bits", [10, 12])
def test_few_bits_are_scaled(bits):
    made = RANDOM.integers(0, 1 << bits, (9, 14, 3), np.uint16)
    for data in (
        imagecodecs.jpegxl_encode(made, lossless=True, bitspersample=bits),
        imagecodecs.avif_encode(made, level=100, bitspersample=bits),
        imagecodecs.jpeg2k_encode(made, level=0, bitspersample=bits),
    ):
        found = read(data)
        assert found.metadata.maximum == (1 << bits) - 1
        assert np.array_equal(reduced(found.pixels, found.metadata.maximum), made)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_avif_in_rgb(channels):
    made = RANDOM.integers(0, 256, (9, 14, channels), np.uint8)
    found = read(imagecodecs.avif_encode(made.squeeze(), level=100))
    assert np.array_equal(found.pixels, made)


def test_colours_of_jpeg_xl_are_kept():
    linear = imagecodecs.jpegxl_encode(RANDOM.random((9, 14, 3)).astype("f4"), lossless=True)
    assert read(linear).metadata.chunk("cICP") == bytes((1, 8, 0, 1))


def test_what_is_coded_with_loss_is_decoded_by_its_own_decoder_first():
    with pytest.raises(InputError, match=r"with loss, .*`djxl INPUT OUTPUT\.png`"):
        read(imagecodecs.jpegxl_encode(PIXELS, level=80))
    with pytest.raises(InputError, match=r"YCbCr, .*`avifdec INPUT OUTPUT\.png`"):
        read(imagecodecs.avif_encode(PIXELS, level=80))


def test_radiance_and_portable_float_maps_are_floating_point():
    made = imagecodecs.rgbe_decode(
        imagecodecs.rgbe_encode((RANDOM.random((9, 14, 3)) * 99).astype("f4"))
    )
    assert np.array_equal(read(imagecodecs.rgbe_encode(made)).samples, made)
    for channels in (1, 3):
        part = np.ascontiguousarray(made[:, :, :channels])
        stream = BytesIO()
        write_image(
            stream, Image(as_words(part), metadata=Metadata(samples=SampleKind("f4"))), ".pfm"
        )
        found = read(stream.getvalue())
        assert np.array_equal(found.samples, part)
        again = BytesIO()
        write_image(again, found, ".pfm")
        assert again.getvalue() == stream.getvalue()
        big = f"P{'f' if channels == 1 else 'F'}\n14 9\n2.5\n".encode()
        found = read(big + part[::-1].astype(">f4").tobytes())
        assert np.array_equal(found.samples, part)
        assert found.metadata.text == (("Scale", "2.5"),)


def test_pcx_and_icons(tmp_path):
    Pillow.fromarray(PIXELS).save(tmp_path / "a.pcx")
    assert np.array_equal(read_image(tmp_path / "a.pcx").pixels, PIXELS)
    icon = RANDOM.integers(0, 256, (16, 16, 4), np.uint8)
    for sizes in ([(16, 16)], [(16, 16), (8, 8)]):
        Pillow.fromarray(icon).save(tmp_path / "a.ico", sizes=sizes)
        if len(sizes) == 1:
            assert np.array_equal(read_image(tmp_path / "a.ico").pixels, icon)
    with pytest.raises(InputError, match="has 2 pages"):
        read_image(tmp_path / "a.ico")
    assert np.array_equal(read_image(tmp_path / "a.ico", page=0).pixels, icon)


def test_the_merged_picture_of_a_psd_is_read():
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 9, 14, 8, 3)
    resource = b"8BIM" + struct.pack(">HHI", 1057, 0, 6) + b"\0\0\0\1\1\0"
    planes = PIXELS.transpose(2, 0, 1).tobytes()
    rest = struct.pack(">I", 0) + b"\0\0" + planes
    found = read(head + bytes(4) + struct.pack(">I", len(resource)) + resource + rest)
    assert np.array_equal(found.pixels, PIXELS)
    bare = resource[:-2] + b"\0\0"
    with pytest.raises(InputError, match="maximal compatibility"):
        read(head + bytes(4) + struct.pack(">I", len(bare)) + bare + rest)


def test_a_palette_of_a_gif_comes_back_in_a_png(tmp_path):
    Pillow.fromarray(PIXELS).quantize(16).save(tmp_path / "a.gif")
    found = read_image(tmp_path / "a.gif")
    write_image(tmp_path / "a.png", found)
    with Pillow.open(tmp_path / "a.png") as picture:
        assert picture.mode == "P"
    assert read_image(tmp_path / "a.png").metadata == found.metadata


@pytest.mark.parametrize(
    "data",
    [
        imagecodecs.jpegxl_encode(PIXELS, lossless=True),
        imagecodecs.jpegxl_encode(PIXELS.astype("u2") * 9, lossless=True),
        imagecodecs.avif_encode(PIXELS, level=100),
        imagecodecs.rgbe_encode(PIXELS.astype("f4")),
        imagecodecs.jpeg2k_encode(PIXELS.astype("u2") * 9, level=0),
        b"PF\n14 9\n-1.0\n" + bytes(4 * 14 * 9 * 3),
    ],
    ids=["jxl", "jxl16", "avif", "hdr", "jp2", "pfm"],
)
def test_files_that_are_cut_short_are_refused(data, capfd):
    read(data)
    for length in range(0, len(data) - 8, max(1, len(data) // 40)):
        with pytest.raises(InputError, match="it"):
            read(data[:length])
    assert not capfd.readouterr().err
