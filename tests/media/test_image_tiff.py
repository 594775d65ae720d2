import struct
from fractions import Fraction
from io import BytesIO
from itertools import product

import av
import imagecodecs
import numpy as np
import pytest
from pictures import image
from PIL import Image as Pillow
from tiffs import samples, tiff

from ncodec.errors import InputError, OutputError
from ncodec.media import Image, Metadata, read_image, write_image
from ncodec.media.images import decode_image
from ncodec.media.sample_kind import as_words
from ncodec.media.stored import expansion

FORMATS = {(1, 16): "gray16le", (3, 8): "rgb24", (3, 16): "rgb48le", (4, 16): "rgba64le"}


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
        ({"_262": [6]}, "YCbCr, .*magick"),
        ({"_262": [32803]}, "CFA"),
        ({"_339": [5] * 3, "_258": [64] * 3}, "complex"),
        ({"_258": [24] * 3}, "samples of 24 bits"),
        ({"_258": [8, 8, 16]}, "8/16 bits"),
        ({"_277": [2]}, "2 channels"),
        ({"_259": [7]}, "JPEG compression, .*-compress lzw"),
        ({"_259": [4]}, "fax"),
        ({"_259": [8], "_317": [3]}, "predictor 3"),
        ({"_262": [3], "_277": [1], "_258": [16]}, "more than 256 colours"),
        ({"_256": [0]}, "0x4"),
        ({"_279": [3]}, "cannot be decoded"),
        ({"_273": [1 << 30]}, "cannot be decoded"),
        ({"_259": [5]}, "cannot be decoded"),
        ({"_259": [8]}, "cannot be decoded"),
        ({"_322": [0], "_323": [0], "_324": [8], "_325": [8]}, "cannot be decoded"),
    ],
)
def test_what_cannot_be_read(read, capfd, tags, said):
    with pytest.raises(InputError, match=said):
        read(tiff(image(3, 8, 4, 6).pixels, **tags))
    assert not capfd.readouterr().err


def test_several_pages(tmp_path):
    page = Pillow.fromarray(image().pixels)
    page.save(tmp_path / "it.tif", save_all=True, append_images=[page])
    with pytest.raises(InputError, match="has 2 pages, which make an album"):
        read_image(tmp_path / "it.tif")
    assert np.array_equal(read_image(tmp_path / "it.tif", page=1).pixels, image().pixels)


def test_cut_short_anywhere(read, capfd):
    whole = tiff(image(3, 16, 6, 5).pixels)
    for length in range(0, len(whole), 7):
        with pytest.raises(InputError, match=r"image\.tif"):
            read(whole[:length])
    assert not capfd.readouterr().err


KINDS = ("i1", "i2", "i4", "i8", "u4", "u8", "f2", "f4", "f8")


def back(image, suffix=".tif"):
    stream = BytesIO()
    assert write_image(stream, image, suffix) == ()
    return decode_image(stream.getvalue(), "it")


@pytest.mark.parametrize(("kind", "bands"), [*product(KINDS, (1, 3)), ("u1", 7), ("f4", 6)])
def test_samples_of_every_type_come_back_as_they_are(kind, bands):
    made = samples(kind, bands)
    formats = [{"u": 1, "i": 2, "f": 3}[made.dtype.kind]] * bands
    extra = {"_338": [0] * (bands - 3)} if bands > 3 else {}
    found = decode_image(tiff(made, _339=formats, **extra), "it")
    assert found.pixels.dtype.kind == "u"
    again = back(found)
    for image_of_it in (found, again):
        assert image_of_it.samples.dtype == made.dtype
        assert image_of_it.samples.tobytes() == made.tobytes()
    assert again.metadata == found.metadata
    part = found.crop(2, 3, 4, 2).samples
    assert part.tobytes() == made[3:5, 2:6].tobytes()


def test_words_are_in_the_order_of_the_samples():
    made = np.sort(samples("f2", 1).ravel()[3:]).reshape(1, -1, 1)
    words = as_words(made).ravel().astype(int)
    assert (np.diff(words) >= 0).all()


@pytest.mark.parametrize("kind", ["f4", "f8", "i4"])
@pytest.mark.parametrize(("compression", "predictor"), [(5, 1), (8, 3), (50000, 2), (50000, 3)])
def test_what_libtiff_writes(read, kind, compression, predictor):
    names = {5: "lzw", 8: "deflate", 50000: "zstd"}
    made = samples(kind, 1)
    if predictor == 3 and made.dtype.kind != "f":
        predictor = 2
    for big in (False, True):
        data = imagecodecs.tiff_encode(
            made[:, :, 0],
            bigtiff=big,
            compression=names[compression],
            predictor={1: None, 2: "horizontal", 3: "floatingpoint"}[predictor],
        )
        assert read(data).samples.tobytes() == made.tobytes()


def test_cmyk_and_premultiplied_alpha_come_back():
    made = image(4, 8, 5, 6)
    for tags, kind in (({"_262": [5]}, (5, ())), ({"_338": [1]}, (0, (1,)))):
        found = decode_image(tiff(made.pixels, **tags), "it")
        assert np.array_equal(found.pixels, made.pixels)
        assert (found.metadata.samples.photometric, found.metadata.samples.extra) == kind
        assert back(found).metadata == found.metadata
    with pytest.raises(OutputError, match=r"CMYK exactly: use \.tif"):
        write_image(BytesIO(), decode_image(tiff(made.pixels, _262=[5]), "it"), ".png")
    assert "premultiplied" in write_image(BytesIO(), found, ".png")[0]


@pytest.mark.parametrize("bits", [3, 6, 10, 12, 14])
@pytest.mark.parametrize("channels", [1, 3])
def test_samples_of_any_number_of_bits(bits, channels):
    wanted = np.random.default_rng(bits).integers(0, 1 << bits, (4, 5, channels), np.uint16)
    made = Image(expansion((1 << bits) - 1)[wanted], metadata=Metadata(maximum=(1 << bits) - 1))
    found = back(made)
    assert np.array_equal(found.pixels, made.pixels)
    assert found.metadata == made.metadata


@pytest.mark.parametrize(
    ("compression", "options"),
    [*(("group3", options) for options in (0, 1, 4, 5)), ("group4", 0), ("tiff_ccitt", 0)],
)
def test_faxes(read, tmp_path, compression, options):
    levels = np.random.default_rng(1).random((30, 41)) > 0.5
    tags = {292: options} if options else {}
    Pillow.fromarray(levels).save(tmp_path / "fax.tif", compression=compression, tiffinfo=tags)
    found = read((tmp_path / "fax.tif").read_bytes())
    assert np.array_equal(found.pixels[:, :, 0], levels * np.uint8(255))


def test_a_smaller_version_of_the_picture_is_left_out(tmp_path):
    page = Pillow.fromarray(image().pixels)
    small = page.resize((4, 3))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    page.save(tmp_path / "it.tif", save_all=True, append_images=[small])
    found = read_image(tmp_path / "it.tif")
    assert np.array_equal(found.pixels, image().pixels)
    assert "smaller versions" in found.notices[0]


def test_tiles_with_the_tags_of_strips_and_a_strip_without_length(read):
    made = image(3, 8, 20, 40).pixels
    named = tiff(made, tile=(16, 16))
    for new, old in ((273, 324), (279, 325)):
        named = named.replace(struct.pack("<HH", old, 4), struct.pack("<HH", new, 4))
    assert np.array_equal(read(named).pixels, made)
    whole = tiff(made, rows=20).replace(struct.pack("<HH", 279, 4), struct.pack("<HH", 280, 4))
    assert np.array_equal(read(whole).pixels, made)
