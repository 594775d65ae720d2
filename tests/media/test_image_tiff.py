import struct
from fractions import Fraction
from itertools import product

import av
import numpy as np
import pytest
from pictures import image
from PIL import Image as Pillow

from ncodec.errors import InputError
from ncodec.media import read_image, write_image

FORMATS = {(1, 16): "gray16le", (3, 8): "rgb24", (3, 16): "rgb48le", (4, 16): "rgba64le"}


def tiff(pixels, order="<", *, planar=False, tile=None, rows=4, **tags):
    """A TIFF without compression in strips of `rows` or tiles of (rows, columns)."""
    height, width, samples = pixels.shape
    stored = pixels.astype(pixels.dtype.newbyteorder(order))
    planes = [stored[:, :, i : i + 1] for i in range(samples)] if planar else [stored]
    down, across = tile or (rows, width)
    pieces = []
    for plane, y, x in product(planes, range(0, height, down), range(0, width, across)):
        piece = plane[y : y + down, x : x + across]
        if tile:
            missing = (down - piece.shape[0], across - piece.shape[1])
            piece = np.pad(piece, ((0, missing[0]), (0, missing[1]), (0, 0)))
        pieces.append(piece.tobytes())
    starts = np.cumsum([8, *map(len, pieces)]).tolist()
    values = {
        256: [width],
        257: [height],
        258: [8 * pixels.itemsize] * samples,
        259: [1],
        262: [2 if samples > 2 else 1],
        277: [samples],
        284: [2 if planar else 1],
        **({322: [across], 323: [down]} if tile else {278: [rows]}),
        **dict(
            zip(
                (324, 325) if tile else (273, 279),
                (starts[:-1], list(map(len, pieces))),
                strict=True,
            )
        ),
        **{int(tag[1:]): value for tag, value in tags.items()},
    }
    end = starts[-1]
    at = end + 2 + 12 * len(values) + 4
    entries, after = [], b""
    for tag, numbers in sorted(values.items()):
        body = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(body) > 4:
            body, after = struct.pack(f"{order}I", at + len(after)), after + body
        entries.append(struct.pack(f"{order}HHI", tag, 4, len(numbers)) + body)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", end)
    count = struct.pack(f"{order}H", len(entries))
    return b"".join((start, *pieces, count, *entries, bytes(4), after))


@pytest.fixture
def read(tmp_path):
    def reader(data):
        path = tmp_path / "image.tif"
        path.write_bytes(data)
        return read_image(path)

    return reader


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize(("channels", "bits"), [*product((1, 2, 3, 4), (8, 16))])
def test_every_layout_keeps_its_samples(read, channels, bits, tile, planar, order):
    made = image(channels, bits, 21, 35)
    found = read(tiff(made.pixels, order, planar=planar, tile=tile))
    assert found.pixels.dtype == made.pixels.dtype
    assert np.array_equal(found.pixels, made.pixels)


@pytest.mark.parametrize("compression", ["raw", "lzw", "packbits", "deflate"])
@pytest.mark.parametrize(("channels", "bits"), [*FORMATS])
def test_what_ffmpeg_writes(read, channels, bits, compression):
    made = image(channels, bits, 17, 19)
    encoder = av.CodecContext.create("tiff", "w")
    encoder.width, encoder.height, encoder.time_base = 19, 17, Fraction(1)
    encoder.pix_fmt = FORMATS[channels, bits]
    encoder.options = {"compression_algo": compression}
    pixels = made.pixels.squeeze()
    picture = av.VideoFrame.from_ndarray(pixels, FORMATS[channels, bits])
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    assert np.array_equal(read(b"".join(map(bytes, packets))).pixels, made.pixels)


COMPRESSIONS = [
    *((None, 1), ("packbits", 1), ("tiff_lzw", 1), ("tiff_lzw", 2), ("tiff_adobe_deflate", 1)),
    ("tiff_adobe_deflate", 2),
]


