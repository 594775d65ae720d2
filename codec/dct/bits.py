"""Adaptive bits: the contexts of a decision guess it, a learned mixture of the guesses codes it.

A context is a line of eight slots, one for each node of a value's decision tree, with the
probability of a 1 seen there. The guesses are mixed in the logistic domain by the mean of
sets of weights, which is refined by what such means turned out to be worth (an adaptive probability
map). All
of it is integers and starts from a trained state; see docs/jpeg.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.memory import (
    BEST_MAPS,
    BEST_SETS,
    BINS,
    MAPS_AT,
    MIXED,
    PLAIN_AT,
    WEIGHTS_AT,
    Memory,
)
from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.lanes import LANES, MEMORY, blend, learn
from ncodec.formats.entropy.logistic import RATES, REACH, SQUASH
from ncodec.formats.entropy.ranges import get_bit, put_bit

__all__ = ["Coder", "code_bit", "code_plain"]

_WEIGHT_RATE, _BEST_WEIGHT_RATE, _MAP_RATE = 5, 3, 6

_SQUASH = SQUASH.astype(np.uint16)

_PLACES = (1 << 31) - 1
"""Places have no more bits: of a number without a sign the compiler need not ask for it."""

_ONE = 1 << 24
_LEAST = 1 << 6


class Coder(NamedTuple):
    """One direction of ncodec.formats.entropy.ranges, and what is learned.

    Attributes:
        best: whether four sets of weights take part, else two.
    """

    state: NDArray[np.uint64]
    words: NDArray[np.uint32]
    encoding: bool
    best: bool
    memory: Memory


@inner_kernel(forceinline=True)
def code_bit(coder: Any, lines: Any, node: Any, sets: Any, refine: Any, bit: Any) -> Any:
    """Codes a bit by the contexts that have these lines; returns it, int64.

    Args:
        lines: a tuple of their places.
        node: of the decision tree: a slot of each line.
        sets: four of weights.
        refine: the adaptive map.
        bit: a decoder's is ignored.
    """
    memory = coder.memory
    a, b, c, d = sets
    if coder.best:
        four = (_weights(a + BEST_SETS), _weights(b + BEST_SETS), _weights(c), _weights(d))
        mean = blend(memory, MIXED, lines, node, four)
        bit, error = _code_mean(coder, mean, refine + BEST_MAPS, bit)
        learn(memory, MIXED, lines, node, four, error * _BEST_WEIGHT_RATE, bit)
    else:
        two = (_weights(a), _weights(b))
        mean = blend(memory, MIXED, lines, node, two)
        bit, error = _code_mean(coder, mean, refine, bit)
        learn(memory, MIXED, lines, node, two, error * _WEIGHT_RATE, bit)
    return bit


@inner_kernel(forceinline=True)
def _weights(number: Any) -> Any:
    """Where a set of weights is."""
    return WEIGHTS_AT + number * LANES


@inner_kernel(forceinline=True)
def _code_mean(coder: Any, mean: Any, refine: Any, bit: Any) -> Any:
    """Codes a bit by a mean of guesses and an adaptive map; returns it and the mean's error."""
    memory = coder.memory
    at = min(max(mean, -2047), 2047) + 2048
    low, part = (MAPS_AT + refine * BINS + (at >> 7)) & _PLACES, at & 127
    mapped = (np.int64(memory[low]) * (128 - part) + np.int64(memory[low + 1]) * part) >> 7
    squashed = np.int64(_SQUASH[mean + REACH])
    # Neither end can be reached: the guess is within 1 .. 65535, the map within 0 .. 65535.
    bit = _coded(coder, (squashed + mapped) << 7, bit)
    near = low + (part >> 6)
    memory[near] += (bit * 65535 - np.int64(memory[near])) >> _MAP_RATE
    return bit, (bit << 16) - squashed


@inner_kernel(forceinline=True)
def code_plain(coder: Any, slot: Any, bit: Any) -> Any:
    """Codes a bit by one context alone, a slot of those for plain bits; returns it, int64."""
    memory = coder.memory
    seen = np.int64(np.uint32(memory[PLAIN_AT + slot]))
    chance, count = seen >> 10, seen & 1023
    bit = _coded(coder, min(max(chance << 2, _LEAST), _ONE - _LEAST), bit)
    goal = bit * ((1 << 22) - 1)
    chance += ((goal - chance) >> 3) * np.int64(RATES[count]) >> 9
    memory[PLAIN_AT + slot] = chance << 10 | min(count + 1, MEMORY)
    return bit


@inner_kernel(forceinline=True)
def _coded(coder: Any, chance: Any, bit: Any) -> Any:
    """A bit that is 1 with probability chance / 2**24."""
    if coder.encoding:
        put_bit(coder.state, coder.words, _ONE - chance, bit)
        return bit
    return np.int64(get_bit(coder.state, coder.words, _ONE - chance))
