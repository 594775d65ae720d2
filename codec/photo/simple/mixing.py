"""Adaptive bits: several contexts each guess a bit, a learned mixture of the guesses codes it.

A context is a slot of a hashed table, with the probability of a 1 seen there so far. The guesses
are mixed in the logistic domain with weights that follow the coding cost downhill (Mahoney,
"Adaptive weighing of context models for lossless data compression", 2005). The decoder repeats
every step, so all of it is integers: bit-exact on any machine.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.logistic import REACH, SQUASH, STRETCH
from ncodec.formats.entropy.ranges import advance, get_bit, peek, put, put_bit

__all__ = [
    "CONTEXTS",
    "Coder",
    "Mixture",
    "code_bit",
    "code_plain",
    "mixture",
    "slot",
    "stir",
]

CONTEXTS = 7
"""The guesses of a bit; a constant one is added, so that the mixture can lean to one side."""

_START = 10_000
"""The weight of a guess before anything is learned, in 1/65536."""

_RATE, _HASTE, _SETTLE = 10, 1024, 16
"""A set of weights learns at _RATE, plus _HASTE / (_SETTLE + times used)."""

_MEMORY = 127
"""A slot is the mean of what it saw up to this many bits, and then forgets slowly."""

_MIX_1 = np.uint64(0x9E3779B97F4A7C15)
_MIX_2 = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_COUNT = np.uint32(1023)

_SHARE = np.array([2 * 65536 // (2 * n + 3) for n in range(1024)], dtype=np.int64)
"""How far a slot that has seen n bits moves to the next one, in 1/65536."""


class Coder(NamedTuple):
    """One direction of ncodec.formats.entropy.ranges."""

    state: NDArray[np.uint64]
    words: NDArray[np.uint32]
    encoding: bool


class Mixture(NamedTuple):
    """What is learned while coding.

    Attributes:
        slots: uint32 [2**k]: 22 bits of probability, 10 bits of count.
        weights: int64 [sets, CONTEXTS + 1], in 1/65536.
        used: int64 [sets]: how often each set of weights was used.
        places: int64 [CONTEXTS]: the slots of the bit at hand, filled in by the caller.
        guesses: int64 [CONTEXTS + 1]: scratch.
        shift: uint64, 64 - k.
    """

    slots: NDArray[np.uint32]
    weights: NDArray[np.int64]
    used: NDArray[np.int64]
    places: NDArray[np.int64]
    guesses: NDArray[np.int64]
    shift: np.uint64


def mixture(pixels: int, sets: int) -> Mixture:
    """A new mixture for about that many pixels; 2**22 slots, 16 MiB, at most."""
    bits = min(22, max(14, (8 * pixels - 1).bit_length()))
    guesses = np.full(CONTEXTS + 1, 256, dtype=np.int64)
    return Mixture(
        slots=np.full(1 << bits, 1 << 31, dtype=np.uint32),
        weights=np.full((sets, CONTEXTS + 1), _START, dtype=np.int64),
        used=np.zeros(sets, dtype=np.int64),
        places=np.zeros(CONTEXTS, dtype=np.int64),
        guesses=guesses,
        shift=np.uint64(64 - bits),
    )


@kernel
def stir(seed: Any, value: Any) -> Any:
    """The hash of a sequence, uint64, from that of its beginning and its next value."""
    mixed = (seed ^ np.uint64(value)) * _MIX_1
    return mixed ^ (mixed >> _HALF)


@kernel
def slot(context: Any, node: Any, shift: Any) -> Any:
    """The slot of a context, uint64, at one node of a symbol's decision tree."""
    mixed = (context + np.uint64(node) * _MIX_2) * _MIX_1
    mixed ^= mixed >> _HALF
    return np.int64((mixed * _MIX_2) >> shift)


@kernel
def code_bit(coder: Any, mixture: Any, row: Any, bit: Any) -> Any:
    """Codes a bit under mixture.places with the weights `row`; returns the bit, int64.

    A decoder's `bit` is ignored.
    """
    slots, places, guesses = mixture.slots, mixture.places, mixture.guesses
    weights = mixture.weights
    total = guesses[CONTEXTS] * weights[row, CONTEXTS]
    for i in range(CONTEXTS):
        guess = STRETCH[slots[places[i]] >> np.uint32(20)]
        guesses[i] = guess
        total += guess * weights[row, i]
    one = SQUASH[min(max(total >> 16, -REACH), REACH) + REACH]
    zeros = (65536 - one) << 8
    if coder.encoding:
        put_bit(coder.state, coder.words, zeros, bit)
    else:
        bit = np.int64(get_bit(coder.state, coder.words, zeros))
    uses = mixture.used[row]
    mixture.used[row] = uses + 1
    error = ((bit << 16) - one) * (_RATE + _HASTE // (uses + _SETTLE))
    for i in range(CONTEXTS + 1):
        weights[row, i] += (guesses[i] * error + (1 << 17)) >> 18
    target = bit * ((1 << 22) - 1)
    for i in range(CONTEXTS):
        seen = slots[places[i]]
        count = np.int64(seen & _COUNT)
        chance = np.int64(seen >> np.uint32(10))
        chance += ((target - chance) * _SHARE[count]) >> 16
        slots[places[i]] = np.uint32(chance << 10 | min(count + 1, _MEMORY))
    return bit


@kernel
def code_plain(coder: Any, value: Any, bits: Any) -> Any:
    """Codes `bits` <= 16 equally likely bits; returns their value, int64."""
    width = np.uint64(1 << (24 - bits))
    if coder.encoding:
        put(coder.state, coder.words, np.uint64(value) * width, width)
    else:
        value = np.int64(peek(coder.state) // width)
        advance(coder.state, coder.words, np.uint64(value) * width, width)
    return value
