"""Attempts to break the reader: it refuses every one of them with an error of ncodec's own."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nc_files import SMALL, assemble, index_rows, make_header, seal, split

from ncodec.errors import DamagedFile, InputError, LimitExceeded, NcodecError, UsageError
from ncodec.formats import Limits, Reader
from ncodec.formats.boxes import SIGNATURE, BoxHeader, pack_box
from ncodec.formats.limits import raised

BOXES = split(SMALL)
HEAD, SEGMENTS = BOXES[0], BOXES[3:6]


def read_all(data, **options):
    with Reader(data, **options) as reader:
        reader.check()
        for entry in reader.segments:
            reader.read_segment(entry.index)
        return reader.confs(), reader.times, reader.meta, reader.hdr, reader.mka


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_truncation_is_detected():
    for length in range(len(SMALL)):
        with pytest.raises((DamagedFile, InputError)):
            Reader(SMALL[:length])


def test_every_flipped_bit_is_detected():
    for bit in range(8 * len(SMALL)):
        with pytest.raises(DamagedFile):
            read_all(flipped(SMALL, bit))


def test_damage_in_one_segment_leaves_the_others_readable():
    with Reader(SMALL) as reader:
        entry = reader.segments[1]
    with Reader(flipped(SMALL, 8 * (entry.offset + entry.length))) as reader:
        assert reader.read_segment(0).index == 0
        assert reader.read_segment(2).index == 2
        with pytest.raises(DamagedFile, match=rf"SEGM box at offset {entry.offset}.*repair"):
            reader.read_segment(1)


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=200, deadline=None)
def test_noise_is_refused(noise, strict):
    for data in (noise, SIGNATURE + noise, SIGNATURE + HEAD + noise):
        with pytest.raises(NcodecError):
            read_all(data, strict=strict)


@given(st.data(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_edits_raise_nothing_else(data, strict):
    start = data.draw(st.integers(0, len(SMALL)))
    end = data.draw(st.integers(start, len(SMALL)))
    edited = SMALL[:start] + data.draw(st.binary(max_size=40)) + SMALL[end:]
    try:
        read_all(edited, strict=strict)
    except NcodecError:
        return
    assert edited == SMALL or not strict


@given(st.integers(0, len(BOXES) - 1), st.data())
@settings(max_examples=300, deadline=None)
def test_payloads_that_lie_under_a_true_crc_raise_nothing_else(which, data):
    payload = bytearray(BOXES[which][16:-4])
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    boxes = list(BOXES)
    boxes[which] = pack_box(BOXES[which][:4].decode(), bytes(payload))
    try:
        read_all(assemble(boxes, index_rows(BOXES)))
    except NcodecError:
        return


@pytest.mark.parametrize("length", [2**64 - 1, 2**63, 2**40, len(SMALL)])
@pytest.mark.parametrize("which", range(len(BOXES)))
def test_lying_box_lengths_allocate_nothing(which, length):
    kind = BOXES[which][:4].decode()
    boxes = list(BOXES)
    boxes[which] = seal(BoxHeader(kind, length).pack() + BOXES[which][16:-4])
    data = assemble(boxes, index_rows(BOXES))
    tracemalloc.start()
    for strict in (True, False):
        try:
            read_all(data, strict=strict)
        except (DamagedFile, LimitExceeded):
            continue
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def with_head(**changes):
    header = make_header(**changes)
    return assemble([pack_box("HEAD", header.pack()), *SEGMENTS])


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (with_head(width=2**32 - 1), "width"),
        (with_head(height=2**21), "height"),
        (with_head(width=32_768, height=32_768), "frame_pixels"),
        (with_head(frames=2**32 - 1), "frames"),
        (assemble([pack_box("HEAD", bytes(70_000)), *SEGMENTS]), "header_bytes"),
        (assemble([*BOXES[:-1], pack_box("meta", bytes((1 << 24) + 1))]), "meta_bytes"),
    ],
)
def test_absurd_values_name_the_limit_and_how_to_raise_it(data, limit):
    with pytest.raises(
        LimitExceeded, match=rf"limit of \d+: .*(Limits\({limit}=|limit-pixels )\d+"
    ):
        read_all(data)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(boxes=9), "boxes"),
        (Limits(box_bytes=50), "box_bytes"),
        (Limits(segment_pixels=287), "segment_pixels"),
        (Limits(sections=2), "sections"),
        (Limits(cbor_depth=1), "cbor_depth"),
        (Limits(cbor_items=20), "cbor_items"),
    ],
)
def test_limits_are_arguments(limits, name):
    with pytest.raises(LimitExceeded, match=name):
        read_all(SMALL, limits=limits)


def test_a_limit_is_inclusive():
    read_all(SMALL, limits=Limits(boxes=10, segment_pixels=288, frames=6, sections=3))


def test_limits_are_raised_for_a_while():
    limits = Limits(frame_pixels=9)
    with raised(frame_pixels=20, width=None):
        limits.check("frame_pixels", 20)
        with pytest.raises(LimitExceeded, match=r"limit of 20: .*--limit-pixels 21"):
            limits.check("frame_pixels", 21)
    with pytest.raises(LimitExceeded, match="limit of 9"):
        limits.check("frame_pixels", 20)
    with pytest.raises(UsageError, match="give at least 1"), raised(frame_pixels=0):
        pass
