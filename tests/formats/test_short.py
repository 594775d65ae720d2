"""Short files: what is read from them is the long file that they stand for."""

import io
from dataclasses import replace
from fractions import Fraction
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nc_files import make_header

from ncodec.errors import DamagedFile, LimitExceeded, NcodecError, UnsupportedFormat
from ncodec.formats import Conf, Header, Limits, Reader, Segment, VideoInfo, Writer, repair
from ncodec.formats.short import MOST_BYTES, SHORT_SIGNATURE, is_short, long_of

INFO = VideoInfo(32, 24, 1, Fraction(1), "rgb24", 8, full_range=True)


def write_still(segments, info=INFO, codec="pc-photo", kind="image", confs=(), meta=None):
    out = io.BytesIO()
    writer = Writer(out, Header(codec, 1, kind, info))
    for conf in confs:
        writer.conf(conf)
    for segment in segments:
        writer.segment(segment)
    if meta is not None:
        writer.meta(meta)
    assert writer.finish() == len(out.getvalue())
    return out.getvalue()


ONE = write_still([Segment(0, 0, 1, (b"a section",), 1 << 63)])


def sealed(body):
    return body + crc32(body).to_bytes(4, "little")


def test_a_still_of_one_section_takes_thirty_bytes_beside_it():
    assert is_short(ONE)
    assert len(ONE) - len(b"a section") <= 30
    with Reader(ONE) as reader:
        assert (reader.short, reader.complete, reader.size) == (True, True, len(ONE))
        assert [box.type for box in reader.boxes] == ["HEAD", "SEGM", "INDX"]


sections = st.lists(st.binary(max_size=300), max_size=5).map(tuple)
quality = st.none() | st.integers(0, 999_999).map(lambda n: n / 1000)


@given(
    st.lists(st.tuples(st.integers(1, 300), sections, quality, st.booleans()), min_size=1),
    st.sampled_from(["pc-jpeg", "of-a-plugin"]),
    st.sampled_from(["rgb24", "yuv444p16le"]),
    st.integers(1, 1 << 15),
    st.booleans(),
    st.sampled_from([{}, {"rotation": 90, "mirrored": True}, {"primaries": 9}]),
    st.lists(st.binary(max_size=40)),
)
def test_all_that_a_writer_was_given_is_read_again(
    parts, codec, pixels, width, full_range, more, models
):
    segments, frame = [], 0
    for index, (count, data, psnr, independent) in enumerate(parts):
        independent = independent or index == 0
        segments.append(Segment(index, frame, count, data, index << 40, independent, psnr))
        frame += count
    info = VideoInfo(width, 7, frame, Fraction(1), pixels, full_range=full_range, **more)
    data = write_still(segments, info, codec, confs=models, meta={"tags": {"title": "x"}})
    assert is_short(data) == (len(segments) == 1 or sum(map(len, models)) < MOST_BYTES)
    with Reader(data) as reader:
        assert reader.header == Header(codec, 1, "image", info)
        assert [reader.read_segment(index) for index in range(len(segments))] == segments
        assert reader.confs() == tuple(map(Conf, models))
        assert reader.meta == {"tags": {"title": "x"}}
    assert repack(long_of(data)) == data


def repack(data):
    out = io.BytesIO()
    with Reader(data) as reader:
        writer = Writer(out, reader.header)
        for conf in reader.confs():
            writer.conf(conf)
        for entry in reader.segments:
            writer.segment(reader.read_segment(entry.index))
        writer.meta(reader.meta)
        writer.finish()
    return out.getvalue()


@pytest.mark.parametrize(("count", "size", "short"), [(1, 10**6, True), (2, 10**5, False)])
def test_what_is_large_and_has_parts_is_long(count, size, short):
    parts = [Segment(i, i, 1, (bytes(size),), 0) for i in range(count)]
    data = write_still(parts, replace(INFO, frames=count))
    assert is_short(data) == short
    with Reader(data) as reader:
        assert len(reader.segments) == count


def test_clips_are_long():
    out = io.BytesIO()
    writer = Writer(out, make_header(frames=1))
    writer.segment(Segment(0, 0, 1, (b"x",), 0))
    writer.finish()
    assert not is_short(out.getvalue())


def test_no_changed_or_cut_file_is_read():
    for at in range(len(ONE)):
        for changed in (ONE[:at], ONE[:at] + bytes([ONE[at] ^ 4]) + ONE[at + 1 :]):
            with pytest.raises(NcodecError):
                Reader(changed)


@given(st.binary(max_size=60))
def test_noise_under_a_crc_that_holds_ends_in_an_error_of_ours(noise):
    for start in (SHORT_SIGNATURE, ONE[:13]):
        try:
            with Reader(sealed(start + noise)) as reader:
                for entry in reader.segments:
                    reader.read_segment(entry.index)
        except NcodecError:
            pass


@pytest.mark.parametrize(
    "body",
    [
        SHORT_SIGNATURE + b"\x81" + ONE[5:-4],
        SHORT_SIGNATURE + ONE[4:5] + b"\x7f" + ONE[6:-4],
        ONE[:-4] + b"\x06\x00",
    ],
)
def test_what_is_intact_and_unknown_is_unsupported(body):
    with pytest.raises(UnsupportedFormat, match="newer ncodec"):
        Reader(sealed(body))


def test_limits_hold():
    many = write_still([Segment(0, 0, 1, (b"",) * 20, 0)])
    for limits in (Limits(sections=19), Limits(boxes=1), Limits(box_bytes=20), Limits(width=31)):
        with pytest.raises(LimitExceeded):
            Reader(many, limits=limits)


def test_repair_says_that_there_is_one_part(tmp_path):
    damaged = ONE[:-6] + b"??" + ONE[-4:]
    with pytest.raises(DamagedFile, match="one checksum for all"):
        repair(damaged, tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()
    assert repair(ONE, tmp_path / "out.nc").kept == (0,)
    with Reader(tmp_path / "out.nc") as repaired, Reader(ONE) as reader:
        assert repaired.read_segment(0) == reader.read_segment(0)


def test_a_short_file_comes_through_a_pipe(tmp_path):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    with Reader(Pipe(ONE)) as reader:
        assert reader.read_segment(0).sections == (b"a section",)
