from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Hdr, cbor

U32 = st.integers(0, 2**32 - 1)
MASTERING = st.tuples(*[st.builds(Fraction, U32, st.integers(1, 2**32 - 1))] * 10)
LIGHT = st.tuples(U32, U32)


@given(st.builds(Hdr, MASTERING, LIGHT | st.none()) | st.builds(Hdr, st.none(), LIGHT))
@settings(max_examples=50, deadline=None)
def test_hdr_round_trips(hdr):
    assert Hdr.unpack(hdr.pack()) == hdr


@pytest.mark.parametrize(
    "record",
    [{}, [], {0: [[1, 2]] * 9}, {0: [[2, 4]] * 10}, {0: [[1, 0]] * 10}, {1: [1]}, {1: [-1, 2]},
     {1: [1, 2], 2: 0}, {1: 7}, {1: ["1", 2]}],
)  # fmt: skip
def test_a_box_that_no_writer_makes_is_damaged(record):
    with pytest.raises(DamagedFile, match="hdr_"):
        Hdr.unpack(cbor.dumps(record))


@pytest.mark.parametrize("parts", [(None, None), (None, (1,)), ((Fraction(-1),) * 10, None)])
def test_values_that_the_box_cannot_hold_are_refused(parts):
    with pytest.raises(UsageError):
        Hdr(*parts)
