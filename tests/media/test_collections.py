import gzip
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pictures import image, same

from ncodec.errors import DamagedFile, InputError, LimitExceeded, OutputError
from ncodec.formats import Limits, cbor
from ncodec.media import (
    Image,
    Metadata,
    media_kind,
    open_collection,
    read_image,
    write_collection,
    write_image,
)
from ncodec.media.collection_sink import FolderEntry, write_folder
from ncodec.media.names import SafeNames


@pytest.fixture
def folder(tmp_path):
    """Three images whose natural order is not that of their letters."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for name in ("10.png", "9.tif", "1.png"):
        write_image(folder / name, image(seed=int(name.split(".")[0])))
    (folder / ".hidden.png").write_bytes(b"not one")
    (folder / "notes.txt").write_bytes(b"not one")
    return folder


def idx(values, code=8):
    dtype = {8: ">u1", 11: ">i2", 13: ">f4"}[code]
    dims = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes((0, 0, code, values.ndim)) + dims + values.astype(dtype).tobytes()


def again(collection, output):
    """Written to `output` with what a file could have kept of it."""
    layout = cbor.loads(cbor.dumps(collection.layout), "a layout", Limits())
    return write_collection(output, iter(collection), len(collection), layout)


def test_a_folder(folder):
    opened = open_collection(folder)
    assert opened.kind == "folder"
    assert opened.names == ("1.png", "9.tif", "10.png")
    assert opened.shape == (3, 5, 7, 3)
    assert opened.dtype == np.uint8
    assert [each.name for each in opened[1:]] == ["9.tif", "10.png"]
    assert same(opened[-1], image(seed=10))
    assert np.array_equal(opened.stack()[1], image(seed=9).pixels)


def test_a_pattern_keeps_the_folders_below(folder, tmp_path):
    opened = open_collection(f"{folder}/*.png")
    assert (opened.kind, opened.names) == ("files", ("1.png", "10.png"))
    assert open_collection(f"{tmp_path}/**/1*.*").names == ("1.png", "10.png")
    write_image(tmp_path / "1.png", image())
    assert open_collection(f"{tmp_path}/**/1.png").names == ("1.png", "digits/1.png")


def test_one_image_and_one_on_standard_input(folder):
    opened = open_collection(folder / "9.tif")
    assert (opened.kind, opened.names, len(opened)) == ("image", ("9.tif",), 1)
    piped = open_collection("-", stdin=io.BytesIO((folder / "9.tif").read_bytes()))
    assert same(piped[0], opened[0])
    assert piped.shape == opened.shape


def test_metadata_of_each(tmp_path):
    for number in range(3):
        write_image(tmp_path / f"{number}.png", image(metadata=Metadata(icc=b"same")))
    opened = open_collection(tmp_path)
    first, *others = opened.metadata
    assert first.icc == b"same"
    assert all(other is first for other in others)


SHAPES = [(7, 6), (8, 7, 3), (3, 7, 6), (1, 7, 6), (3, 7, 6, 1), (3, 7, 6, 2), (1, 7, 6, 3)]


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2"])
@pytest.mark.parametrize("shape", SHAPES)
def test_npy_files_come_back_byte_for_byte(tmp_path, shape, dtype, fortran):
    values = np.random.default_rng(0).integers(0, 1 << 8 * np.dtype(dtype).itemsize, shape)
    values = values.astype(dtype, order="F" if fortran else "C")
    np.save(tmp_path / "in.npy", values)
    opened = open_collection(tmp_path / "in.npy")
    assert opened.kind == "npy"
    assert np.array_equal(opened.stack().reshape(shape), values)
    assert opened.dtype.isnative
    assert np.array_equal(opened[0].pixels, opened.stack()[0])
    again(opened, tmp_path / "out.npy")
    assert (tmp_path / "out.npy").read_bytes() == (tmp_path / "in.npy").read_bytes()


@settings(max_examples=30)
@given(
    arrays.arrays(
        st.sampled_from((np.dtype("u1"), np.dtype("<u2"))),
        st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
    )
)
def test_any_array_keeps_its_values(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("array") / "it.npy"
    made = [Image(part) for part in values]
    write_collection(path, made, len(made))
    opened = open_collection(path)
    assert np.array_equal(np.load(path).reshape(values.shape), values)
    again(opened, path.with_name("again.npy"))
    assert path.with_name("again.npy").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("code", [8, 11])
@pytest.mark.parametrize("shape", [(5, 4, 3), (2, 4, 3, 3)])
@pytest.mark.parametrize("name", ["a.idx", "t10k-images-idx3-ubyte", "a.idx3-ubyte"])
def test_idx_files_come_back_byte_for_byte(tmp_path, name, shape, code):
    values = np.random.default_rng(0).integers(0, 255, shape)
    (tmp_path / name).write_bytes(idx(values, code))
    opened = open_collection(tmp_path / name)
    assert opened.kind == "idx"
    assert np.array_equal(opened.stack().reshape(shape), values)
    (tmp_path / "out").mkdir()
    again(opened, tmp_path / "out" / name)
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_gzipped_idx_file(tmp_path):
    values = np.arange(24).reshape(2, 3, 4)
    (tmp_path / "a-ubyte.gz").write_bytes(gzip.compress(idx(values)))
    opened = open_collection(tmp_path / "a-ubyte.gz")
    assert np.array_equal(opened.stack()[..., 0], values)
    again(opened, tmp_path / "b-ubyte")
    assert (tmp_path / "b-ubyte").read_bytes() == idx(values)
    write_collection(tmp_path / "b.idx.gz", opened, len(opened), opened.layout)
    assert gzip.decompress((tmp_path / "b.idx.gz").read_bytes()) == idx(values)


def test_part_of_an_array(tmp_path):
    np.save(tmp_path / "in.npy", values := np.arange(60, dtype=">u2").reshape(5, 4, 3))
    opened = open_collection(tmp_path / "in.npy")
    write_collection(tmp_path / "out.npy", opened[1:3], 2, opened.layout)
    assert np.array_equal(np.load(tmp_path / "out.npy"), values[1:3])


def test_an_array_as_files_and_back(tmp_path):
    values = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    (tmp_path / "in.idx").write_bytes(idx(values))
    again(open_collection(tmp_path / "in.idx"), tmp_path / "out")
    opened = open_collection(tmp_path / "out")
    assert opened.names[0] == "000000.png"
    assert np.array_equal(opened.stack()[..., 0], values)


def test_files_keep_their_names(folder, tmp_path):
    opened = open_collection(folder)
    assert again(opened, f"{tmp_path}/out/") == ()
    written = open_collection(tmp_path / "out")
    assert written.names == opened.names
    assert np.array_equal(written.stack(), opened.stack())


def test_an_extension_that_would_lose_something_becomes_png(tmp_path):
    titled = Metadata(text=(("Title", "T"),))
    made = [
        image(name="a.jpg"),
        image(name="a.tif", metadata=titled),
        image(name="b.webp"),
        image(name="b.WEBP", channels=1),
        image(name="c.v1"),
        image(name="d.npy"),
    ]
    write_collection(tmp_path / "out", made, len(made))
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert found == ["a-2.png", "a.png", "b.png", "b.webp", "c.v1.png", "d.png"]


HOSTILE = [
    *("../../x.png", "/etc/x.png", "..", ".", "", " ", "a/../b.png", "..\\x.png", "C:\\x.png"),
    *("a\0b.png", "a\nb.png", "\x1b[31m.png", "\u202egnp.exe", "x" * 300 + ".png", "\ud800.png"),
    *("same.png", "same.png", "SAME.png", "e\u0301.png", "\xe9.png", ".png", "con.png/", "-.png"),
]


def test_a_folder_is_made_beside_what_is_there(tmp_path):
    for name in ("out.part/notes.txt", "out.part/deep/more.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("dear")
    (tmp_path / "out").mkdir(mode=0o700)
    write_folder(tmp_path / "out", [FolderEntry("a.jpg", b"data")])
    assert (tmp_path / "out.part/deep/more.txt").read_text() == "dear"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.part"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_hostile_names_stay_in_the_folder(tmp_path):
    made = [image(seed=seed, name=name) for seed, name in enumerate(HOSTILE)]
    write_collection(tmp_path / "out", made, len(made))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    files = list((tmp_path / "out").iterdir())
    assert len(files) == len(HOSTILE)
    assert all(path.is_file() and path.name.isprintable() for path in files)
    contents = {read_image(path).pixels.tobytes() for path in files}
    assert contents == {each.pixels.tobytes() for each in made}


@settings(max_examples=40)
@given(st.lists(st.text(max_size=6), max_size=8))
def test_any_names_are_distinct_and_harmless(names):
    safe = SafeNames()
    known = frozenset((".png",))
    made = [safe.distinct(safe.stem(name, known, "x")[0], ".png") for name in names]
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert not {"/", "\\", "\0"} & set(name)
        assert name not in ("", ".", "..")
        assert len(name.encode()) <= 255


@pytest.mark.parametrize("different", [image(3, 8, 5, 8), image(1), image(3, 16)])
def test_images_that_differ(tmp_path, different):
    write_image(tmp_path / "1.png", image())
    write_image(tmp_path / "2.png", different)
    with pytest.raises(InputError, match=r"2\.png .* 1\.png is 7x5 rgb24"):
        open_collection(tmp_path).stack()
    with pytest.raises(OutputError, match="an array holds one shape"):
        again(open_collection(tmp_path), tmp_path / "out.npy")
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.npy", None, "No such file"),
        ("*.none", None, "matches no file"),
        ("a.npy", b"", "no NPY or IDX"),
        ("a.npy", b"\x93NUMPY\1\0", "not a whole"),
        ("a.npz", b"PK\3\4", "no NPY or IDX"),
        ("a.idx", b"\0\0\x08\3\0\0\0\1", "cut short"),
        ("a.idx", idx(np.zeros((2, 3, 4)))[:-1], "cut short"),
        ("a.idx", idx(np.zeros((2, 3, 4))) + b"\0", "cut short"),
        ("a.idx", idx(np.zeros((2, 0, 4))), "none of them empty"),
        ("a.idx", idx(np.zeros(5)), "labels are no images"),
        ("a.gz", gzip.compress(idx(np.zeros((2, 3, 4))), mtime=0)[:-9], "cut short"),
        ("a.gz", gzip.compress(b"text", mtime=0), "no NPY or IDX"),
        ("a.txt", b"text", "is not an image"),
    ],
)
def test_what_is_no_collection(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        open_collection(tmp_path / name)[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((2, 8, 8), complex), "type complex128 .* with .view"),
        (np.zeros((2, 8), "U3"), "type <U3"),
        (np.zeros(9, np.uint8), "shape"),
        (np.zeros((2, (1 << 20) + 1), np.uint8), "over 1048576: .*reshape"),
        (np.zeros((0, 8, 8), np.uint8), "whole|empty|after"),
    ],
)
def test_arrays_that_are_no_images(tmp_path, values, said):
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(InputError, match=said):
        open_collection(tmp_path / "a.npy")


def test_pickles_are_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(InputError, match="plain numbers"):
        open_collection(tmp_path / "a.npy")


def test_two_arrays_in_one_file(tmp_path):
    with (tmp_path / "a.npy").open("wb") as stream:
        np.save(stream, np.zeros((2, 8, 8), np.uint8))
        np.save(stream, np.zeros((2, 8, 8), np.uint8))
    with pytest.raises(InputError, match="after its array"):
        open_collection(tmp_path / "a.npy")


def test_limits(folder):
    with pytest.raises(LimitExceeded, match="3 frames"):
        open_collection(folder, limits=Limits(frames=2))
    with pytest.raises(LimitExceeded, match="35 pixels"):
        open_collection(folder, limits=Limits(frame_pixels=30))[0]


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="has no images"):
        open_collection(tmp_path)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("out.png", "holds one image, not 2"),
        ("out.jpg", "use a folder/"),
        ("out.npy.gz", "use a folder/"),
        ("full", "has content already"),
    ],
)
def test_outputs_that_cannot_be(tmp_path, output, said):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "it").touch()
    with pytest.raises(OutputError, match=said):
        write_collection(tmp_path / output, [image(), image()], 2)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_idx_takes_no_sample_above_its_type(tmp_path):
    with pytest.raises(OutputError, match="below 32768"):
        write_collection(tmp_path / "a.idx", [Image(np.full((2, 2, 1), 40000, np.uint16))], 1)
    assert not list(tmp_path.iterdir())


def test_a_failure_half_way_leaves_nothing(tmp_path):
    def images():
        yield image()
        raise DamagedFile("the second is damaged")

    for output in ("out.npy", "out.idx", "out/"):
        with pytest.raises(DamagedFile):
            write_collection(f"{tmp_path}/{output}", images(), 2)
    assert not list(tmp_path.iterdir())


def test_a_layout_that_does_not_exist(tmp_path):
    layout = {"kind": "npy", "axes": "nhw", "dtype": "O", "fortran": False}
    with pytest.raises(DamagedFile, match="layout"):
        write_collection(tmp_path / "a.npy", [image()], 1, layout)


def test_kinds(folder, tmp_path, clip_file):
    np.save(tmp_path / "a.bin", np.zeros((2, 8, 8), np.uint8))
    (tmp_path / "a.bin.npy").rename(tmp_path / "array")
    (tmp_path / "plain").write_bytes((folder / "1.png").read_bytes())
    kinds = {
        clip_file: "video",
        folder: "album",
        "-": "video",
        "none.mkv": "video",
        folder / "notes.txt": "video",
        folder / "1.png": "image",
        tmp_path / "plain": "image",
        "none.webp": "image",
        "none.jpg": "jpeg",
        tmp_path / "array": "collection",
        "none.npy": "collection",
        "t10k-images-idx3-ubyte.gz": "collection",
        f"{folder}/*.png": "album",
    }
    assert {spec: media_kind(spec) for spec in kinds} == kinds
