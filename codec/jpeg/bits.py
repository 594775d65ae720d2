"""Adaptive bits: the contexts of a decision guess it, a learned mixture of the guesses codes it.

A context is a line of eight slots in a hashed table, one for each node of a value's decision
tree, with the probability of a 1 seen there. The guesses are mixed in the logistic domain by two
sets of weights, whose mean is refined by what such means turned out to be worth (an adaptive
probability map). All of it is integers and starts from a trained state; see docs/jpeg.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.logistic import REACH, SQUASH, STRETCH
from ncodec.formats.entropy.ranges import get_bit, put_bit

__all__ = [
    "BINS",
    "GUESSES",
    "MAPS",
    "SETS",
    "SLOTS",
    "Mixer",
    "code_bit",
    "follow",
    "look",
    "new_mixer",
    "predict",
]

GUESSES = 14
"""The guesses of a bit at most; a constant one is added, so that the mixture can lean."""

SLOTS = 1 << 22
SETS = 8192
MAPS = 128
TAPS = 16
BINS = 33
"""The points of an adaptive map, from -8 to 8 in the logistic domain."""

_MEMORY = 500
_START = 14_000
_WEIGHT_RATE, _MAP_RATE = 5, 6
_SHIFT = np.uint64(64 - 19)
_HASH = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(29)
_LINES = SLOTS - 1
_COUNT = np.uint32(1023)

_SHARE = np.array([2 * 65536 // (2 * n + 3) for n in range(1024)], dtype=np.int64)
"""How far a slot that has seen n bits moves to the next one, in 1/65536."""

_TRUST = np.array([256 * 2 * n // (2 * n + 1) for n in range(1024)], dtype=np.int64)
"""How much of a guess counts whose slot has seen n bits, in 1/256."""


class Coder(NamedTuple):
    """One direction of ncodec.formats.entropy.ranges."""

    state: NDArray[np.uint64]
    words: NDArray[np.uint32]
    encoding: bool


class Mixer(NamedTuple):
    """What is learned while coding, and what a decision at hand looks like.

    Attributes:
        slots: uint32 [SLOTS]: 22 bits of probability, 10 bits of count.
        weights: int64 [SETS, GUESSES + 1], in 1/65536.
        maps: int64 [MAPS, BINS]: probabilities in 1/65536.
        lines: int64 [GUESSES]: the first slots of the contexts, filled in by the caller.
        guesses: int64 [GUESSES + 1]: scratch.
        places: int64 [GUESSES]: scratch.
        taps: int64 [3, 64, TAPS], weights of linear predictions in 1/65536.
        signals: int64 [TAPS]: scratch.
    """

    slots: NDArray[np.uint32]
    weights: NDArray[np.int64]
    maps: NDArray[np.int64]
    lines: NDArray[np.int64]
    guesses: NDArray[np.int64]
    places: NDArray[np.int64]
    taps: NDArray[np.int64]
    signals: NDArray[np.int64]


def new_mixer() -> Mixer:
    """A mixer that knows nothing."""
    guesses = np.full(GUESSES + 1, 256, dtype=np.int64)
    steps = SQUASH[np.clip((np.arange(BINS) - BINS // 2) * 128, -REACH, REACH) + REACH]
    return Mixer(
        np.full(SLOTS, 1 << 31, dtype=np.uint32),
        np.full((SETS, GUESSES + 1), _START, dtype=np.int64),
        np.tile(steps, (MAPS, 1)),
        np.zeros(GUESSES, dtype=np.int64),
        guesses,
        np.zeros(GUESSES, dtype=np.int64),
        np.zeros((3, 64, TAPS), dtype=np.int64),
        np.zeros(TAPS, dtype=np.int64),
    )


@kernel
def look(mixer: Any, kind: Any) -> None:
    """Makes the keys in `lines`, each below 2**36, the contexts of a decision of this kind."""
    lines = mixer.lines
    for i in range(GUESSES):
        mixed = np.uint64((lines[i] << 4 | kind) << 4 | i) * _HASH
        mixed = (mixed ^ (mixed >> _FOLD)) * _HASH
        lines[i] = np.int64(mixed >> _SHIFT) << 3


@kernel
def code_bit(
    coder: Any, mixer: Any, node: Any, first: Any, second: Any, refine: Any, bit: Any
) -> Any:
    """Codes a bit; returns it, int64. A decoder's `bit` is ignored.

    Args:
        node: of the decision tree: a slot of each line, and of other lines from 8 on.
        first, second: sets of weights.
        refine: the adaptive map.
    """
    slots, lines, guesses = mixer.slots, mixer.lines, mixer.guesses
    places, weights, maps = mixer.places, mixer.weights, mixer.maps
    inside, away = node & 7, (node >> 3) * 0x9E3778
    one_sum = guesses[GUESSES] * weights[first, GUESSES]
    two_sum = guesses[GUESSES] * weights[second, GUESSES]
    for i in range(GUESSES):
        place = (lines[i] ^ away) & _LINES | inside
        places[i] = place
        seen = slots[place]
        guess = (STRETCH[seen >> np.uint32(20)] * _TRUST[seen & _COUNT]) >> 8
        guesses[i] = guess
        one_sum += guess * weights[first, i]
        two_sum += guess * weights[second, i]
    one_sum = min(max(one_sum >> 16, -REACH), REACH)
    two_sum = min(max(two_sum >> 16, -REACH), REACH)
    mean = (one_sum + two_sum) >> 1
    chance = SQUASH[mean + REACH]
    at = min(max(mean, -2047), 2047) + 2048
    low, part = at >> 7, at & 127
    mapped = (maps[refine, low] * (128 - part) + maps[refine, low + 1] * part) >> 7
    final = min(max((chance + mapped) << 7, 1 << 6), (1 << 24) - (1 << 6))
    if coder.encoding:
        put_bit(coder.state, coder.words, (1 << 24) - final, bit)
    else:
        bit = np.int64(get_bit(coder.state, coder.words, (1 << 24) - final))
    goal = bit << 16
    one_error = (goal - SQUASH[one_sum + REACH]) * _WEIGHT_RATE
    two_error = (goal - SQUASH[two_sum + REACH]) * _WEIGHT_RATE
    for i in range(GUESSES + 1):
        weights[first, i] += (guesses[i] * one_error + (1 << 17)) >> 18
        weights[second, i] += (guesses[i] * two_error + (1 << 17)) >> 18
    near = low + (part >> 6)
    maps[refine, near] += ((bit * 65535) - maps[refine, near]) >> _MAP_RATE
    target = bit * ((1 << 22) - 1)
    for i in range(GUESSES):
        seen = slots[places[i]]
        count = np.int64(seen & _COUNT)
        chance = np.int64(seen >> np.uint32(10))
        chance += ((target - chance) * _SHARE[count]) >> 16
        slots[places[i]] = np.uint32(chance << 10 | min(count + 1, _MEMORY))
    return bit


_WIDEST = 1 << 15
_PACE = 12


@kernel
def predict(mixer: Any, colour: Any, place: Any) -> Any:
    """What a coefficient should be by `signals`, in the same unit."""
    total = 0
    for i in range(TAPS):
        mixer.signals[i] = min(max(mixer.signals[i], -_WIDEST), _WIDEST)
        total += mixer.signals[i] * mixer.taps[colour, place, i]
    return total >> 16


@kernel
def follow(mixer: Any, colour: Any, place: Any, error: Any) -> None:
    """Moves the weights of a prediction downhill (normalised least mean squares)."""
    power = 256
    for i in range(TAPS):
        power += mixer.signals[i] * mixer.signals[i]
    gain = (min(max(error, -_WIDEST), _WIDEST) << 20) // power
    for i in range(TAPS):
        mixer.taps[colour, place, i] += (mixer.signals[i] * gain) >> _PACE
