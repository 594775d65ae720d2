"""Grids coded with contexts, as older files have them: they decode, and damage is DamagedFile."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.choice import LAPLACE, Choice
from ncodec.formats.entropy.coder import Decoder, Encoder
from ncodec.formats.entropy.integers import encode_integers
from ncodec.formats.entropy.tensor import encode_choice, table_of
from ncodec.weights import unpack_tensors
from ncodec.weights.context import CLASSES, decode_grid, following

shapes = arrays.array_shapes(min_dims=4, max_dims=4, max_side=6)
grids = st.sampled_from([3, 60, 2**31 - 1]).flatmap(
    lambda most: shapes.flatmap(
        lambda shape: arrays.arrays(np.int32, shape, elements=st.integers(-most, most))
    )
)


def coded(values, choice=Choice(LAPLACE, 1, 40)):  # noqa: B008
    """As the encoder of version 1 did, with one model for all classes."""
    encoder, table = Encoder(), table_of(choice)
    for _ in range(CLASSES):
        encode_choice(encoder, choice)
    radius = len(table) // 2 - 1
    places = np.zeros(values.shape[1:], np.int64)
    for found in values.astype(np.int64):
        centred = found - choice.offset
        symbols = np.where(np.abs(centred) > radius, len(table) - 1, centred + radius)
        for number in range(CLASSES):
            encoder.encode(symbols[places == number].astype(np.int32), table)
        rest = centred[np.abs(centred) > radius]
        encode_integers(encoder, 2 * (np.abs(rest) - radius - 1) + (rest < 0))
        places = following(found)
    return encoder.finish()


@given(grids)
def test_what_is_coded_is_decoded(values):
    decoder = Decoder(coded(values))
    np.testing.assert_array_equal(decode_grid(decoder, values.shape), values)
    decoder.finish()


@pytest.mark.parametrize("kind", [0x40, 0xC0])
@given(values=grids)
def test_a_tensor_comes_back(kind, values):
    # Differences of int32s need not be int32s.
    values = values // 4
    changes = values if kind == 0x40 else np.diff(values, axis=0, prepend=0 * values[:1])
    (found,) = unpack_tensors(bytes([kind, 0xF9, 0xFF]) + coded(changes), [values.shape])
    assert (found.index, found.differences) == (-7, kind == 0xC0)
    np.testing.assert_array_equal(found.values, values)


def test_the_class_of_a_value_is_what_the_page_says():
    values = np.zeros((1, 3, 4), np.int32)
    values[0, 1, 1], values[0, 0, 3] = -3, 100
    # Twice the value before, and its four neighbours: 3 is under 4, 6 is not; 100 counts as 32.
    assert following(values)[0].tolist() == [[1, 3, 7, 7], [3, 4, 3, 7], [1, 3, 1, 1]]


@given(st.binary(max_size=60))
def test_any_bytes(data):
    with suppress(DamagedFile):
        unpack_tensors(b"\x40\x00\x00" + data, [(3, 1, 2, 2)])


def test_contexts_are_for_tensors_of_four_axes():
    with pytest.raises(DamagedFile, match="a grid of 2 axes"):
        unpack_tensors(b"\x40\x00\x00", [(3, 2)])
