"""What stands around the pixels of a still goes into the file and comes back from it."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import image, png
from PIL import Image as Pillow
from PIL import ImageCms, TiffImagePlugin

import ncodec
from ncodec.errors import DamagedFile, InputError
from ncodec.jobs import Noticed
from ncodec.media import Image, Metadata, read_image, write_image
from ncodec.media.images import decode_image
from ncodec.media.png_chunks import read_chunks

GREY, RGB, PALETTE = 0, 2, 3
RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.permutation(256 * 3).reshape(-1, 3).astype(np.uint8)[:200]
DENSITY = (b"pHYs", struct.pack(">IIB", 11811, 5906, 1))
IPTC = b"\x1c\x02\x05\x00\x05Title\x1c\x02\x50\x00\x02Me"
RESOURCES = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC + b"\0"


def through(source, *outputs):
    """Encodes and decodes; what it says."""
    said = []
    coded = source.with_suffix(".nc")

    def watch(event):
        if isinstance(event, Noticed):
            said.append(event.message)

    ncodec.encode(source, coded, codec="pc-photo", watch=watch)
    for output in outputs:
        ncodec.decode(coded, output, warn=said.append)
    return "\n".join(said)


def chunks(data):
    """The (type, data) of all chunks but the samples', as a set, and the header."""
    found = [(kind, bytes(body)) for kind, body in read_chunks(data, "it")]
    return {each for each in found if each[0] != b"IDAT"}


def stored_png(path):
    """Pillow's view of what is stored: mode, palette, transparency, samples."""
    with Pillow.open(path) as picture:
        palette = picture.palette.getdata() if picture.palette else None
        return picture.mode, palette, picture.info.get("transparency"), picture.tobytes()


FEW = [
    *((depth, GREY, [(b"sBIT", bytes([depth])), (b"bKGD", b"\0\1")]) for depth in (1, 2, 4)),
    *((depth, GREY, [(b"tRNS", b"\0\1")]) for depth in (1, 2, 4, 8, 16)),
    (8, RGB, [(b"tRNS", b"\0\1\0\2\0\3"), (b"PLTE", COLOURS[:9].tobytes())]),
    *(
        (
            depth,
            PALETTE,
            [
                (b"gAMA", struct.pack(">I", 45455)),
                (b"sBIT", b"\5\6\5"),
                (b"PLTE", COLOURS[: 1 << depth].tobytes()),
                (b"tRNS", b"\0\x80"),
                (b"hIST", bytes(2 * min(1 << depth, 200))),
                (b"bKGD", b"\1"),
                DENSITY,
            ],
        )
        for depth in (1, 2, 4, 8)
    ),
    (8, PALETTE, [(b"PLTE", COLOURS.tobytes())]),
]


def few(depth, colour):
    top = min(1 << depth, 200)
    samples = RANDOM.integers(0, top, (7, 13, 3 if colour == RGB else 1))
    if colour == RGB:
        samples[2:4] = 1, 2, 3
    return samples


@pytest.mark.parametrize(("depth", "colour", "extra"), FEW)
def test_a_png_is_stored_again_as_it_was(tmp_path, depth, colour, extra):
    source, again = tmp_path / "in.png", tmp_path / "again.png"
    source.write_bytes(png(few(depth, colour), depth, colour, extra=extra))
    write_image(again, read_image(source))
    assert chunks(again.read_bytes()) == chunks(source.read_bytes())
    assert stored_png(again) == stored_png(source)


def test_a_palette_goes_through_a_file_and_into_each_format(tmp_path):
    source = tmp_path / "in.png"
    extra = [(b"PLTE", COLOURS[:16].tobytes()), DENSITY]
    source.write_bytes(png(few(4, PALETTE), 4, PALETTE, extra=extra))
    outputs = [tmp_path / f"out.{name}" for name in ("png", "tif", "bmp", "ppm")]
    said = through(source, *outputs)
    assert said == f"{outputs[3]} has no place for density, palette: a .png keeps them"
    assert chunks(outputs[0].read_bytes()) == chunks(source.read_bytes())
    for output in outputs[:3]:
        with Pillow.open(output) as picture:
            assert picture.mode == "P"
            assert picture.info["dpi"] == pytest.approx((300, 150), abs=0.02)
            assert np.array_equal(np.asarray(picture.convert("RGB")), read_image(source).pixels)
        assert read_image(output).metadata.chunk("PLTE")[:48] == COLOURS[:16].tobytes()


