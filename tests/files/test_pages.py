"""Files of several pages: each is a picture, and they come back together."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageSequence

import ncodec
from ncodec.errors import DamagedFile
from ncodec.files.records import Records
from ncodec.jobs.choice import choose_codec
from ncodec.media import Image, Metadata, write_collection
from ncodec.media.images import decode_image
from ncodec.media.sample_kind import SampleKind, as_words
from ncodec.media.tiff_ifd import Directory, pages_of, rationals, shorts
from ncodec.media.tiff_writer import write_tiff

RNG = np.random.default_rng(3)


@pytest.fixture
def scan(tmp_path):
    """A folder of a TIFF of three pages, of two depths, and an icon of two sizes."""
    folder = tmp_path / "folder"
    folder.mkdir()
    pages = [Pillow.fromarray(RNG.integers(0, 256, (9 + i, 12, 3), np.uint8)) for i in range(2)]
    pages.append(Pillow.fromarray(RNG.integers(0, 1 << 16, (9, 12), np.uint16)))
    pages[0].save(folder / "scan.tif", save_all=True, append_images=pages[1:], dpi=(300, 300))
    icon = Pillow.fromarray(RNG.integers(0, 256, (16, 16, 4), np.uint8))
    icon.save(folder / "icon.ico", sizes=[(16, 16), (8, 8)])
    return folder


def pages(path):
    with Pillow.open(path) as file:
        return [np.array(page) for page in ImageSequence.Iterator(file)]


def same(left, right):
    return len(left) == len(right) and all(map(np.array_equal, left, right))


def test_pages_come_back_in_one_file(tmp_path, scan):
    source, coded = scan / "scan.tif", tmp_path / "scan.nc"
    assert choose_codec(str(source)) == "album"
    assert ncodec.encode(source, coded, effort="fast").frames == 3
    assert ncodec.verify(coded, source=source).identical
    for output in ("back.tif", "back/"):
        assert ncodec.decode(coded, f"{tmp_path}/{output}") == 3
    assert same(pages(tmp_path / "back.tif"), pages(source))
    assert (tmp_path / "back" / "scan.tif").read_bytes() == (tmp_path / "back.tif").read_bytes()
    with Pillow.open(tmp_path / "back.tif") as file:
        assert file.info["dpi"] == (300, 300)
    ncodec.decode(coded, tmp_path / "one.tif", frames=slice(2, 3))
    assert same(pages(tmp_path / "one.tif"), pages(source)[2:])


def test_pages_among_other_pictures(tmp_path, scan):
    Pillow.fromarray(RNG.integers(0, 256, (5, 6), np.uint8)).save(scan / "z.png")
    coded = tmp_path / "a.nc"
    ncodec.encode(scan, coded, effort="fast")
    with ncodec.open(coded) as album:
        assert [(album.name(i), album.page(i)) for i in range(len(album))] == [
            *(("icon.ico", 0), ("icon.ico", 1)),
            *(("scan.tif", 0), ("scan.tif", 1), ("scan.tif", 2), ("z.png", 0)),
        ]
    ncodec.decode(coded, f"{tmp_path}/back/")
    assert same(pages(tmp_path / "back" / "scan.tif"), pages(scan / "scan.tif"))
    names = sorted(path.name for path in (tmp_path / "back").iterdir())
    assert names == ["icon.ico-2.png", "icon.ico.png", "scan.tif", "z.png"]


def test_pages_have_one_byte_order():
    exif = []
    for order in "<>":
        directory = Directory(order, {296: shorts(order, 2), 282: rationals(order, 300)})
        head = b"II*\0\x08\0\0\0" if order == "<" else b"MM\0*\0\0\0\x08"
        exif.append(head + directory.stored(8))
    floats = RNG.random((4, 5, 1)).astype("f4")
    images = [
        Image(RNG.integers(0, 256, (4, 5, 3), np.uint8), metadata=Metadata(exif=exif[0])),
        Image(as_words(floats), metadata=Metadata(exif=exif[1], samples=SampleKind("f4"))),
    ]
    for several in (images, images[::-1]):
        with BytesIO() as stream:
            write_tiff(stream, *several)
            data = stream.getvalue()
        for page, image in enumerate(several):
            found = decode_image(data, "it", page=page)
            assert np.array_equal(found.samples, image.samples)
        assert [tags.rational(282) for tags in pages_of(data)[0]] == [300, 300]


def test_several_images_are_pages_of_a_tiff_that_is_asked_for(tmp_path):
    images = [Image(RNG.integers(0, 256, (4, 5 + i, 3), np.uint8)) for i in range(2)]
    write_collection(tmp_path / "a.tif", images, 2)
    assert same(pages(tmp_path / "a.tif"), [image.pixels for image in images])


def test_records_of_pages():
    assert Records.unpack(Records(2, pages=(0, 1)).pack()).pages == (0, 1)
    with pytest.raises(DamagedFile, match="pages is no list of numbers"):
        Records.unpack(Records(2, pages=(0, "1")).pack())
