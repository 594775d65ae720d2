import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from pictures import chunk, images, png, same
from PIL import Image as Pillow

from ncodec.errors import InputError
from ncodec.media import Image, Metadata, read_image, write_image
from ncodec.media.images import decode_image

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
MODES = [
    *((depth, GREY, 1) for depth in (1, 2, 4, 8, 16)),
    *((depth, RGB, 3) for depth in (8, 16)),
    *((depth, GREY_ALPHA, 2) for depth in (8, 16)),
    *((depth, RGBA, 4) for depth in (8, 16)),
]


def stored(depth, channels, height=9, width=11):
    return np.random.default_rng(depth).integers(0, 1 << depth, (height, width, channels))


@pytest.fixture
def read(tmp_path):
    def reader(data):
        path = tmp_path / "image.png"
        path.write_bytes(data)
        return read_image(path)

    return reader


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("depth", "colour", "channels"), MODES)
def test_every_mode_keeps_its_samples(read, depth, colour, channels, interlaced):
    samples = stored(depth, channels)
    image = read(png(samples, depth, colour, interlaced=interlaced))
    scale = 255 // ((1 << depth) - 1) if depth < 8 else 1
    assert image.bit_depth == max(8, depth)
    assert np.array_equal(image.pixels, samples * scale)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("alpha", [b"", b"\x07\xff"])
def test_palettes_become_colours(read, depth, alpha):
    indices = stored(depth, 1)
    palette = np.random.default_rng(0).integers(0, 256, (1 << depth, 3))
    extra = [(b"PLTE", palette.astype(np.uint8).tobytes())]
    image = read(
        png(indices, depth, PALETTE, extra=[*extra, *([(b"tRNS", alpha)] if alpha else [])])
    )
    assert np.array_equal(image.pixels[:, :, :3], palette[indices[:, :, 0]])
    if alpha:
        opacity = np.full(1 << depth, 255)
        opacity[:2] = list(alpha)
        assert np.array_equal(image.pixels[:, :, 3], opacity[indices[:, :, 0]])
    assert image.channels == (4 if alpha else 3)


@pytest.mark.parametrize(("depth", "colour", "channels"), [m for m in MODES if m[1] in (GREY, RGB)])
def test_a_key_colour_becomes_alpha(read, depth, colour, channels):
    samples = stored(depth, channels)
    samples[2:4] = key = samples[0, 0]
    image = read(png(samples, depth, colour, extra=[(b"tRNS", key.astype(">u2").tobytes())]))
    hidden = (samples == key).all(axis=2)
    assert np.array_equal(image.pixels[:, :, -1], np.where(hidden, 0, (1 << image.bit_depth) - 1))
    plain = read(png(samples, depth, colour))
    assert np.array_equal(image.pixels[:, :, :-1], plain.pixels)


@given(images)
def test_what_is_written_reads_back(image):
    stream = BytesIO()
    write_image(stream, image)
    again = decode_image(stream.getvalue(), "it")
    assert same(image, again)


@given(images.filter(lambda image: image.bit_depth == 8))
def test_pillow_reads_the_same(image):
    stream = BytesIO()
    write_image(stream, image)
    assert np.array_equal(
        np.asarray(Pillow.open(stream)),
        image.pixels.squeeze(2) if image.channels == 1 else image.pixels,
    )


def test_metadata_survives(read, tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    metadata = Metadata(
        icc=b"a profile " * 99,
        exif=exif.tobytes().removeprefix(b"Exif\0\0"),
        xmp=b"<x:xmpmeta/>",
        text=(("Title", "caf\xe9"), ("Comment", "\u65e5\u672c"), ("Long", "long " * 999)),
        chunks=(("pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1"), ("cICP", b"\x09\x10\0\1")),
    )
    path = tmp_path / "it.png"
    assert write_image(path, Image(np.zeros((2, 3, 3), np.uint16), metadata=metadata)) == ()
    assert read_image(path).metadata == metadata
    with Pillow.open(path) as picture:
        assert picture.info["icc_profile"] == metadata.icc
        assert picture.info["xmp"] == metadata.xmp
        assert picture.info["Comment"] == "\u65e5\u672c"
        assert picture.getexif()[0x0112] == 6


def test_orientation_is_not_applied(read):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    body = exif.tobytes().removeprefix(b"Exif\0\0")
    image = read(png(stored(8, 3), 8, RGB, extra=[(b"eXIf", body)]))
    assert (image.width, image.height, image.metadata.exif) == (11, 9, body)


def test_chunks_that_say_what_nothing_else_holds_stay_as_they_are(read):
    language = b"Title\0\0\0de\0Titel\0Wort"
    broken = b"name\0\0not deflated"
    extra = [
        (b"gAMA", b"\0\0\xb1\x8f"),
        (b"iCCP", broken),
        (b"sBIT", b"\5\6\5"),
        (b"iDOT", b"offsets"),
        (b"iTXt", language),
        (b"teSt", b"safe to copy"),
    ]
    kept = read(png(stored(8, 3), 8, RGB, extra=extra)).metadata
    wanted = [(kind.decode(), body) for kind, body in extra if kind != b"iDOT"]
    assert list(kept.chunks) == wanted
    assert not kept.icc


def test_text_of_all_three_kinds(read):
    extra = [
        (b"tEXt", b"A\0caf\xe9"),
        (b"zTXt", b"B\0\0" + zlib.compress(b"deflated")),
        (b"iTXt", b"C\0\1\0\0\0" + zlib.compress("\u65e5".encode())),
    ]
    text = read(png(stored(8, 1), 8, GREY, extra=extra)).metadata.text
    assert text == (("A", "caf\xe9"), ("B", "deflated"), ("C", "\u65e5"))


GOOD = png(stored(16, 3), 16, RGB)


@pytest.mark.parametrize("length", [0, 7, 8, 20, 33, 60, len(GOOD) - 13, len(GOOD) - 1])
def test_cut_short(read, length):
    with pytest.raises(InputError, match=r"image\.png"):
        read(GOOD[:length])


@pytest.mark.parametrize("depth", [8, 16])
def test_missing_rows_are_not_made_up(read, depth):
    lines = zlib.compress(bytes(9 * (1 + 11 * 3 * depth // 8) - 1))
    with pytest.raises(InputError, match="cannot be decoded"):
        read(png(stored(depth, 3), depth, RGB, data=lines))


@pytest.mark.parametrize("at", [20, 45, 100])
def test_a_wrong_checksum(read, at):
    damaged = bytearray(GOOD)
    damaged[at] ^= 1
    with pytest.raises(InputError, match="checksum"):
        read(bytes(damaged))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (png(stored(8, 1), 8, 5), "colour type 5"),
        (png(stored(8, 1), 3, GREY), "3 bits"),
        (png(stored(8, 1)[:0], 8, GREY), "11x0"),
        (png(stored(8, 1), 8, GREY, extra=[(b"acTL", b"\0\0\0\2" + bytes(4))]), "animated"),
        (png(stored(8, 1), 8, GREY, extra=[(b"ABCD", b"")]), "ABCD"),
        (png(stored(8, 1), 8, PALETTE, extra=[(b"PLTE", bytes(6))]), "palette of 2 colours"),
        (png(stored(8, 1), 8, GREY, extra=[(b"tRNS", b"\0")]), "transparency"),
        (png(stored(8, 3), 8, RGB, data=zlib.compress(b"\x09" * 999)), "cannot be decoded"),
        (png(stored(8, 3), 8, RGB, data=b"nonsense"), "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND"), "header"),
    ],
)
def test_what_is_no_still_png(read, data, said):
    with pytest.raises(InputError, match=said):
        read(data)