def test_all_that_a_png_says_comes_back(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    raw = f"\niptc\n{len(RESOURCES):8}\n{RESOURCES.hex()}\n"
    extra = [
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        (b"iCCP", b"My own profile\0\0" + zlib.compress(profile, 9)),
        (b"sBIT", b"\5\6\5"),
        (b"cICP", b"\1\x0d\0\1"),
        (b"sPLT", b"name\0\x08" + bytes(12)),
        (b"PLTE", COLOURS[:16].tobytes()),
        (b"bKGD", b"\0\1\0\2\0\3"),
        (b"oFFs", struct.pack(">iiB", 3, 4, 0)),
        DENSITY,
        (b"tIME", b"\x07\xe8\1\2\3\4\5"),
        (b"eXIf", b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
        (b"tEXt", b"Author\0caf\xe9"),
        (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(raw.encode() * 20, 9)),
        (b"iTXt", b"Comment\0\1\0de\0Kommentar\0" + zlib.compress("日本".encode())),
    ]
    source, again = tmp_path / "in.png", tmp_path / "again.png"
    source.write_bytes(png(image(3).pixels, 8, RGB, extra=extra))
    assert through(source, again) == ""
    assert chunks(again.read_bytes()) == chunks(source.read_bytes())


def test_what_does_not_fit_a_palette_is_stored_as_it_is():
    made = Metadata(
        chunks=(("PLTE", bytes(6)), ("hIST", bytes(4)), ("pHYs", DENSITY[1])), maximum=1
    )
    stream = BytesIO()
    write_image(stream, Image(image(3).pixels, metadata=made))
    kinds = {kind for kind, _ in chunks(stream.getvalue())}
    assert kinds == {b"IHDR", b"pHYs", b"IEND"}
    assert Pillow.open(stream).mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "P", "L", "RGB"])
def test_a_bmp_is_stored_again_as_it_was(tmp_path, mode):
    source, again = tmp_path / "in.bmp", tmp_path / "again.bmp"
    picture = Pillow.fromarray(image(3, 8, 12, 17).pixels)
    picture = picture.quantize(40) if mode == "P" else picture.convert(mode)
    picture.save(source, dpi=(300, 150))
    assert through(source, again) == ""
    important = slice(50, 54)  # how many colours are, which is not kept
    before, after = bytearray(source.read_bytes()), bytearray(again.read_bytes())
    before[important] = after[important] = bytes(4)
    assert before == after


