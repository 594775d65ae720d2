import tracemalloc

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile, LimitExceeded, NcodecError, UsageError
from ncodec.formats import Limits, cbor

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=30)
    | st.text(max_size=30)
)
VALUES = st.recursive(
    SCALARS,
    lambda v: st.lists(v, max_size=5) | st.dictionaries(st.text(max_size=5), v, max_size=5),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_values_round_trip(value):
    assert cbor.loads(cbor.dumps(value), "value") == value


@given(st.binary(max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_bytes_decode_to_themselves_or_are_refused(data):
    try:
        value = cbor.loads(data, "noise")
    except NcodecError:
        return
    assert cbor.dumps(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00",  # two items
        b"\x18\x00",  # 0, not in its shortest form
        b"\xfa\x3f\x80\x00\x00",  # 1.0 in four bytes instead of two
        b"\x9f\xff",  # indefinite array
        b"\x5f\x41a\xff",  # indefinite string
        b"\xc0\x60",  # tag
        b"\xf7",  # undefined
        b"\xe0",  # simple value 0
        b"\xf8\x20",  # simple value 32
        b"\x1c",  # reserved length
        b"\x61\xff",  # not UTF-8
        b"\xa2\x00\x01\x00\x02",  # key twice
        b"\xa2\x01\x00\x00\x00",  # keys out of order
        b"\xa1\x20\x00",  # negative key
        b"\xa1\x80\x00",  # array as key
        b"\x19\x01",  # cut within a length
        b"\x82\x00",  # cut after an item
    ],
)
def test_what_is_not_deterministic_cbor(data):
    with pytest.raises(DamagedFile, match="it is not deterministic CBOR"):
        cbor.loads(data, "it")


@pytest.mark.parametrize("major", [0x40, 0x60, 0x80, 0xA0])
@pytest.mark.parametrize("length", [2**16, 2**32 - 1, 2**63, 2**64 - 1])
def test_lying_lengths_allocate_nothing(major, length):
    data = bytes([major | 27]) + length.to_bytes(8, "big") + bytes(100)
    tracemalloc.start()
    with pytest.raises(DamagedFile, match="does not fit"):
        cbor.loads(data, "a bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_nesting_is_limited():
    assert cbor.loads(b"\x81" * 16 + b"\x00", "a nest") != 0
    for depth in (17, 400, 100_000):
        with pytest.raises(LimitExceeded, match="nested CBOR"):
            cbor.loads(b"\x81" * depth + b"\x00", "a nest")


def test_items_are_limited():
    empties = cbor2.dumps([[]] * 1000)
    with pytest.raises(LimitExceeded, match="CBOR items"):
        cbor.loads(empties, "a crowd", Limits(cbor_items=1000))
    assert len(cbor.loads(empties, "a crowd", Limits(cbor_items=1001))) == 1000


@pytest.mark.parametrize("value", [{1, 2}, object(), 1 << 64, "\ud800", {-1: 0}])
def test_what_cannot_be_stored_is_a_usage_error(value):
    with pytest.raises(UsageError, match="cannot be stored"):
        cbor.dumps(value)
