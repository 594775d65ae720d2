"""Samples of other types than 8 and 16 bits from end to end."""

import numpy as np
import pytest
from tiffs import samples, tiff

import ncodec
from ncodec.errors import DamagedFile, OutputError, UsageError
from ncodec.media import Metadata, read_image
from ncodec.media.sample_kind import SampleKind, from_words

FORMATS = {"u": 1, "i": 2, "f": 3}


@pytest.fixture(scope="module")
def floats(tmp_path_factory):
    """Floats, and a .nc file of them."""
    folder = tmp_path_factory.mktemp("floats")
    made = np.sort(samples("f4", 3, 30, 20)[..., :], axis=1)
    (folder / "a.tif").write_bytes(tiff(made, _339=[3] * 3))
    ncodec.encode(folder / "a.tif", folder / "a.nc", effort="fast")
    return made, folder / "a.nc"


def test_floats_come_back_in_a_tiff_and_in_arrays(floats, tmp_path):
    made, file = floats
    ncodec.decode(file, tmp_path / "back.tif")
    assert read_image(tmp_path / "back.tif").samples.tobytes() == made.tobytes()
    ncodec.decode(file, tmp_path / "back.npy")
    assert np.load(tmp_path / "back.npy").tobytes() == made.tobytes()
    ncodec.decode(file, tmp_path / "back.pfm")
    assert read_image(tmp_path / "back.pfm").samples.tobytes() == made.tobytes()
    with pytest.raises(OutputError, match=r"float32 exactly: use \.tif"):
        ncodec.decode(file, tmp_path / "back.png")
    assert ncodec.probe(file).samples == "float32"
    assert ncodec.verify(file).checked


def test_a_region_is_one_of_every_plane(floats, tmp_path):
    made, file = floats
    ncodec.decode(file, tmp_path / "part.tif", region=(3, 4, 10, 5))
    part = read_image(tmp_path / "part.tif").samples
    assert part.tobytes() == made[4:9, 3:13].tobytes()
    with pytest.raises(UsageError, match="20x30"):
        ncodec.decode(file, tmp_path / "more.tif", region=(0, 0, 20, 31))
    with ncodec.open(file) as album:
        assert album.lost() == []


def test_albums_have_them_from_files_and_from_memory(tmp_path):
    deep, many = samples("i4", 1), samples("u1", 6)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "deep.tif").write_bytes(tiff(deep, _339=[2]))
    extra = {"_338": [0] * 3}
    (tmp_path / "in" / "many.tif").write_bytes(tiff(many, **extra))
    ncodec.encode(tmp_path / "in", tmp_path / "a.nc", effort="fast")
    ncodec.decode(tmp_path / "a.nc", tmp_path / "out")
    for name, made in (("deep.tif", deep), ("many.tif", many)):
        assert read_image(tmp_path / "out" / name).samples.tobytes() == made.tobytes()
    with ncodec.open(tmp_path / "a.nc") as album:
        again = ncodec.encode(list(album), effort="fast").data
    with ncodec.open(again) as album:
        assert album[1].samples.tobytes() == many.tobytes()


def test_lossy_codecs_refuse_them(floats, tmp_path):
    made, _ = floats
    (tmp_path / "a.tif").write_bytes(tiff(made, _339=[3] * 3))
    with pytest.raises(UsageError, match="float32 samples, and entropic-student codes"):
        ncodec.encode(tmp_path / "a.tif", tmp_path / "a.nc", codec="entropic-student")


@pytest.mark.parametrize(
    "record", [1, ["f4"], ["f3", 0, 0, []], ["", 4, 0, []], ["", 0, -1, []], ["", 0, 0, ["1"]]]
)
def test_records_that_nobody_wrote_are_damage(record):
    with pytest.raises(DamagedFile, match="samples of the kind"):
        Metadata.from_record({"samples": record})


def test_pixels_that_are_no_planes_are_damage():
    kind = SampleKind("f4")
    for pixels in (np.zeros((3, 4, 1), np.uint16), np.zeros((4, 4, 1), np.uint8)):
        with pytest.raises(DamagedFile, match="no planes of f4"):
            from_words(pixels, kind)