def test_a_bmp_of_four_bits_and_one_with_a_profile(tmp_path):
    source, again = tmp_path / "in.bmp", tmp_path / "again.bmp"
    colours = np.pad(COLOURS[:16], ((0, 0), (0, 1))).tobytes()
    rows = bytes(range(12)) * 2
    start = 54 + len(colours)
    sizes = struct.pack("<IiiHHIIiiII", 40, 17, 2, 1, 4, 0, len(rows), 9, 8, 16, 0)
    rows = rows.replace(b"\x08\x09\x0a\x0b", b"\x80\0\0\0")
    data = struct.pack("<IHHI", start + len(rows), 0, 0, start) + sizes + colours + rows
    source.write_bytes(b"BM" + data)
    write_image(again, read_image(source))
    assert again.read_bytes() == source.read_bytes()

    header = struct.pack("<IiiHHIIiiII", 124, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + bytes(16) + b"DEBM"
    header = header.ljust(112, b"\0") + struct.pack("<III", 128, 7, 0)
    whole = struct.pack("<IHHI", 149, 0, 0, 138) + header + b"\1\2\3\0" + b"profile"
    source.write_bytes(b"BM" + whole)
    found = read_image(source)
    assert found.pixels.tolist() == [[[3, 2, 1]]]
    assert found.metadata == Metadata(icc=b"profile")
    assert write_image(again, found) == ("icc",)


TAGS = {
    **{269: "document", 270: "a description", 271: "maker", 274: 6, 285: "page", 305: "software"},
    **{306: "2001:02:03 04:05:06", 315: "artist", 33432: "rights", 254: 0},
    **{282: 300.0, 283: 150.0, 296: 3, 34377: RESOURCES, 33723: IPTC},
}


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_a_tiff_says_all_that_it_said(tmp_path, mode):
    source, again, other = (tmp_path / name for name in ("in.tif", "again.tif", "other.png"))
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info.tagtype.update({34377: 1, 33723: 7})
    for tag, value in TAGS.items():
        info[tag] = value
    if mode == "I;16":
        picture = Pillow.fromarray(image(1, 16).pixels[:, :, 0])
    else:
        picture = Pillow.fromarray(image(3).pixels).convert(mode)
    picture.save(source, tiffinfo=info)
    assert through(source, again, other) == ""
    with Pillow.open(source) as before, Pillow.open(again) as after:
        of_the_samples = {258, 259, 262, 273, 277, 278, 279, 284, 317, 338, 339}
        kept = {tag: before.tag_v2[tag] for tag in before.tag_v2 if tag not in of_the_samples}
        assert {tag: after.tag_v2[tag] for tag in kept} == kept
        assert before.mode == after.mode
    # Pillow turns a picture by its orientation, and not the same way by each compression.
    assert np.array_equal(read_image(again).pixels, read_image(source).pixels)
    with Pillow.open(other) as picture:
        assert picture.info["dpi"] == pytest.approx((762, 381), abs=0.02)
        assert picture.getexif()[33723] == IPTC
        assert picture.mode == mode


def jpeg(path, *segments, **options):
    held = BytesIO()
    Pillow.fromarray(image(3, 8, 16, 24).pixels).save(held, "JPEG", **options)
    data = held.getvalue()
    at = 4 + int.from_bytes(data[4:6], "big")
    extra = [bytes((255, kind)) + struct.pack(">H", len(b) + 2) + b for kind, b in segments]
    path.write_bytes(data[:at] + b"".join(extra) + data[at:])
    return path


def test_a_jpeg_keeps_density_and_iptc_and_says_what_it_leaves_out(tmp_path):
    blocks, unknown = (0xED, b"Photoshop 3.0\0" + RESOURCES), (0xE4, b"nobody knows\0")
    source = jpeg(tmp_path / "in.jpg", blocks, unknown, dpi=(300, 300), comment=b"hello")
    as_png, as_tiff = tmp_path / "out.png", tmp_path / "out.tif"
    assert through(source, as_png, as_tiff).splitlines() == [
        f"{source} has the JPEG segment APP4: left out",
        f"{as_tiff} has no place for text: a .png keeps them",
    ]
    with Pillow.open(as_png) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.02)
        assert picture.info["Comment"] == "hello"
        raw = picture.info["Raw profile type 8bim"].split(maxsplit=2)
        assert raw[0] == "8bim"
        assert bytes.fromhex(raw[2]) == RESOURCES
    with Pillow.open(as_tiff) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.02)
        assert picture.tag_v2[34377] == RESOURCES


@pytest.mark.parametrize("density", [(0, 2, 1), (2, 40, 20), (0, 1, 1)])
def test_the_units_of_a_jpeg(tmp_path, density):
    path = jpeg(tmp_path / "in.jpg")
    data = bytearray(path.read_bytes())
    data[13:18] = struct.pack(">BHH", *density)
    path.write_bytes(data)
    unit, x, y = density
    wanted = struct.pack(">IIB", 100 * x if unit else x, 100 * y if unit else y, bool(unit))
    assert read_image(path).metadata.chunk("pHYs") == (wanted if x != y else b"")


def test_a_tiff_without_a_unit_keeps_the_shape_of_its_pixels(tmp_path):
    made = Metadata(chunks=(("pHYs", struct.pack(">IIB", 2, 1, 0)),))
    write_image(tmp_path / "it.tif", Image(image().pixels, metadata=made))
    with Pillow.open(tmp_path / "it.tif") as picture:
        assert (picture.tag_v2[282], picture.tag_v2[283], picture.tag_v2[296]) == (2, 1, 1)
    assert read_image(tmp_path / "it.tif").metadata.chunks == made.chunks


