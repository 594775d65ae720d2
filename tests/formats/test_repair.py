import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nc_files import SMALL, assemble, split, write_file

from ncodec.errors import DamagedFile, InputError, LimitExceeded, UnsupportedFormat, UsageError
from ncodec.formats import Limits, Reader, Report, repair
from ncodec.formats.boxes import SIGNATURE, BoxHeader, pack_box

with Reader(SMALL) as READER:
    HEAD_END = READER.boxes[0].end
    SEGMENTS = READER.segments
    SIZE = READER.size
    INDEX_OFFSET = READER.boxes[-1].offset


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def intact(damaged_at=range(0), size=SIZE):
    """Indices of the segments that no damaged byte touches and that a cut leaves whole."""
    return [
        s.index
        for s in SEGMENTS
        if s.offset + s.length + 20 <= size
        and not any(s.offset <= p < s.offset + s.length + 20 for p in damaged_at)
    ]


def salvaged(data):
    with Reader(data, strict=False) as reader:
        assert not reader.complete
        for entry in reader.segments:
            reader.read_segment(entry.index)
        return [entry.index for entry in reader.segments]


@pytest.mark.parametrize("cut", [0, 24, 60])
def test_any_damaged_byte_costs_only_its_box(cut):
    data = SMALL[: len(SMALL) - cut]
    for position in range(len(data)):
        damaged = flipped(data, 8 * position + position % 8)
        if len(SIGNATURE) <= position < HEAD_END:
            with pytest.raises(DamagedFile, match="HEAD"):
                Reader(damaged, strict=False)
        else:
            assert salvaged(damaged) == intact([position])


def test_any_truncation_keeps_what_is_whole():
    for size in range(len(SMALL)):
        kept = intact(size=size)
        if kept:
            assert salvaged(SMALL[:size]) == kept
        else:
            with pytest.raises((DamagedFile, InputError)):
                Reader(SMALL[:size], strict=False)


@given(st.integers(HEAD_END, len(SMALL)), st.binary(min_size=1, max_size=70))
@settings(max_examples=100, deadline=None)
def test_inserted_bytes_cost_only_the_box_that_they_split(position, noise):
    damaged = SMALL[:position] + noise + SMALL[position:]
    split_segment = [s.index for s in SEGMENTS if s.offset < position < s.offset + s.length + 20]
    with Reader(damaged, strict=False) as reader:
        assert [s.index for s in reader.segments] == [i for i in range(3) if i not in split_segment]


def repaired(tmp_path, data):
    path = tmp_path / "repaired.nc"
    report = repair(data, path)
    return report, path


def test_a_repaired_file_is_whole_with_a_gap(tmp_path):
    damaged = flipped(SMALL, 8 * (SEGMENTS[1].offset + 50))
    report, path = repaired(tmp_path, damaged)
    assert report == Report((0, 2), (range(2, 4),), (), True)
    with Reader(path) as reader:
        reader.check()
        assert [(s.index, s.first_frame) for s in reader.segments] == [(0, 0), (2, 4)]
        assert reader.gaps == (range(2, 4),)
        assert len(reader.times) == 6


def test_an_undamaged_file_comes_out_as_it_is(tmp_path):
    report, path = repaired(tmp_path, SMALL)
    assert path.read_bytes() == SMALL
    assert report == Report((0, 1, 2), (), (), True)


def test_a_damaged_signature_is_written_anew(tmp_path):
    _, path = repaired(tmp_path, flipped(SMALL, 3))
    assert path.read_bytes() == SMALL


