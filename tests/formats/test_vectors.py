"""Vectors of compiled loops, against numpy one operation at a time."""

import numpy as np
import pytest
from numba import njit

from ncodec.formats.entropy import vectors
from ncodec.formats.entropy.vectors import LANES, every, load, store

RNG = np.random.default_rng(4)
FLOATS = RNG.normal(0, 1000, (2, LANES)).astype(np.float32)
INTEGERS = RNG.integers(-(2**31), 2**31, (2, LANES)).astype(np.int32)


@njit
def arithmetic(memory, result):
    one, two = load(memory, 0), load(memory, LANES)
    store(result, 0, one + two)
    store(result, LANES, one - two)
    one *= two
    store(result, 2 * LANES, one)


@njit
def bits(memory, result, shift):
    one, two = load(memory, 0), load(memory, LANES)
    store(result, 0, one & two)
    store(result, LANES, one >> every(shift))
    store(result, 2 * LANES, one << every(shift))
    store(result, 3 * LANES, vectors.least(one, two))
    store(result, 4 * LANES, vectors.most(one, two))
    return vectors.largest(one), vectors.total(one)


@njit
def lanes(memory, result, place, number):
    one, two = load(memory, 0), load(memory, LANES)
    store(result, 0, vectors.joined(one, two, place))
    store(result, LANES, vectors.with_lane(one, place, number))
    return vectors.total(one)


@njit
def converted(floats, integers, result, whole):
    store(result, 0, vectors.as_floats(load(integers, 0)))
    store(whole, 0, vectors.as_integers(load(floats, 0)))


@njit
def gathered(memory, base, offsets, result):
    store(result, 0, vectors.gather(memory, base, offsets, 1))
    number = vectors.item(memory, base)
    vectors.set_item(memory, base, np.int32(7))
    return number


@pytest.mark.parametrize("numbers", [FLOATS, INTEGERS])
def test_arithmetic_rounds_or_wraps_in_each_lane(numbers):
    result = np.zeros(3 * LANES, numbers.dtype)
    arithmetic(numbers.ravel(), result)
    one, two = numbers
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(result, np.concatenate([one + two, one - two, one * two]))


def test_products_are_rounded_before_they_are_added():
    # Fused, 1.0000001 * 0.9999999 - 1 is not 0.
    near = np.float32(1) + np.float32(2**-13)
    numbers = np.full(2 * LANES, near, np.float32)

    @njit
    def multiply_add(memory, result):
        one = load(memory, 0)
        store(result, 0, one * load(memory, LANES) - every(memory[0] * memory[0]))

    result = np.ones(LANES, np.float32)
    multiply_add(numbers, result)
    assert not result.any()


def test_bits():
    one, two = INTEGERS
    result = np.zeros(5 * LANES, np.int32)
    largest, total = bits(INTEGERS.ravel(), result, np.int32(5))
    expected = [one & two, one >> 5, one << 5, np.minimum(one, two), np.maximum(one, two)]
    np.testing.assert_array_equal(result, np.concatenate(expected))
    assert largest == one.max()
    assert total == np.sum(one, dtype=np.int32)


@pytest.mark.parametrize("place", [-3, 0, 1, 7, 15, 16, 40])
def test_lanes(place):
    one, two = FLOATS
    result = np.zeros(2 * LANES, np.float32)
    total = lanes(FLOATS.ravel(), result, place, np.float32(0.5))
    numbers = np.arange(LANES)
    np.testing.assert_array_equal(result[:LANES], np.where(numbers < place, one, two))
    np.testing.assert_array_equal(result[LANES:], np.where(numbers == place, np.float32(0.5), one))
    sums = one.copy()
    for half in (8, 4, 2, 1):
        sums = sums[:half] + sums[half : 2 * half]
    assert total == sums[0]


def test_conversions():
    result, whole = np.zeros(LANES, np.float32), np.zeros(LANES, np.int32)
    converted(FLOATS[0], INTEGERS[0], result, whole)
    np.testing.assert_array_equal(result, INTEGERS[0].astype(np.float32))
    np.testing.assert_array_equal(whole, np.trunc(FLOATS[0]).astype(np.int32))


def test_gather():
    memory = np.arange(100, dtype=np.int32) * 3
    offsets = RNG.integers(-40, 40, LANES + 1)
    result = np.zeros(LANES, np.int32)
    assert gathered(memory, 50, offsets, result) == 150
    assert memory[50] == 7
    memory[50] = 150
    np.testing.assert_array_equal(result, memory[50 + offsets[1:]])


def test_arrays_begin_with_a_line_of_the_cache():
    for size in (1, 100):
        array = vectors.aligned(size, np.float32)
        assert array.shape == (size,)
        assert array.ctypes.data % 64 == 0
        assert not array.any()
