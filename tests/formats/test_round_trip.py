import io
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nc_files import SMALL, make_header, write_file

from ncodec import formats
from ncodec.errors import DamagedFile, LimitExceeded, MissingDependency, UsageError
from ncodec.formats import Conf, Limits, Reader, Segment, Writer

MIB = 1 << 20


def test_everything_comes_back():
    with Reader(SMALL) as reader:
        assert reader.header == make_header()
        assert [s.first_frame for s in reader.segments] == [0, 2, 4]
        assert reader.confs() == (Conf(b"shared weights"), Conf(bytes(range(32)), True))
        assert reader.times == (-5, 0, 3, 1 << 40, 9, 10)
        assert (reader.hdr, reader.mka) == (b"mastering", b"matroska")
        assert reader.meta == {"tool": "test", "seed": 1, "lambda": 0.25, "tags": {"title": "x"}}
        assert (reader.complete, reader.size, reader.gaps) == (True, len(SMALL), ())
        reader.check()


def test_optional_boxes_may_be_absent():
    with Reader(write_file(extras=False)) as reader:
        assert (reader.confs(), reader.times, reader.hdr, reader.mka) == ((), None, None, None)
        assert reader.meta == {}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 1000),
            st.lists(st.binary(max_size=50), max_size=30),
            st.integers(0, 2**64 - 1),
            st.booleans(),
            st.none() | st.integers(0, 999_999).map(lambda n: n / 1000),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=50, deadline=None)
def test_segments_round_trip(rows):
    out = io.BytesIO()
    writer = Writer(out, make_header(frames=0))
    segments, position = [], 0
    for index, (count, sections, digest, independent, psnr) in enumerate(rows):
        segment = Segment(index, position, count, tuple(sections), digest, independent, psnr)
        writer.segment(segment)
        segments.append(segment)
        position += count
    writer.finish()
    with Reader(out.getvalue()) as reader:
        assert [reader.read_segment(s.index) for s in reader.segments] == segments
        assert reader.frames == position


def test_boxes_account_for_every_byte():
    with Reader(SMALL) as reader:
        kinds = [box.type for box in reader.boxes]
        total = sum(box.length + 20 for box in reader.boxes)
    assert " ".join(kinds) == "HEAD CONF CONF SEGM SEGM SEGM TIME hdr_ mka_ meta INDX"
    assert 8 + total + 24 == len(SMALL)


def test_a_segment_with_many_sections_is_opened_without_its_data():
    out = io.BytesIO()
    writer = Writer(out, make_header(frames=2))
    writer.segment(Segment(0, 0, 2, tuple(bytes(300) for _ in range(1000)), 0))
    writer.finish()
    with Reader(out.getvalue()) as reader:
        assert len(reader.read_segment(0).sections) == 1000


def test_opening_does_not_read_the_segments():
    class Counting(io.BytesIO):
        count = 0

        def read(self, size=-1):
            data = super().read(size)
            self.count += len(data)
            return data

    out = io.BytesIO()
    writer = Writer(out, make_header(frames=2))
    writer.segment(Segment(0, 0, 2, (bytes(4 * MIB),), 0))
    writer.finish()
    stream = Counting(out.getvalue())
    with Reader(stream) as reader:
        assert reader.complete
        assert stream.count < 4096
    assert not stream.closed


def test_a_pipe_can_be_written_and_read():
    read_end, write_end = os.pipe()

    def write():
        with open(write_end, "wb") as stream:
            write_file(stream=stream)

    thread = threading.Thread(target=write)
    thread.start()
    with open(read_end, "rb") as stream, Reader(stream) as reader:
        assert len(reader.read_segment(2).sections) == 3
    thread.join()


def test_a_stream_that_never_ends_is_limited():
    class Endless(io.BytesIO):
        def seekable(self):
            return False

        def read(self, size=-1):
            return bytes(size)

    with pytest.raises(LimitExceeded, match="stream_bytes"):
        Reader(Endless(), limits=Limits(stream_bytes=4 * MIB))


def test_paths_and_stdin_are_read(tmp_path, monkeypatch):
    path = tmp_path / "clip.nc"
    path.write_bytes(SMALL)
    with Reader(path) as by_path, Reader(str(path)) as by_name:
        assert by_path.segments == by_name.segments
    with open(path) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with Reader("-") as reader:
            assert reader.complete


def test_a_segment_that_is_not_there_is_a_usage_error():
    with Reader(SMALL) as reader, pytest.raises(UsageError, match=r"no segment 3.*is 2"):
        reader.read_segment(3)


def start(**changes):
    return Writer(io.BytesIO(), make_header(**changes))


SEGMENT = Segment(0, 0, 6, (b"x",), 0)


def test_the_writer_keeps_the_order():
    writer = start()
    with pytest.raises(UsageError, match="at least one segment"):
        writer.finish()
    with pytest.raises(UsageError, match="next is segment 0 from frame 0"):
        writer.segment(Segment(1, 0, 6, (), 0))
    writer.segment(SEGMENT)
    with pytest.raises(UsageError, match="before the first segment"):
        writer.conf(b"late")
    writer.times(range(6))
    with pytest.raises(UsageError, match="one"):
        writer.times(range(6))
    writer.finish()
    with pytest.raises(UsageError, match="finished"):
        writer.hdr(b"")


def test_the_writer_counts_frames():
    writer = start(frames=7)
    writer.segment(SEGMENT)
    with pytest.raises(UsageError, match="HEAD has 7 frames, the segments 6"):
        writer.finish()
    writer = start()
    writer.segment(SEGMENT)
    writer.times([1, 2])
    with pytest.raises(UsageError, match="TIME has 2 frames"):
        writer.finish()


@pytest.mark.parametrize("values", [{1: 2}, {"a": {1, 2}}, {"a": 1 << 70}, {"a": "\ud800"}])
def test_meta_that_cannot_be_stored(values):
    with pytest.raises(UsageError):
        start().meta(values)


def test_a_model_by_reference_is_looked_up_and_checked():
    conf = Conf(Conf(b"model").digest, reference=True)
    assert conf.content({conf.data: b"model"}.get) == b"model"
    assert Conf(b"here").content({}.get) == b"here"
    with pytest.raises(MissingDependency, match=conf.data.hex()[:16]):
        conf.content({}.get)
    with pytest.raises(DamagedFile, match="not what its BLAKE3 says"):
        conf.content({conf.data: b"another"}.get)
    with pytest.raises(UsageError, match="has 5 bytes"):
        Conf(b"short", reference=True)


def test_public_names_are_listed():
    assert set(formats.__all__) <= set(dir(formats))
    assert all(hasattr(formats, name) for name in formats.__all__)
    assert not hasattr(formats, "anything else")


def test_the_error_tree_costs_no_import():
    code = "import sys, ncodec.errors; print('numpy' in sys.modules, 'torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.split() == [b"False", b"False"]
