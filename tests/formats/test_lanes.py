"""Vectors of lanes.py and signals.py, against numpy's integers one operation at a time."""

import numpy as np
import pytest
from numba import njit

from ncodec.formats.entropy import lanes, signals
from ncodec.formats.entropy.lanes import BIAS, LANES, MEMORY
from ncodec.formats.entropy.logistic import REACH
from ncodec.formats.entropy.signals import TAPS

LINES, WEIGHTS, SLOTS = 0, 64, 96
"""Where the tests' memory has lines and what is left behind them, two sets, and slots."""

MOST = (1 << 17) - 1

STRETCH = np.random.default_rng(9).integers(-2400, 2401, 4096).astype(np.int16)
RATES = np.array([8192 // (2 * n + 3) for n in range(1024)], dtype=np.int16)


@njit
def blend_and_learn(memory, node, first, second, errors, bit, stretch, rates):
    sums = lanes.blend(memory, 0, node, first, second, stretch)
    lanes.learn(memory, 0, node, first, second, errors[0], errors[1], bit, rates)
    return sums


@njit
def predict(memory, far):
    if far:
        return signals.foretell_far(memory, 0, 16)
    return signals.foretell(memory, 0, 16)


@njit
def adapt(memory, gain, far):
    if far:
        signals.follow_far(memory, 0, 16, gain)
    else:
        signals.follow(memory, 0, 16, gain)


def wrapped(numbers):
    """As int64, of the low 32 bits with their sign."""
    return np.asarray(numbers, dtype=np.int64).astype(np.int32).astype(np.int64)


def drawn(random, count):
    """int32: of all sizes, and the ends of the range."""
    numbers = random.integers(-(1 << 31), 1 << 31, count) >> random.integers(0, 32, count)
    ends = random.choice([-(1 << 31), (1 << 31) - 1, -1, 0, 1], count)
    return np.where(random.random(count) < 0.2, ends, numbers).astype(np.int32)


@pytest.fixture(params=range(40))
def random(request):
    return np.random.default_rng(request.param)


def test_a_bit_is_guessed_and_learned_from(random):
    node = int(random.integers(8))
    memory = drawn(random, 1000)
    memory[LINES : LINES + LANES] = SLOTS + 8 * random.permutation(100)[:LANES]
    before = memory.astype(np.int64)
    errors, bit = drawn(random, 2).astype(np.int64), int(random.integers(2))
    first, second = WEIGHTS + 8 * random.permutation(4)[:2]
    sums = blend_and_learn(memory, node, first, second, errors, bit, STRETCH, RATES)

    places = before[LINES : LINES + LANES] + node
    slots = before[places] % (1 << 32)
    guesses = STRETCH[slots >> 20].astype(np.int64)
    guesses[-1] = BIAS
    for start, total, error in zip((first, second), sums, errors, strict=True):
        weights = before[start : start + LANES]
        sum_ = wrapped((wrapped((weights >> 2) * guesses)).sum())
        assert total == np.clip(sum_ >> 14, -REACH, REACH)
        step = wrapped(wrapped(guesses * error) + (1 << 17)) >> 18
        moved = np.clip(wrapped(weights + step), -MOST, MOST)
        assert np.array_equal(memory[start : start + LANES], moved)
    chances, counts = slots >> 10, slots & 1023
    goal = bit * ((1 << 22) - 1)
    chances += wrapped(((goal - chances) >> 3) * RATES[counts]) >> 9
    moved = wrapped(chances << 10 | np.minimum(counts + 1, MEMORY))
    assert np.array_equal(memory[places[:-1]], moved[:-1])

    touched = {*range(LINES, WEIGHTS), *places[:-1]}
    touched |= {*range(first, first + LANES), *range(second, second + LANES)}
    rest = [i for i in range(len(memory)) if i not in touched]
    assert np.array_equal(memory[rest], before[rest])


@pytest.mark.parametrize("far", [False, True])
def test_a_linear_prediction_sums_and_its_taps_follow(random, far):
    memory = drawn(random, 40)
    given, taps, behind = np.split(memory.astype(np.int64), [TAPS, 2 * TAPS])
    total, power = predict(memory, far)
    products, squares = given * taps, given * given
    if far:
        with np.errstate(over="ignore"):
            assert (total, power) == (products.sum(), squares.sum())
    else:
        assert total == wrapped(wrapped(products).sum())
        assert power == wrapped(wrapped(squares).sum())

    gain = int(drawn(random, 1)[0])
    adapt(memory, gain, far)
    if far:
        moved = wrapped(taps + wrapped(given * gain >> 12))
    else:
        moved = np.clip(wrapped(taps + (wrapped(given * gain) >> 4)), -MOST, MOST)
    assert np.array_equal(memory, [*given, *moved, *behind])


def test_gains_and_errors_count_by_their_low_32_bits(random):
    memory = drawn(random, 40)
    gain = int(drawn(random, 1)[0])
    for far in (False, True):
        one, other = memory.copy(), memory.copy()
        adapt(one, gain, far)
        adapt(other, gain + (int(random.integers(-9, 10)) << 32), far)
        assert np.array_equal(one, other)
