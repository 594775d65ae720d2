"""Quantisers: error bounds, and HNeRV's own restated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ncodec.weights import affine, step_index, stepped
from ncodec.weights.quantize import LARGEST_INDEX, STEPS_PER_OCTAVE

tensors = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=1, max_dims=4, max_side=60),
    elements=st.floats(-8, 8, width=32),
)


@given(tensors, st.integers(-600, 300))
def test_a_step_errs_by_half_at_most_and_keeps_zero(tensor, index):
    step = 2 ** (index / STEPS_PER_OCTAVE)
    back = stepped(tensor, index).dequantize()
    assert back.dtype == np.float32
    assert np.abs(back - tensor).max() <= 0.5 * step * (1 + 1e-5) + 1e-6
    assert (back[tensor == 0] == 0).all()


@given(st.floats(1e-6, 1e6))
def test_the_index_is_of_the_nearest_step(step):
    ratio = 2 ** (step_index(step) / STEPS_PER_OCTAVE) / step
    assert 2 ** (-0.51 / STEPS_PER_OCTAVE) <= ratio <= 2 ** (0.51 / STEPS_PER_OCTAVE)


def test_no_step_makes_an_infinite_value():
    for step in (1e-300, 1e300):
        assert abs(step_index(step)) <= LARGEST_INDEX
    values = np.array([2**31 - 1, -(2**31)], np.int32)
    largest = type(stepped(np.zeros(1, np.float32), 0))(values, LARGEST_INDEX)
    assert np.isfinite(largest.dequantize()).all()


@given(tensors, st.sampled_from([4, 6, 8]))
def test_affine_errs_by_half_a_level_and_the_rounding_of_its_ends(tensor, bits):
    found = affine(tensor, bits)
    assert found.values.min() >= 0
    assert found.dequantize().dtype == np.float32
    assert found.values.max() <= 2**bits - 1
    span = float(tensor.max() - tensor.min())
    # Ends are float16: 11 significant bits each, and the scale counts up to 2 ** bits times.
    slack = 2**-11 * (np.abs(tensor).max() + span) + 2**-24 * 2**bits
    assert np.abs(found.dequantize() - tensor).mean() <= 0.5 * span / (2**bits - 1) + slack


def published(tensor, bits):
    """HNeRV's quantiser in its own words: every axis is tried, the smallest error wins."""
    results = []
    for axis in (None, *range(tensor.ndim)):
        if axis is not None and 1 / tensor.shape[axis] >= 0.02:
            continue
        low = tensor.min(axis, keepdims=True).astype(np.float16).astype(np.float64)
        high = tensor.max(axis, keepdims=True)
        scale = ((high - low) / (2**bits - 1)).astype(np.float16).astype(np.float64)
        levels = np.clip(np.round((tensor - low) / scale), 0, 2**bits - 1)
        results.append(levels * scale + low)
    return min(results, key=lambda result: np.abs(result - tensor).mean())


@pytest.mark.parametrize("shape", [(40,), (12, 7, 3, 3), (200, 60, 5, 5), (16, 64), (51, 1, 2)])
@pytest.mark.parametrize("bits", [6, 8])
def test_affine_is_the_published_quantiser(shape, bits):
    rng = np.random.default_rng(bits)
    tensor = rng.normal(size=shape) * rng.uniform(0.01, 1, shape[:1] + (1,) * (len(shape) - 1))
    tensor = tensor.astype(np.float32)
    ours, theirs = affine(tensor, bits).dequantize(), published(tensor, bits)
    # Single against double precision may round a value at the middle to the other level.
    assert (np.abs(ours - theirs) < 1e-5).mean() > 0.999
    assert np.abs(ours - tensor).mean() == pytest.approx(np.abs(theirs - tensor).mean(), rel=1e-3)
