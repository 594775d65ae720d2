"""Grids coded with contexts: everything comes back, damage is DamagedFile, and it pays."""

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.coder import Decoder, Encoder
from ncodec.formats.entropy.tensor import encode_array
from ncodec.weights import SteppedTensor, pack_tensors, unpack_tensors
from ncodec.weights import rate as rates
from ncodec.weights.bitstream import estimate_tensors
from ncodec.weights.context import classes, decode_grid, encode_grid, grid_bits

shapes = arrays.array_shapes(min_dims=4, max_dims=4, max_side=6)
grids = st.sampled_from([3, 60, 2**31 - 1]).flatmap(
    lambda most: shapes.flatmap(
        lambda shape: arrays.arrays(np.int32, shape, elements=st.integers(-most, most))
    )
)


def coded(values):
    encoder = Encoder()
    encode_grid(encoder, values)
    return encoder.finish()


def restless(steps=60):
    """A grid that moves on its left side and rests on its right one, before rounding."""
    random = np.random.default_rng(0)
    scale = np.where(np.arange(16) < 5, 6.0, 0.1)
    return (random.laplace(0, 1, (steps, 3, 12, 16)) * scale).astype(np.float32)


def rounded(values):
    return np.rint(values).astype(np.int32)


@given(grids)
def test_what_is_coded_is_decoded(values):
    data = coded(values)
    decoder = Decoder(data)
    np.testing.assert_array_equal(decode_grid(decoder, values.shape), values)
    decoder.finish()


@given(grids, st.booleans())
def test_a_tensor_comes_back_with_its_way_of_coding(values, changes):
    # Differences of int32s need not be int32s.
    tensor = SteppedTensor(values // 4, -7, changes, context=True)
    (found,) = unpack_tensors(pack_tensors([tensor]), [values.shape])
    assert (found.index, found.differences, found.context) == (-7, changes, True)
    np.testing.assert_array_equal(found.values, tensor.values)


def test_the_class_of_a_value_is_what_the_page_says():
    values = np.zeros((2, 1, 3, 4), np.int32)
    values[0, 0, 1, 1], values[0, 0, 0, 3] = -3, 100
    assert not classes(values)[0].any()
    # Twice the value before, and its four neighbours: 3 is under 4, 6 is not; 100 counts as 32.
    assert classes(values)[1, 0].tolist() == [[1, 3, 7, 7], [3, 4, 3, 7], [1, 3, 1, 1]]


@given(grids)
def test_a_fit_and_the_coder_have_the_same_classes(values):
    small = np.clip(values, -1000, 1000)
    found = rates._classes(torch.from_numpy(small).float())
    np.testing.assert_array_equal(found.numpy(), classes(small))


def test_contexts_take_fewer_bytes_where_change_keeps_to_its_place():
    values = rounded(restless())
    plain = Encoder()
    encode_array(plain, values)
    assert len(coded(values)) < 0.8 * len(plain.finish())


def test_estimates_are_within_a_per_cent():
    values, unrounded = rounded(restless()), torch.from_numpy(restless())
    assert grid_bits(values) / 8 == pytest.approx(len(coded(values)), rel=0.01)
    tensors = [SteppedTensor(values, 0, context=True), SteppedTensor(values[:, 0, 0], 0)]
    assert estimate_tensors(tensors) == pytest.approx(len(pack_tensors(tensors)), rel=0.01)
    found = rates.grid_bits(unrounded.round(), unrounded).item() / 8
    assert found == pytest.approx(len(coded(values)), rel=0.02)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_bits_have_a_finite_slope(frames):
    values = (2 * torch.randn(frames, 2, 5, 6)).requires_grad_()
    rates.grid_bits(values, values).backward()
    assert torch.isfinite(values.grad).all()
    assert (values.grad * values).sum() > 0


def test_every_truncation_and_flipped_bit_is_damage_or_a_grid():
    values = rounded(restless(4))[:, :1, :4, :4]
    tensors = [SteppedTensor(values, 3, differences=True, context=True)]
    data = pack_tensors(tensors)
    cases = [data[:end] for end in range(len(data))]
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        cases.append(bytes(flipped))
    damaged = 0
    for case in cases:
        try:
            (found,) = unpack_tensors(case, [values.shape])
            assert found.values.shape == values.shape
        except DamagedFile:
            damaged += 1
    assert damaged > 10


@given(st.binary(max_size=60))
def test_any_bytes(data):
    with suppress(DamagedFile):
        unpack_tensors(b"\x40\x00\x00" + data, [(3, 1, 2, 2)])


def test_contexts_are_for_tensors_of_four_axes():
    with pytest.raises(DamagedFile, match="contexts for a tensor of 2 axes"):
        unpack_tensors(b"\x40\x00\x00", [(3, 2)])