def test_the_thumbnail_of_exif_data(tmp_path):
    exif = Pillow.Exif()
    exif[0x10F] = "maker"
    data = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    at = 8 + 2 + 12
    data[at : at + 4] = len(data).to_bytes(4, "little" if data[:2] == b"II" else "big")
    made = Image(image().pixels, metadata=Metadata(exif=bytes(data) + bytes(6)))
    assert write_image(tmp_path / "it.tif", made) == ("thumbnail",)
    assert write_image(tmp_path / "it.webp", made) == ()
    assert read_image(tmp_path / "it.webp").metadata == made.metadata


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pbm", b"P4\n# by hand\n# twice\n10 1\n\xa0\x40"),
        ("a.pnm", b"P4\n10 1\n\xa0\x40"),
        ("a.pgm", b"P5\n# by hand\n4 1\n15\n\x00\x0f\x03\x04"),
        ("a.pgm", b"P5\n3 1\n4095\n\x00\x01\x0f\xff\x08\x00"),
        ("a.ppm", b"P6\n1 2\n100\n\x00\x01\x02\x64\x32\x09"),
        (
            "a.pam",
            b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 1\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n\1\0",
        ),
    ],
)
def test_an_anymap_comes_back_byte_for_byte(tmp_path, name, data):
    source = tmp_path / name
    source.write_bytes(data)
    again = tmp_path / f"again{source.suffix}"
    assert through(source, again) == ""
    assert again.read_bytes() == data


@given(st.integers(1, 65535), st.data())
def test_samples_of_any_maximum_are_not_changed(maximum, data):
    samples = data.draw(st.lists(st.integers(0, maximum), min_size=1, max_size=9))
    text = f"P2 {len(samples)} 1 {maximum} {' '.join(map(str, samples))}"
    made = decode_image(text.encode(), "it")
    stream = BytesIO()
    write_image(stream, made, ".pgm")
    head, _, body = stream.getvalue().partition(b"\n%d\n" % maximum)
    assert head
    assert np.frombuffer(body, ">u2" if maximum > 255 else "u1").tolist() == samples


def test_what_a_png_loses_is_said(tmp_path):
    source = tmp_path / "in.png"
    extra = [
        (b"acTL", b"\0\0\0\1" + bytes(4)),
        (b"fcTL", bytes(26)),
        (b"iDOT", b"offsets"),
        (b"unSAFE"[:4], b"?"),
    ]
    source.write_bytes(png(image(3).pixels, 8, RGB, extra=extra))
    assert through(source) == (
        f"{source} has the PNG chunk unSA, the timing of its only picture: left out"
    )


@pytest.mark.parametrize(
    "record",
    [
        {"maximum": 65536},
        {"maximum": "1"},
        {"colour_scale": 3},
        {"icc_name": b""},
        {"photoshop": 1},
    ],
)
def test_forged_records_are_damaged(record):
    with pytest.raises(DamagedFile, match="image metadata has"):
        Metadata.from_record(record)


def test_records_of_all_fields():
    made = Metadata(
        icc=b"i",
        chunks=(("PLTE", bytes(3)), ("tRNS", b"\1")),
        maximum=15,
        colour_scale=256,
        icc_name="mine",
        photoshop=RESOURCES,
    )
    assert Metadata.from_record(made.to_record()) == made


def test_densities_that_only_a_png_can_hold(tmp_path):
    made = Metadata(chunks=(("pHYs", struct.pack(">IIB", 1 << 31, 5, 1)),))
    write_image(tmp_path / "it.bmp", Image(image().pixels, metadata=made))
    assert read_image(tmp_path / "it.bmp").metadata == Metadata()


def test_a_second_header_changes_nothing():
    other = struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, GREY, 0, 0, 0)
    made = decode_image(png(few(4, GREY), 4, GREY, extra=[(b"IHDR", other)]), "it")
    assert made.pixels.shape == (7, 13, 1)


def test_a_webp_that_is_too_large():
    held = BytesIO()
    Pillow.fromarray(image().pixels).save(held, "WebP", lossless=True)
    data = bytearray(held.getvalue())
    data[21:25] = (16382 | 16382 << 14).to_bytes(4, "little")
    with pytest.raises(InputError, match="more pixels than ncodec reads of a WebP"):
        decode_image(bytes(data), "it")
