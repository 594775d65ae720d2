import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile, LimitExceeded, UsageError
from ncodec.formats import Limits
from ncodec.formats.times import pack_times, unpack_times

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(INT64, max_size=50))
@settings(max_examples=100, deadline=None)
def test_times_round_trip(times):
    assert unpack_times(pack_times(times)) == tuple(times)


def test_exact_bytes():
    assert pack_times([0, 1001, 2002, 2000]).hex(" ") == "00 d2 0f d2 0f 03"


def test_times_are_64_bit():
    with pytest.raises(UsageError, match="64 bits"):
        pack_times([2**63])
    beyond = pack_times([2**63 - 1]) + b"\x02"
    with pytest.raises(DamagedFile, match="64 bits"):
        unpack_times(beyond)


@pytest.mark.parametrize("payload", [b"\x80", b"\x80\x00", b"\xff" * 10 + b"\x01"])
def test_varints_that_are_none(payload):
    with pytest.raises(DamagedFile, match="varint"):
        unpack_times(payload)


def test_the_number_of_times_is_limited():
    with pytest.raises(LimitExceeded, match="frames"):
        unpack_times(bytes(11), Limits(frames=10))
