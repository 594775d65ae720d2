"""A sample as an interval of the range coder, from the circuit's cumulative weights.

256 samples have an interval: all of an 8-bit plane, the ones around the prediction in a deeper
one. There the first and last stand for all beyond them, too, and 16 bits tell how far.

    left(s) = (edge(s) - edge(0)) * scale >> 32, plus 4 s

with scale such that left(256) is within 2^24; the last interval ends there. Every interval is at
least 4 wide, so what the circuit rules out costs 22 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.ranges import TOTAL, advance, peek, put
from ncodec.photo.mixture import CENTRE, edge

__all__ = ["SYMBOLS", "base_of", "get_near", "get_sample", "mass_near", "put_near", "put_sample"]

SYMBOLS = 256
"""How many samples have an interval."""
_FLOOR = 4
_SPREAD = (TOTAL - SYMBOLS * _FLOOR) << 32
_FAR_SHIFT = 8
"""A distance beyond the last symbol has 16 bits; each of its values weighs 2^8 of 2^24."""

I32 = NDArray[np.int32]
Coder = NDArray[np.uint64]
Words = NDArray[np.uint32]


@inner_kernel(forceinline=True)
def put_sample(
    coder: Coder,
    words: Words,
    weights: Any,
    leaves: I32,
    prediction: int,
    aside: int,
    sample: int,
    top: int,
) -> tuple[int, int]:
    """Appends `sample`, 0 .. `top`; returns its first cell and its weight.

    Args:
        weights: the states' weights, from `mixture.weigh`.
        leaves: as for `mixture.edge`.
        prediction: the prediction in quarter levels, 0 .. 4 `top`.
        aside: how far the second half of the leaves lies below it.
    """
    base = base_of(prediction, top)
    symbol = min(max(sample - base, 0), SYMBOLS - 1)
    cell, mass = put_near(coder, words, weights, leaves, prediction, aside, symbol, base)
    if symbol == 0 and base > 0:
        put(coder, words, (base - sample) << _FAR_SHIFT, 1 << _FAR_SHIFT)
    if symbol == SYMBOLS - 1 and base + symbol < top:
        put(coder, words, (sample - base - symbol) << _FAR_SHIFT, 1 << _FAR_SHIFT)
    return cell, mass


@inner_kernel(forceinline=True)
def put_near(
    coder: Coder,
    words: Words,
    weights: Any,
    leaves: I32,
    prediction: int,
    aside: int,
    symbol: int,
    base: int,
) -> tuple[int, int]:
    """Appends a symbol, 0 .. 255, of those from `base` on; returns what `put_sample` does."""
    origin = 4 * base - 2 - prediction + CENTRE
    least = edge(weights, leaves, origin, aside)
    span = edge(weights, leaves, origin + 4 * SYMBOLS, aside) - least
    scale = _SPREAD // max(span, 1)
    cell = origin + 4 * symbol
    low = edge(weights, leaves, cell, aside)
    high = edge(weights, leaves, cell + 4, aside)
    first = _left(low - least, scale, symbol)
    last = TOTAL if symbol == SYMBOLS - 1 else _left(high - least, scale, symbol + 1)
    put(coder, words, first, last - first)
    return cell, high - low


@inner_kernel(forceinline=True)
def get_sample(
    coder: Coder, words: Words, weights: Any, leaves: I32, prediction: int, aside: int, top: int
) -> tuple[int, int, int]:
    """The next sample, its first cell and its weight; arguments as for `put_sample`."""
    base = base_of(prediction, top)
    symbol, cell, mass = get_near(coder, words, weights, leaves, prediction, aside, base)
    sample = base + symbol
    if symbol == 0 and base > 0:
        sample = max(sample - _get_distance(coder, words), 0)
    if symbol == SYMBOLS - 1 and base + symbol < top:
        sample = min(sample + _get_distance(coder, words), top)
    return sample, cell, mass


@inner_kernel(forceinline=True)
def get_near(
    coder: Coder, words: Words, weights: Any, leaves: I32, prediction: int, aside: int, base: int
) -> tuple[int, int, int]:
    """The next symbol, 0 .. 255, of those from `base` on, its first cell and its weight."""
    origin = 4 * base - 2 - prediction + CENTRE
    least = edge(weights, leaves, origin, aside)
    span = edge(weights, leaves, origin + 4 * SYMBOLS, aside) - least
    scale = _SPREAD // max(span, 1)
    point = np.int64(peek(coder))
    # Intervals `under` .. `over` - 1 hold the point. Mostly it is in one of the three around the
    # prediction, whose edges are found side by side; if not, the search widens from them.
    probe = min(max(((prediction + 2) >> 2) - base, 2), SYMBOLS - 3)
    a = edge(weights, leaves, origin + 4 * (probe - 1), aside)
    b = edge(weights, leaves, origin + 4 * probe, aside)
    c = edge(weights, leaves, origin + 4 * (probe + 1), aside)
    d = edge(weights, leaves, origin + 4 * (probe + 2), aside)
    left_a, left_b = _left(a - least, scale, probe - 1), _left(b - least, scale, probe)
    left_c, left_d = _left(c - least, scale, probe + 1), _left(d - least, scale, probe + 2)
    under, low, first = 0, least, 0
    over, high, last = SYMBOLS, least + span, TOTAL
    if left_a <= point < left_d:
        under, low, first = probe - 1, a, left_a
        over, high, last = probe, b, left_b
        if left_b <= point:
            under, low, first = probe, b, left_b
            over, high, last = probe + 1, c, left_c
        if left_c <= point:
            under, low, first = probe + 1, c, left_c
            over, high, last = probe + 2, d, left_d
    elif point < left_a:
        over, high, last = probe - 1, a, left_a
        probe -= 3
    else:
        under, low, first = probe + 2, d, left_d
        probe += 4
    jump = 4
    while over - under > 1:
        probe = min(max(probe, under + 1), over - 1)
        value = edge(weights, leaves, origin + 4 * probe, aside)
        left = _left(value - least, scale, probe)
        if left <= point:
            under, low, first = probe, value, left
            probe = under + jump if over == SYMBOLS else (under + over) >> 1
        else:
            over, high, last = probe, value, left
            probe = over - jump if under == 0 else (under + over) >> 1
        jump *= 2
    advance(coder, words, first, last - first)
    return under, origin + 4 * under, high - low


@inner_kernel(forceinline=True)
def mass_near(weights: Any, leaves: I32, prediction: int, aside: int, sample: int, top: int) -> Any:
    """The width, of 2^24, of a sample's interval; 0 if it has none of its own."""
    base = base_of(prediction, top)
    symbol = sample - base
    if symbol < 0 or symbol >= SYMBOLS:
        return np.int64(0)
    origin = 4 * base - 2 - prediction + CENTRE
    span = edge(weights, leaves, origin + 4 * SYMBOLS, aside)
    span -= edge(weights, leaves, origin, aside)
    cell = origin + 4 * symbol
    mass = edge(weights, leaves, cell + 4, aside) - edge(weights, leaves, cell, aside)
    return (mass * (_SPREAD // max(span, 1)) >> 32) + _FLOOR


@inner_kernel(forceinline=True)
def base_of(prediction: int, top: int) -> int:
    """The sample that symbol 0 stands for."""
    return min(max((prediction >> 2) - SYMBOLS // 2, 0), top - (SYMBOLS - 1))


@inner_kernel(forceinline=True)
def _left(weight: Any, scale: int, symbol: int) -> Any:
    return ((weight * scale) >> 32) + symbol * _FLOOR


@inner_kernel(forceinline=True)
def _get_distance(coder: Coder, words: Words) -> Any:
    distance = np.int64(peek(coder)) >> _FAR_SHIFT
    advance(coder, words, distance << _FAR_SHIFT, 1 << _FAR_SHIFT)
    return distance
