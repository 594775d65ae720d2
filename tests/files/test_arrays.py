"""Arrays of any shape and type, of which no codec of collections has a model."""

import struct

import numpy as np
import pytest

import ncodec
from ncodec.errors import DamagedFile, Interrupted, UsageError
from ncodec.jobs import SegmentDone
from ncodec.jobs.choice import choose_codec
from ncodec.media.sheets import SheetGrid

RNG = np.random.default_rng(2)


def smooth(shape, dtype):
    values = 40 * np.cumsum(RNG.normal(size=shape), axis=-1)
    return values > 0 if dtype == "?" else np.abs(values).astype(dtype)


ARRAYS = [
    smooth((20, 9, 12, 3), "u1"),
    smooth((7, 20, 15), ">u2"),
    -smooth((2, 3, 4, 9, 8), "<i2"),
    smooth((2, 2, 12, 10, 3), "f2"),
    smooth((12, 10, 3), "<f4"),
    smooth((12, 10), ">f8"),
    smooth((3, 12, 10, 7), "u4"),
    np.asfortranarray(smooth((3, 4, 12, 10), "i1")),
    smooth((3, 12, 10), "?"),
    smooth((5, 1), "u8"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.shape} {array.dtype}")
def test_an_array_comes_back_byte_for_byte(tmp_path, array):
    source, coded = tmp_path / "a.npy", tmp_path / "a.nc"
    np.save(source, array)
    ncodec.encode(source, coded, effort="fast")
    assert ncodec.decode(coded, tmp_path / "b.npy") == ncodec.probe(coded).images
    assert (tmp_path / "b.npy").read_bytes() == source.read_bytes()
    assert ncodec.verify(coded, source=source).identical


@pytest.mark.parametrize(("code", "dtype"), [(8, "u1"), (9, "i1"), (11, ">i2"), (13, ">f4")])
@pytest.mark.parametrize("shape", [(9, 7), (3, 9, 7), (2, 3, 2, 9, 7)])
def test_an_idx_file_comes_back_byte_for_byte(tmp_path, code, dtype, shape):
    source, coded = tmp_path / "a.idx", tmp_path / "a.nc"
    array = -smooth(shape, "i1") if code != 8 else smooth(shape, "u1")
    header = bytes((0, 0, code, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
    source.write_bytes(header + array.astype(dtype).tobytes())
    ncodec.encode(source, coded, effort="fast")
    ncodec.decode(coded, tmp_path / "b.idx")
    assert (tmp_path / "b.idx").read_bytes() == source.read_bytes()


def test_images_and_parts_of_sheets_can_be_had_alone(tmp_path):
    array = smooth((9, 200, 180), "f4")  # two across and two down
    np.save(tmp_path / "a.npy", array)
    done = ncodec.encode(tmp_path / "a.npy", effort="fast")
    assert (done.frames, done.segments) == (9, 3)
    with ncodec.open(done.data) as album:
        assert np.array_equal(album[-1].samples[..., 0], array[8])
        part = album.region(3, 5, 20, 10, 6)
        assert np.array_equal(part.samples[..., 0], array[6, 5:15, 3:23])
        chosen = [image.samples[..., 0] for image in album.stream([8, 1, 2])]
        assert np.array_equal(chosen, array[[8, 1, 2]])
        assert album.picture_info(4).width == 180
        assert not album.lost(7)


def test_what_a_repaired_file_has_of_an_array_is_decoded(tmp_path):
    array = RNG.integers(0, 256, (9, 200, 180), np.uint8)
    np.save(tmp_path / "a.npy", array)
    coded = bytearray(ncodec.encode(tmp_path / "a.npy", effort="fast").data)
    coded[len(coded) // 2] ^= 1
    (tmp_path / "a.nc").write_bytes(coded)
    ncodec.repair(tmp_path / "a.nc", tmp_path / "b.nc")
    with ncodec.open(tmp_path / "b.nc") as album:
        assert album.lost(4) == [(0, 0, 180, 200)]
        with pytest.raises(DamagedFile, match="lost"):
            album[4]
        assert np.array_equal(album[8].pixels[..., 0], array[8])


def test_an_interrupted_array_goes_on(tmp_path):
    source, coded = tmp_path / "a.npy", tmp_path / "a.nc"
    np.save(source, smooth((9, 200, 180), "u1"))
    seen = []
    with pytest.raises(Interrupted):
        ncodec.encode(
            source,
            coded,
            effort="fast",
            threads=1,
            watch=lambda event: seen.append(event) if isinstance(event, SegmentDone) else None,
            stopping=lambda: bool(seen),
        )
    assert not coded.exists()
    assert ncodec.encode(None, coded, resume=True).frames == 9
    assert coded.read_bytes() == ncodec.encode(source, effort="fast").data


def test_arrays_in_memory_have_any_type():
    image, several = smooth((9, 8), "f4"), smooth((3, 9, 8), "i2")
    with ncodec.open(ncodec.encode(image).data) as album:
        assert np.array_equal(album[0].samples[..., 0], image)
    with ncodec.open(ncodec.encode(several, codec="album").data) as album:
        assert np.array_equal([each.samples[..., 0] for each in album], several)
    with pytest.raises(UsageError, match="are complex128 but must be integers"):
        ncodec.encode(image.astype(complex))


def test_who_codes_an_array(tmp_path):
    path = tmp_path / "a.npy"
    shapes = {(4, 28, 28): "pc-hclt", (4, 27, 28): "album", (1, 28, 27): "pc-photo"}
    for shape, codec in shapes.items():
        np.save(path, np.zeros(shape, np.uint8))
        assert choose_codec(str(path)) == codec
    np.save(path, np.zeros((4, 28, 28), np.int8))
    assert choose_codec(str(path)) == "album"
    assert ncodec.encode(np.zeros((3, 9, 9), np.uint8), codec="album").frames == 3


@pytest.mark.parametrize("record", [[9, 9, 1], [9, 9, 0, 1], [9, 9, 1, "1"], 4, None])
def test_grids_that_do_not_exist(record):
    with pytest.raises(DamagedFile, match="sheets"):
        SheetGrid.from_record(3, record)
