"""Quantised tensors as bytes: everything comes back, and damage is DamagedFile."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ncodec.errors import DamagedFile, LimitExceeded
from ncodec.weights import (
    AffineTensor,
    SteppedTensor,
    affine,
    pack_tensors,
    stepped,
    unpack_tensors,
)
from ncodec.weights.bitstream import pack_side

shapes = arrays.array_shapes(min_dims=1, max_dims=4, max_side=7)
values = shapes.flatmap(lambda shape: arrays.arrays(np.int32, shape))
halves = st.floats(-1e4, 1e4, width=16)


@st.composite
def affine_tensors(draw):
    integers = draw(values)
    axis = draw(st.sampled_from([None, *range(integers.ndim)]))
    kept = tuple(1 if axis in (None, i) else n for i, n in enumerate(integers.shape))
    low, scale = (draw(arrays.arrays(np.float16, kept, elements=halves)) for _ in range(2))
    return AffineTensor(integers, low, scale, axis)


indices = st.integers(-4096, 4096)
small = values.map(lambda v: v // 4)
quantized = st.one_of(
    st.builds(SteppedTensor, values, indices),
    st.builds(SteppedTensor, small, indices, st.just(True)),
    affine_tensors(),
)


@given(st.lists(quantized, max_size=4))
def test_what_is_packed_is_unpacked(tensors):
    found = unpack_tensors(pack_tensors(tensors), [t.values.shape for t in tensors])
    assert len(found) == len(tensors)
    for a, b in zip(tensors, found, strict=True):
        assert type(a) is type(b)
        assert getattr(a, "differences", False) == getattr(b, "differences", False)
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.dequantize(), b.dequantize())


def test_side_information_takes_a_few_bytes_a_tensor():
    tensor = np.zeros((4, 60), np.float32)
    assert len(pack_side([stepped(tensor, 5)])) == 3
    assert len(pack_side([affine(np.eye(3, dtype=np.float32), 8)])) == 1 + 2 + 2


@pytest.fixture(scope="module")
def sample():
    """Three tensors, their shapes and their bytes."""
    rng = np.random.default_rng(0)
    floats = [rng.normal(size=shape).astype(np.float32) for shape in ((6, 70), (3,), (4, 2, 3, 3))]
    tensors = [affine(floats[0], 8), stepped(floats[1], -200), stepped(floats[2], -128)]
    return [t.shape for t in floats], pack_tensors(tensors)


def survives(data, shapes):
    """Whether unpacking fails in no other way than DamagedFile, and gives finite weights."""
    try:
        tensors = unpack_tensors(data, shapes)
    except (DamagedFile, LimitExceeded):
        return
    for tensor, shape in zip(tensors, shapes, strict=True):
        assert tensor.values.shape == shape
        assert np.isfinite(tensor.dequantize()).all()


def test_every_truncation_and_every_flipped_bit(sample):
    shapes, data = sample
    for end in range(len(data)):
        survives(data[:end], shapes)
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        survives(bytes(flipped), shapes)


@given(st.binary(max_size=60))
def test_any_bytes(data):
    survives(data, [(5, 7), (3,)])


def test_quantised_weights_take_fewer_bytes_with_coarser_steps():
    tensor = np.random.default_rng(1).normal(size=(50, 80)).astype(np.float32)
    sizes = [len(pack_tensors([stepped(tensor, index)])) for index in range(-512, 129, 64)]
    assert all(coarse < fine for fine, coarse in pairwise(sizes))
    assert sizes[0] < tensor.size * 12 / 8


def test_differences_of_what_changes_slowly_take_fewer_bytes():
    values = np.cumsum(np.random.default_rng(0).integers(-1, 2, (200, 30)), axis=0).astype(np.int32)
    plain, changes = (pack_tensors([SteppedTensor(values, 0, way)]) for way in (False, True))
    assert len(changes) < 0.5 * len(plain)


def test_differences_that_add_up_to_too_much_are_damage():
    values = np.full((3, 1), 2**30, np.int32)
    data = bytearray(pack_tensors([SteppedTensor(values, 0)]))
    data[0] = 128
    with pytest.raises(DamagedFile, match="add up"):
        unpack_tensors(bytes(data), [(3, 1)])
