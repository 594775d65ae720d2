import io

import pytest
from nc_files import SMALL, assemble, index_rows, make_header, seal, split, write_file

from ncodec.errors import DamagedFile, InputError, UnsupportedFormat
from ncodec.formats import Reader, Segment, cbor
from ncodec.formats.boxes import SIGNATURE, BoxHeader, pack_box

BOXES = split(SMALL)
ROWS = index_rows(BOXES)
HEAD, CONF, SEGMENTS, TIME = BOXES[0], BOXES[1], BOXES[3:6], BOXES[6]


def segm(index, first, count, sections=(b"x",)):
    return pack_box("SEGM", Segment(index, first, count, sections, 0).pack())


def test_assembling_what_was_split_is_the_file():
    assert assemble(BOXES) == SMALL


@pytest.mark.parametrize(
    "header",
    [
        BoxHeader("NEWS", 0),
        BoxHeader("news", 0, flags=1),
        BoxHeader("news", 0, reserved=1),
        BoxHeader("meta", 0, flags=1),
        BoxHeader("SEGM", 0, version=1),
    ],
)
def test_what_a_reader_may_not_ignore_is_unsupported(header):
    data = assemble([*BOXES[:3], seal(header.pack()), *SEGMENTS])
    with pytest.raises(UnsupportedFormat, match="install a newer ncodec"):
        Reader(data)
    with pytest.raises(DamagedFile, match="CRC"):
        Reader(assemble([*BOXES[:3], header.pack() + bytes(4), *SEGMENTS]))


def test_an_index_of_another_version_is_unsupported():
    index = BoxHeader("INDX", 1, version=1).pack() + b"\x80"
    body = SMALL[: -24 - 20 - len(cbor.dumps(ROWS))]
    with pytest.raises(UnsupportedFormat, match="INDX"):
        Reader(body + seal(index) + SMALL[-24:])


def test_unknown_ancillary_boxes_are_skipped_but_checked():
    news = pack_box("news", b"from the future")
    with Reader(assemble([*BOXES, news])) as reader:
        assert reader.meta["tool"] == "test"
        reader.check()
    with Reader(assemble([*BOXES, news[:-1] + b"?"])) as reader, pytest.raises(DamagedFile):
        reader.check()


def test_known_ancillary_boxes_of_another_version_are_skipped():
    meta = seal(BoxHeader("meta", 3, version=1).pack() + b"new")
    with Reader(assemble([HEAD, *SEGMENTS, meta])) as reader:
        assert reader.meta == {}


def head(changes):
    return pack_box("HEAD", cbor.dumps({**cbor.loads(HEAD[16:-4], "HEAD"), **changes}))


def test_a_newer_minor_version_may_add_keys():
    with Reader(assemble([head({1: 2, 99: "new"}), *SEGMENTS])) as reader:
        assert reader.header == make_header()
    with pytest.raises(DamagedFile, match="unknown keys"):
        Reader(assemble([head({99: "new"}), *SEGMENTS]))


def test_another_major_version_is_unsupported():
    with pytest.raises(UnsupportedFormat, match="format version 2"):
        Reader(SIGNATURE + head({0: 2}) + b"whatever version 2 has here")


def replaced(row, column, value):
    return [
        [value if (r, c) == (row, column) else v for c, v in enumerate(values)]
        for r, values in enumerate(ROWS)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [],
        [[]],
        ROWS[:-1],
        ROWS[1:],
        [*ROWS, ROWS[-1]],
        replaced(3, 0, "CONF"),
        replaced(3, 0, "se"),
        replaced(3, 1, ROWS[3][1] + 1),
        replaced(3, 1, 2**63),
        replaced(3, 2, ROWS[3][2] - 1),
        replaced(3, 2, 2**64 - 1),
        replaced(4, 3, 1),
        replaced(4, 4, 1),
        replaced(4, 4, -1),
        replaced(0, 4, 1),
        replaced(9, 0, "news"),
    ],
)
def test_the_index_must_agree_with_the_boxes(rows):
    with pytest.raises(DamagedFile):
        Reader(assemble(BOXES, rows))


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [*SEGMENTS],
        [HEAD],
        [TIME, HEAD, *SEGMENTS],
        [HEAD, HEAD, *SEGMENTS],
        [*BOXES, TIME],
        [HEAD, SEGMENTS[0], CONF, *SEGMENTS[1:]],
        [HEAD, SEGMENTS[1], SEGMENTS[0]],
        [HEAD, segm(0, 0, 2), segm(1, 1, 2)],
        [HEAD, segm(1, 0, 2), segm(1, 2, 2)],
        [HEAD, segm(0, 0, 7)],
        [HEAD, pack_box("SEGM", b"")],
        [HEAD, pack_box("SEGM", segm(0, 0, 6)[16:-5])],
        [HEAD, pack_box("SEGM", segm(0, 0, 6)[16:-4] + b"?")],
    ],
)
def test_boxes_have_an_order_and_a_number(boxes):
    try:
        data = assemble(boxes)
    except DamagedFile:
        data = assemble(boxes, [*index_rows(boxes[:1]), ["SEGM", 78, len(boxes[1]) - 20, 0, 6]])
    with pytest.raises(DamagedFile, match="repair"):
        Reader(data)


