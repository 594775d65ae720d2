import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile
from ncodec.student.prior_tables import learn_prior

CHANNELS = 5
SPREADS = (9.0, 5.0, 3.0, 1.5, 0.4)


def latents(images=6, side=24, seed=0):
    """Values whose magnitudes go together: large at the same places in all channels."""
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.normal(0, 1, (images, 1, side // 4, side // 4))).repeat(4, 2).repeat(4, 3)
    spread = scale * np.array(SPREADS)[:, None, None]
    return np.rint(rng.laplace(0, 1, (images, CHANNELS, side, side)) * spread).astype(np.int32)


def prior(middle=60):
    k = np.arange(-middle, middle + 1)
    masses = np.exp(-np.abs(k) / np.array(SPREADS)[:, None])
    masses /= masses.sum(axis=1, keepdims=True)
    return learn_prior(latents(), masses, np.zeros(CHANNELS, np.float32))


PRIOR = prior()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(-(2**30) + 1, 2**30 - 1) | st.integers(-25, 25), min_size=20, max_size=20)
)
def test_any_integers_come_back_escapes_too(values):
    block = np.array(values, np.int32).reshape(CHANNELS, 2, 2)
    assert np.array_equal(PRIOR.decode(PRIOR.encode(block), 2, 2), block)


def test_estimated_bits_are_what_the_coder_writes():
    for block in latents(seed=1):
        assert 8 * len(PRIOR.encode(block)) == pytest.approx(PRIOR.bits(block), rel=0.01)


def test_earlier_channels_tell_what_a_value_costs():
    """Classes save bits on images that they were not counted on; each depends on the past only."""
    assert all(
        0 <= source < number
        for number, channel in enumerate(PRIOR.channels)
        for source in channel.sources
    )
    block = latents(seed=2)[0]
    moved = block.copy()
    rng = np.random.default_rng(3)
    for row in moved[1:]:  # the same values elsewhere: nothing tells of them any more
        rng.shuffle(row.reshape(-1))
    assert PRIOR.bits(block) < 0.95 * PRIOR.bits(moved)


def test_what_changes_slowly_is_coded_by_differences():
    rng = np.random.default_rng(4)
    block = np.zeros((4, 2, 16, 16), np.int32)
    block[:, 0] = 30 + rng.integers(-1, 2, (4, 16, 16)).cumsum(axis=1).cumsum(axis=2)
    block[:, 1] = rng.integers(-2, 3, (4, 16, 16))
    masses = np.full((2, 201), 1 / 201)
    coder = learn_prior(block, masses, np.zeros(2, np.float32))
    assert [channel.differences for channel in coder.channels] == [True, False]
    for image in block:
        assert np.array_equal(coder.decode(coder.encode(image), 16, 16), image)


def test_bytes_that_are_left_over_are_noticed():
    data = PRIOR.encode(np.zeros((CHANNELS, 4, 4), np.int32))
    with pytest.raises(DamagedFile):
        PRIOR.decode(data + bytes(8 * 4), 4, 4)