@pytest.mark.parametrize(
    ("mode", "compression", "predictor"),
    [
        *((mode, *made) for mode in ("L", "LA", "RGB", "RGBA", "I;16") for made in COMPRESSIONS),
        *((mode, *made) for mode in ("1", "P") for made in COMPRESSIONS if made[1] == 1),
    ],
)
def test_what_pillow_writes(tmp_path, mode, compression, predictor):
    path = tmp_path / "it.tif"
    if mode == "I;16":
        picture = Pillow.fromarray(image(1, 16, 30, 40).pixels[:, :, 0])
    else:
        picture = Pillow.fromarray(image(3, 8, 30, 40).pixels).convert(mode)
    picture.save(path, compression=compression, tiffinfo={317: predictor})
    wanted = {"1": "L", "P": "RGB"}.get(mode, mode)
    assert np.array_equal(read_image(path).pixels.squeeze(), np.asarray(picture.convert(wanted)))


def test_few_bits_and_white_is_zero(read):
    packed = np.array([[[0b00011011], [0b11100100]]], np.uint8)
    flat = tiff(packed, _256=[8], _258=[2])
    assert read(flat).pixels.ravel().tolist() == [0, 85, 170, 255, 255, 170, 85, 0]
    inverted = tiff(packed, _256=[8], _258=[2], _262=[0])
    assert read(inverted).pixels.ravel().tolist() == [255, 170, 85, 0, 0, 85, 170, 255]


def test_a_palette_of_16_bits_stays_one(read):
    indices = np.array([[[0], [1]]], np.uint8)
    table = np.zeros((3, 256), int)
    table[:, 1] = 1000, 2000, 3000
    found = read(tiff(indices, _262=[3], _320=table.ravel().tolist()))
    assert found.bit_depth == 16
    assert found.pixels.ravel().tolist() == [0, 0, 0, 1000, 2000, 3000]


def test_orientation_is_kept_and_not_applied(tmp_path, read):
    found = read(tiff(image(3, 8, 4, 6).pixels, _274=[6]))
    assert (found.width, found.height) == (6, 4)
    write_image(tmp_path / "again.tif", found)
    assert read_image(tmp_path / "again.tif").metadata == found.metadata
    exif = Pillow.Exif()
    exif.load(found.metadata.exif)
    assert exif[274] == 6


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"_262": [5], "_277": [4]}, "CMYK"),
        ({"_262": [8]}, "L*a*b"),
        ({"_339": [3] * 3}, "floating-point"),
        ({"_339": [2] * 3}, "signed"),
        ({"_258": [32] * 3}, "samples of 32 bits"),
        ({"_258": [8, 8, 16]}, "8/16 bits"),
        ({"_277": [5]}, "5 channels"),
        ({"_277": [4], "_338": [1]}, "premultiplied"),
        ({"_259": [7]}, "JPEG compression"),
        ({"_259": [4]}, "fax compression"),
        ({"_317": [3]}, "predictor 3"),
        ({"_266": [2]}, "reversed"),
        ({"_256": [0]}, "0x4"),
        ({"_279": [3]}, "cannot be decoded"),
        ({"_273": [1 << 30]}, "cannot be decoded"),
        ({"_259": [5]}, "cannot be decoded"),
        ({"_259": [8]}, "cannot be decoded"),
        ({"_322": [0], "_323": [0], "_324": [8], "_325": [8]}, "cannot be decoded"),
    ],
)
def test_what_cannot_be_read(read, capfd, tags, said):
    with pytest.raises(InputError, match=said.replace("*", r"\*")):
        read(tiff(image(3, 8, 4, 6).pixels, **tags))
    assert not capfd.readouterr().err


def test_several_pages(tmp_path):
    page = Pillow.fromarray(image().pixels)
    page.save(tmp_path / "it.tif", save_all=True, append_images=[page])
    with pytest.raises(InputError, match="several images"):
        read_image(tmp_path / "it.tif")


def test_cut_short_anywhere(read, capfd):
    whole = tiff(image(3, 16, 6, 5).pixels)
    for length in range(0, len(whole), 7):
        with pytest.raises(InputError, match=r"image\.tif"):
            read(whole[:length])
    assert not capfd.readouterr().err