@pytest.mark.parametrize("extra", [b"\0", b"\r\n", SMALL])
def test_nothing_follows_the_tail(extra):
    with pytest.raises(DamagedFile):
        Reader(SMALL + extra)


@pytest.mark.parametrize(
    ("boxes", "read"),
    [
        ([*BOXES[:6], pack_box("TIME", b"\0")], lambda r: r.times),
        ([*BOXES[:6], pack_box("TIME", b"\x80")], lambda r: r.times),
        ([*BOXES[:6], pack_box("TIME", b"\x80\0")], lambda r: r.times),
        ([*BOXES[:6], pack_box("TIME", bytes(5) + b"\xff" * 9 + b"\x7f")], lambda r: r.times),
        ([*BOXES[:6], pack_box("meta", b"\x80")], lambda r: r.meta),
        ([*BOXES[:6], pack_box("meta", b"\xa1\1\2")], lambda r: r.meta),
        ([HEAD, pack_box("CONF", b"\xa0"), *SEGMENTS], lambda r: r.confs()),
        ([HEAD, pack_box("CONF", b"\xa2\0\0\1\0"), *SEGMENTS], lambda r: r.confs()),
        ([HEAD, pack_box("CONF", b"\xa2\0\1\1\x41x"), *SEGMENTS], lambda r: r.confs()),
    ],
)
def test_payloads_are_checked_under_a_true_crc(boxes, read):
    with Reader(assemble(boxes)) as reader, pytest.raises(DamagedFile):
        read(reader)


def test_shared_data_of_an_unknown_kind_is_unsupported():
    conf = pack_box("CONF", b"\xa2\0\2\1\x41x")
    with Reader(assemble([HEAD, conf, *SEGMENTS])) as reader, pytest.raises(UnsupportedFormat):
        reader.confs()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"CDF\x01", "NetCDF file: ncodec's .nc is another format"),
        (b"CDF\x02", "NetCDF file"),
        (b"CDF\x05", "NetCDF file"),
        (b"\x89HDF\r\n\x1a\n", "NetCDF or HDF5"),
        (b"\x89PNG\r\n\x1a\n", "PNG image: run `ncodec encode`"),
        (b"\0\0\0\x20ftypisom", "MP4"),
        (b"\x1a\x45\xdf\xa3", "Matroska"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"just some text", "not an ncodec file"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_other_files_are_named(start, message, strict):
    with pytest.raises(InputError, match=message):
        Reader(start + bytes(100), strict=strict)


def test_a_file_transferred_as_text_is_damaged():
    with pytest.raises(DamagedFile, match="transfer as text"):
        Reader(SMALL.replace(b"\r\n", b"\n"))


def test_missing_empty_and_folder(tmp_path):
    (tmp_path / "empty.nc").touch()
    with pytest.raises(InputError, match="does not exist"):
        Reader(tmp_path / "none.nc")
    with pytest.raises(InputError, match=r"empty\.nc is empty"):
        Reader(tmp_path / "empty.nc")
    with pytest.raises(InputError, match="is a directory"):
        Reader(tmp_path)
    with pytest.raises(InputError, match="cannot open"):
        Reader("a\0b")
    with pytest.raises(InputError, match="cannot open"):
        Reader(tmp_path / "empty.nc" / "within")


def test_a_stream_that_fails_is_an_input_error():
    class Failing(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    class Pipe(Failing):
        def seekable(self):
            return False

    for stream in (Failing(SMALL), Pipe(SMALL)):
        with pytest.raises(InputError, match="cannot read"):
            Reader(stream)


def test_times_may_reach_beyond_the_segments_of_a_clip_of_unknown_length():
    boxes = split(write_file(frames=0))
    with Reader(assemble(boxes[:5] + boxes[6:])) as reader:
        assert reader.frames == 6
        assert reader.gaps == (range(4, 6),)
