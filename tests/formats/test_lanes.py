"""Vectors of lanes.py and signals.py, against numpy's integers one operation at a time."""

import numpy as np
import pytest
from numba import njit

from ncodec.formats.entropy import lanes, signals
from ncodec.formats.entropy.lanes import BIAS, LANES, MEMORY
from ncodec.formats.entropy.logistic import RATES, REACH, log_of
from ncodec.formats.entropy.signals import TAPS

MIXED, WEIGHTS, SLOTS = 0, 64, 128
"""Where the tests' memory has what `blend` leaves for `learn`, sets of weights, and slots."""

MOST, MOST_TAP = (1 << 18) - 1, (1 << 17) - 1


@njit
def blend_and_learn(memory, lines, node, sets, error, bit):
    total = lanes.blend(memory, MIXED, lines, node, sets)
    lanes.learn(memory, MIXED, lines, node, sets, error, bit)
    return total


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


@pytest.mark.parametrize("count", [2, 4])
def test_a_bit_is_guessed_and_learned_from(random, count):
    node = int(random.integers(8))
    memory = drawn(random, 1000)
    lines = SLOTS + 8 * random.permutation(100)[:LANES]
    before = memory.astype(np.int64)
    error, bit = int(drawn(random, 1)[0]), int(random.integers(2))
    sets = tuple(int(place) for place in WEIGHTS + 8 * random.permutation(6)[:count])
    total = blend_and_learn(memory, tuple(map(int, lines[:-1])), node, sets, error, bit)

    places = lines + node
    slots = before[places] % (1 << 32)
    ones = [int(slot) >> 9 | 1 for slot in slots]
    guesses = np.array([(log_of(one) - log_of((1 << 23) - one)) >> 15 for one in ones])
    guesses[-1] = BIAS
    weights = wrapped(sum(before[start : start + LANES] for start in sets))
    weights >>= {2: 3, 4: 4}[count]
    assert total == np.clip(wrapped(wrapped(weights * guesses).sum()) >> 14, -REACH, REACH)
    step = wrapped(wrapped(guesses * error) + (1 << 17)) >> 18
    for start in sets:
        moved = np.clip(wrapped(before[start : start + LANES] + step), -MOST, MOST)
        assert np.array_equal(memory[start : start + LANES], moved)
    chances, counts = slots >> 10, slots & 1023
    goal = bit * ((1 << 22) - 1)
    chances += wrapped(((goal - chances) >> 3) * RATES[counts]) >> 9
    moved = wrapped(chances << 10 | np.minimum(counts + 1, MEMORY))
    assert np.array_equal(memory[places[:-1]], moved[:-1])

    touched = {*range(MIXED, WEIGHTS), *places[:-1]}
    touched |= {place for start in sets for place in range(start, start + LANES)}
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
        moved = np.clip(wrapped(taps + (wrapped(given * gain) >> 4)), -MOST_TAP, MOST_TAP)
    assert np.array_equal(memory, [*given, *moved, *behind])


def test_gains_and_errors_count_by_their_low_32_bits(random):
    memory = drawn(random, 40)
    gain = int(drawn(random, 1)[0])
    for far in (False, True):
        one, other = memory.copy(), memory.copy()
        adapt(one, gain, far)
        adapt(other, gain + (int(random.integers(-9, 10)) << 32), far)
        assert np.array_equal(one, other)
