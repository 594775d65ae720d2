"""Grids coded by prediction: everything comes back, damage is DamagedFile, and it pays."""

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.coder import Encoder
from ncodec.formats.entropy.tensor import encode_array
from ncodec.weights import SteppedTensor, pack_tensors, unpack_tensors
from ncodec.weights import rate as rates
from ncodec.weights.bitstream import estimate_tensors
from ncodec.weights.places import expect, padded
from ncodec.weights.predicted import decode_grids, encode_grids, grid_bytes

shapes = arrays.array_shapes(min_dims=4, max_dims=4, max_side=6)
grids = st.sampled_from([3, 60, 2**31 - 1]).flatmap(
    lambda most: shapes.flatmap(
        lambda shape: arrays.arrays(np.int32, shape, elements=st.integers(-most, most))
    )
)


def restless(steps=60):
    """A grid that moves smoothly on its left side and rests on its right one, before rounding."""
    random = np.random.default_rng(0)
    scale = np.where(np.arange(16) < 5, 3.0, 0.1)
    changes = random.laplace(0, 1, (steps, 3, 12, 16)) * scale
    changes[..., 1:] += changes[..., :-1] / 2
    return np.cumsum(changes, axis=0).astype(np.float32)


def rounded(values):
    return np.rint(values).astype(np.int32)


@given(st.lists(grids, min_size=1, max_size=3))
def test_what_is_coded_is_decoded(values):
    found = decode_grids(encode_grids(values), [grid.shape for grid in values])
    for a, b in zip(values, found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_neighbours_that_are_all_alike_have_a_predictor():
    ramp = np.indices((3, 1, 8, 8)).sum(axis=0).astype(np.int32)
    for values in (0 * ramp, ramp, ramp << 26):
        predictor = rates.predictor_of(torch.from_numpy(values).float())
        assert torch.isfinite(predictor).all()
        np.testing.assert_array_equal(
            decode_grids(encode_grids([values]), [values.shape])[0], values
        )


def test_a_tensor_comes_back_with_its_way_of_coding():
    tensor = SteppedTensor(rounded(restless(4)), -7, predicted=True)
    (found,) = unpack_tensors(pack_tensors([tensor]), [tensor.values.shape])
    assert (found.index, found.predicted) == (-7, True)
    np.testing.assert_array_equal(found.values, tensor.values)


def test_means_and_classes_are_what_the_page_says():
    values = np.zeros((2, 1, 2, 3), np.int32)
    values[0, 0], values[1, 0, 0] = [[3, 0, 0], [0, 0, -40]], [4, 1, 0]
    framed, errors = padded(values, start=1)
    means, classes = expect(framed, errors, np.array([64, 32, 0, 16, -64]))
    # In ninths: a quarter of the left less the one above, then the slice before and half of what
    # changed to the left.
    assert means.reshape(2, 6).tolist() == [[0, 7, 0, -27, 0, 0], [27, 5, 5, 0, 0, -360]]
    assert errors[1:, 0, 1:-1, 1:-1].tolist() == [[[3, 1, 0], [3, 0, 32]], [[1, 0, 1], [0, 0, 32]]]
    assert classes.reshape(2, 6).tolist() == [[3, 5, 4, 5, 6, 4], [5, 4, 8, 5, 8, 10]]


@given(grids)
def test_a_fit_and_the_coder_have_the_same_classes(values):
    small = np.clip(values, -1000, 1000)
    whole = torch.from_numpy(small).float()
    predictor = rates.predictor_of(whole)
    weights = (64 * predictor).numpy().astype(np.int64)
    first, errors = padded(small[:1], 0)
    expect(first, errors, weights)
    start = round(errors[1, :, 1:-1, 1:-1].mean())
    _, classes = expect(*padded(small, start), weights)
    np.testing.assert_array_equal(rates.classes(whole, predictor).flatten().numpy(), classes)


def test_prediction_takes_fewer_bytes_where_change_keeps_to_its_place():
    values = rounded(restless())
    plain = Encoder()
    encode_array(plain, np.diff(values, axis=0, prepend=0 * values[:1]))
    assert len(encode_grids([values])) < 0.8 * len(plain.finish())


def test_estimates_are_within_a_per_cent():
    values, unrounded = rounded(restless()), torch.from_numpy(restless())
    coded = len(encode_grids([values]))
    assert grid_bytes(values) == pytest.approx(coded, rel=0.002)
    tensors = [SteppedTensor(values, 0, predicted=True)]
    assert estimate_tensors(tensors) == pytest.approx(len(pack_tensors(tensors)), rel=0.002)
    found = rates.grid_bits(unrounded.round(), unrounded).item() / 8
    assert found == pytest.approx(coded, rel=0.01)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_bits_have_a_finite_slope(frames):
    values = (2 * torch.randn(frames, 2, 5, 6)).requires_grad_()
    rates.grid_bits(values, values).backward()
    assert torch.isfinite(values.grad).all()
    assert (values.grad * values).sum() > 0


def test_every_truncation_and_flipped_bit_is_damage_or_a_grid():
    values = rounded(restless(4))[:, :1, :4, :4]
    data = pack_tensors([SteppedTensor(values, 3, predicted=True)])
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


@given(st.binary(max_size=60), st.lists(st.integers(0, 223), min_size=11, max_size=11))
def test_any_bytes(data, models):
    head = b"\x7f\x7f\x7f\x7f\x7f\x20" + bytes(models)
    with suppress(DamagedFile):
        unpack_tensors(b"\x20\x00\x00" + head + data, [(30, 1, 2, 2)])
    with suppress(DamagedFile):
        unpack_tensors(b"\x20\x00\x00" + data, [(3, 1, 2, 2)])


@pytest.mark.parametrize(
    ("shapes", "data", "message"),
    [
        ([(3, 2)], b"\x20\x00\x00", "a grid of 2 axes"),
        ([(1, 1, 1, 1)] * 2, b"\x20\x00\x00\x00\x00\x00", "others are not"),
        ([(1, 1, 1, 1)], b"\x20\x00\x00" + bytes(16), "cut off"),
        ([(1, 1, 1, 1)], b"\x20\x00\x00" + bytes(5) + b"\x21" + bytes(11), "head"),
        ([(1, 1, 1, 1)], b"\x20\x00\x00" + bytes(6) + b"\xe0" + bytes(10), "head"),
    ],
)
def test_what_no_encoder_writes_is_refused(shapes, data, message):
    with pytest.raises(DamagedFile, match=message):
        unpack_tensors(data, shapes)
