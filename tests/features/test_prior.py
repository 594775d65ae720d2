import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile
from ncodec.features.prior import quantised


def prior(spread=3.0, channels=3, middle=20):
    k = np.arange(-middle, middle + 1)
    mass = np.exp(-np.abs(k) / spread)
    return quantised(np.tile(mass / mass.sum(), (channels, 1)), np.zeros(channels, np.float32))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(-(2**31) + 1, 2**31 - 1) | st.integers(-25, 25), min_size=12, max_size=12)
)
def test_any_integers_come_back_escapes_too(values):
    block = np.array(values, np.int32).reshape(3, 2, 2)
    coder = prior()
    assert np.array_equal(coder.decode(coder.encode(block), 2, 2), block)


def test_estimated_bits_are_what_the_coder_writes():
    rng = np.random.default_rng(0)
    block = np.rint(rng.laplace(0, 2, (3, 80, 80))).astype(np.int32)
    coder = prior()
    assert 8 * len(coder.encode(block)) == pytest.approx(coder.bits(block), rel=0.01)


def test_bytes_that_are_left_over_are_noticed():
    coder = prior()
    data = coder.encode(np.zeros((3, 4, 4), np.int32))
    with pytest.raises(DamagedFile):
        coder.decode(data + bytes(8 * 4), 4, 4)
