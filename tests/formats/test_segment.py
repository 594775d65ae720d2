import struct
from dataclasses import replace

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile, LimitExceeded, UsageError, VerificationFailed
from ncodec.formats import Limits, Segment, cbor, integer_hash


def test_exact_bytes():
    payload = Segment(1, 30, 30, (b"ab", b"c"), 0x1122334455667788, False, 33.25).pack()
    assert payload.hex(" ") == (
        "a6 00 01 01 18 1e 02 18 1e 03 82 02 01 04 f4 05 19 81 e2 61 62 63 88 77 66 55 44 33 22 11"
    )


def test_psnr_keeps_a_thousandth():
    segment = Segment(0, 0, 1, (), 0, psnr=33.12345)
    assert Segment.unpack(segment.pack()).psnr == 33.123


@pytest.mark.parametrize(
    "values",
    [
        (-1, 0, 1, (), 0),
        (0, 2**32, 1, (), 0),
        (0, 0, 0, (), 0),
        (0.0, 0, 1, (), 0),
        (0, 0, 1, (), -1),
        (0, 0, 1, (), 2**64),
        (0, 0, 1, (), 0, True, -1.0),
        (0, 0, 1, (), 0, True, float("inf")),
        (0, 0, 1, (), 0, True, float("nan")),
    ],
)
def test_values_that_no_segment_holds(values):
    with pytest.raises(UsageError):
        Segment(*values).pack()


@pytest.mark.parametrize(
    "header",
    [
        [],
        {},
        {0: 0, 1: 0, 2: 1},
        {0: 0, 1: 0, 2: 0, 3: []},
        {0: -1, 1: 0, 2: 1, 3: []},
        {0: 0, 1: 0, 2: 1, 3: 5},
        {0: 0, 1: 0, 2: 1, 3: [-1]},
        {0: 0, 1: 0, 2: 1, 3: ["1"]},
        {0: 0, 1: 0, 2: 1, 3: [], 4: True},
        {0: 0, 1: 0, 2: 1, 3: [], 5: 1_000_001},
        {0: 0, 1: 0, 2: 1, 3: [], 5: 1.5},
        {0: 0, 1: 0, 2: 1, 3: [], 6: 0},
        {0: 0, 1: 0, 2: 1, 3: [1]},
        {0: 0, 1: 0, 2: 1, 3: [2**63, 2**63]},
    ],
)
def test_payloads_that_are_no_segment(header):
    with pytest.raises(DamagedFile):
        Segment.unpack(cbor.dumps(header) + bytes(8))


def test_a_mini_header_is_limited():
    payload = Segment(0, 0, 1, (b"",) * 200, 0).pack()
    with pytest.raises(LimitExceeded, match="mini-header"):
        Segment.unpack(payload, Limits(header_bytes=100))


ARRAYS = st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5), max_size=4)


@given(ARRAYS, ARRAYS)
@settings(max_examples=100, deadline=None)
def test_different_splits_have_different_hashes(a, b):
    hashes = [integer_hash(np.array(row, np.int64) for row in rows) for rows in (a, b)]
    assert (hashes[0] == hashes[1]) == (a == b)


def test_exact_hashes():
    assert integer_hash([]) == 0x2D06800538D394C2
    framed = struct.pack("<3Q4i", 2, 2, 2, 1, -2, 3, 4)
    assert integer_hash([np.array([[1, -2], [3, 4]])]) == xxhash.xxh3_64_intdigest(framed)
    assert integer_hash([np.array([[1, -2], [3, 4]])]) == 4862556002592466764


def test_the_hash_ignores_how_the_array_is_stored():
    values = np.arange(12).reshape(3, 4)
    expected = integer_hash([values])
    for array in (values.astype(">i2"), np.asfortranarray(values), values.astype(np.uint64)):
        assert integer_hash([array]) == expected
    assert integer_hash([values.T]) != expected
    assert integer_hash([np.array(5)]) != integer_hash([np.array([5])])
    assert integer_hash([np.array([True])]) == integer_hash([np.array([1])])


@pytest.mark.parametrize(
    "array", [np.zeros(2), np.array([2**31]), np.array([2**32 - 1], np.uint32)]
)
def test_what_has_no_integer_hash(array):
    with pytest.raises(UsageError):
        integer_hash([array])


def test_a_segment_remembers_that_its_integers_were_the_encoder_s():
    values = np.arange(6).reshape(2, 3)
    segment = Segment(0, 0, 1, (b"",), integer_hash([values]))
    with pytest.raises(VerificationFailed, match="segment 0 decodes to other integers than"):
        segment.check([values.T])
    assert not segment.checked
    segment.check([values])
    assert segment.checked
    assert not replace(segment, sections=(b"else",)).checked
    assert segment == replace(segment)