def test_repairing_twice_changes_nothing(tmp_path):
    _, path = repaired(tmp_path, SMALL[: SEGMENTS[2].offset + 3])
    again = tmp_path / "again.nc"
    repair(path, again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("frames", [0, 6])
def test_lost_boxes_are_named_where_the_index_is_intact(tmp_path, frames):
    data = write_file(frames=frames)
    with Reader(data) as reader:
        time = next(box for box in reader.boxes if box.type == "TIME")
        last = reader.segments[2]
    damaged = flipped(flipped(data, 8 * time.offset + 135), 8 * last.offset + 400)
    report, _ = repaired(tmp_path, damaged)
    assert report == Report((0, 1), (range(4, 6),), ("TIME",), True)


def test_an_unknown_end_is_said(tmp_path):
    data = write_file(frames=0, extras=False)
    report, _ = repaired(tmp_path, data[:-100])
    assert report == Report((0, 1), (), (), False)


def test_nothing_to_save_leaves_no_output(tmp_path):
    with pytest.raises(DamagedFile, match="no segment"):
        repaired(tmp_path, SMALL[: SEGMENTS[0].offset])
    with pytest.raises(DamagedFile):
        repaired(tmp_path, flipped(SMALL, 8 * 20))
    with pytest.raises(InputError):
        repaired(tmp_path, b"")
    assert list(tmp_path.iterdir()) == []


def test_the_source_is_not_overwritten(tmp_path):
    path = tmp_path / "clip.nc"
    path.write_bytes(SMALL[:-1])
    with pytest.raises(UsageError, match="another name"):
        repair(path, path)
    assert path.read_bytes() == SMALL[:-1]


def test_of_two_files_in_one_the_first_is_kept():
    for joined in (SMALL + SMALL, SMALL[:INDEX_OFFSET] + SMALL[:-1]):
        with Reader(joined, strict=False) as reader:
            assert [s.index for s in reader.segments] == [0, 1, 2]
            assert [box.type for box in reader.boxes].count("TIME") == 1


def test_second_copies_and_stray_segments_are_left_out():
    boxes = split(SMALL)
    strange = pack_box("SEGM", b"\xa0 under a true CRC")
    shuffled = [*boxes[:3], boxes[4], boxes[3], strange, boxes[5], *boxes[6:], boxes[6]]
    with Reader(SIGNATURE + b"".join(shuffled), strict=False) as reader:
        assert [s.index for s in reader.segments] == [1, 2]
        assert reader.gaps == (range(0, 2),)
        assert len(reader.boxes) == 9


def test_shared_data_move_before_the_segments(tmp_path):
    boxes = split(SMALL)
    late = SIGNATURE + b"".join([boxes[3], boxes[0], boxes[4], boxes[1]])
    _, path = repaired(tmp_path, late)
    with Reader(path) as reader:
        assert [box.type for box in reader.boxes] == ["HEAD", "CONF", "SEGM", "SEGM", "INDX"]


def test_a_file_from_the_future_is_not_repaired():
    boxes = split(SMALL)
    news = pack_box("NEWS", b"")
    for data in (assemble([*boxes, news]), SIGNATURE + b"".join([*boxes, news])):
        with pytest.raises(UnsupportedFormat, match="NEWS"):
            Reader(data, strict=False)


def test_false_box_starts_do_not_take_for_ever():
    false = b"".join(BoxHeader("SEGM", 16 * n).pack() for n in range(2000, 0, -1))
    data = SMALL[:HEAD_END] + false + bytes(100)
    with pytest.raises(LimitExceeded, match="rescans"):
        Reader(data, strict=False)
    with pytest.raises(DamagedFile):
        Reader(data, strict=False, limits=Limits(rescans=10_000))


def test_an_intact_index_keeps_an_attached_nc_file_apart():
    boxes = split(SMALL)
    attached = flipped(pack_box("mka_", write_file(frames=0)), 8 * 16)
    data = assemble([*boxes[:3], attached, *boxes[3:7]])
    with Reader(data, strict=False) as reader:
        assert [s.length for s in reader.segments] == [s.length for s in SEGMENTS]
        assert [box.type for box in reader.lost_boxes] == ["mka_"]


def test_boxes_are_found_across_the_windows_of_the_search():
    boxes = split(SMALL)
    for shift in range(-20, 4):
        noise = b"\1" * ((1 << 20) + shift)
        with Reader(SMALL[:HEAD_END] + noise + boxes[3], strict=False) as reader:
            assert len(reader.segments) == 1
