"""Which integers a picture was made of.

A pixel that is not clipped names its luma and chroma samples. Behind the chroma stands a smaller
plane: intervals of its samples are narrowed, through the enlarging, until they are points, or as
narrow as they get.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.past.enlarging import Geometry, Kind, place_of
from ncodec.photo.past.maps import Map, convert

__all__ = ["EXACT", "MISFIT", "OPEN", "Interval", "invert", "narrow", "nearest_first"]

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

EXACT, OPEN, MISFIT = range(3)
"""A pixel names its integers; is clipped and leaves some open; has none."""

_TOP = 255
_PASSES = 8
"""Passes over all pixels to narrow intervals."""
_CHANGED, _WIDE = 1, 2


def nearest_first(steps: list[tuple[int, ...]]) -> I32:
    """Steps, int32 [count, axes], in the order of the sum of their magnitudes."""
    return np.array(sorted(steps, key=lambda step: sum(map(abs, step))), dtype=np.int32)


_AROUND = nearest_first([(y, c1, c2) for y in (-1, 0, 1) for c1 in (-1, 0, 1) for c2 in (-1, 0, 1)])


class Interval(NamedTuple):
    """The least and the largest value that each sample of a plane may have, int32."""

    low: I32
    high: I32


@kernel
def invert(m: Map, inverse: NDArray[np.float64], rgb: U8, samples: I32, state: U8) -> None:
    """Finds the integers of each pixel.

    Args:
        inverse: float64 [3, 4], the integers as an affine function of R, G and B, about.
        rgb: uint8 (height, width, 3).
        samples: int32 (3, height, width), gets y, c1 and c2; the nearest ones if none fit.
        state: uint8 (height, width), gets EXACT, OPEN or MISFIT.
    """
    guess = np.zeros(3, dtype=np.int64)
    best: Any
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            r, g, b = np.int64(rgb[i, j, 0]), np.int64(rgb[i, j, 1]), np.int64(rgb[i, j, 2])
            for k in range(3):
                value = inverse[k, 0] * r + inverse[k, 1] * g + inverse[k, 2] * b + inverse[k, 3]
                guess[k] = np.int64(np.floor(min(max(value, 0.0), 255.0) + 0.5))
            clipped = min(r, g, b) == 0 or max(r, g, b) == _TOP
            state[i, j] = OPEN if clipped else MISFIT
            best = 1 << 40
            for n in range(len(_AROUND)):
                y = min(max(guess[0] + _AROUND[n, 0], 0), _TOP)
                c1 = min(max(guess[1] + _AROUND[n, 1], 0), _TOP)
                c2 = min(max(guess[2] + _AROUND[n, 2], 0), _TOP)
                red, green, blue = convert(m, y, c1, c2)
                miss = abs(red - r) + abs(green - g) + abs(blue - b)
                if miss < best:
                    best = miss
                    samples[0, i, j], samples[1, i, j], samples[2, i, j] = y, c1, c2
                    if miss == 0:
                        break
            if best == 0 and not clipped:
                state[i, j] = EXACT


@kernel
def narrow(
    kind: Kind, g: Geometry, state: U8, chroma: I32, small1: Interval, small2: Interval, most: int
) -> int:
    """Narrows the intervals of smaller samples by the exact pixels; those that contradict others
    become misfits.

    Args:
        state: as `invert` gives it.
        chroma: int32 (2, height, width), c1 and c2 of the pixels.
        small1, small2: of the smaller planes' samples.
        most: so many contradictions are looked for, and not more.

    Returns:
        The contradictions.
    """
    places = np.arange(g.height * g.width)
    count = len(places)
    misfits = 0
    for _ in range(_PASSES):
        changed, kept = False, 0
        for n in range(count):
            place = places[n]
            y, x = place // g.width, place % g.width
            if state[y, x] != EXACT:
                continue
            first = _narrow_sample(kind, g, small1, chroma[0, y, x], y, x)
            second = _narrow_sample(kind, g, small2, chroma[1, y, x], y, x)
            if min(first, second) < 0:
                state[y, x] = MISFIT
                misfits += 1
                if misfits >= most:
                    return misfits
                continue
            if (first | second) & _CHANGED:
                changed = True
            if (first | second) & _WIDE:
                places[kept] = place
                kept += 1
        count = kept
        # The other way round next time: what follows from what travels fast either way.
        for n in range(count >> 1):
            places[n], places[count - 1 - n] = places[count - 1 - n], places[n]
        if not changed:
            break
    return misfits


@kernel
def _narrow_sample(kind: Kind, g: Geometry, small: Interval, value: Any, y: int, x: int) -> int:
    """Narrows the smaller samples that make one of `value`.

    Returns:
        _CHANGED and _WIDE, if intervals changed, and if one of them is not yet a point; -1 if
        nothing fits.
    """
    i, j, phase = place_of(kind, g, y, x)
    least, most = np.int64(0), np.int64(0)
    for k in range(4):
        weight = kind.taps[phase, k, 2]
        if weight:
            row, column = i + kind.taps[phase, k, 0], j + kind.taps[phase, k, 1]
            least += weight * small.low[row, column]
            most += weight * small.high[row, column]
    at_least = (np.int64(value) << kind.shift[phase]) - kind.rounding[phase]
    at_most = at_least + (1 << kind.shift[phase]) - 1
    if least > at_most or most < at_least:
        return -1
    changed = 0
    for k in range(4):
        weight = np.int64(kind.taps[phase, k, 2])
        if weight and least < most:
            row, column = i + kind.taps[phase, k, 0], j + kind.taps[phase, k, 1]
            low, high = np.int64(small.low[row, column]), np.int64(small.high[row, column])
            new_low = max(low, -((most - weight * high - at_least) // weight))
            new_high = min(high, (at_most - (least - weight * low)) // weight)
            if new_low > new_high:
                return -1
            if new_low != low or new_high != high:
                least += weight * (new_low - low)
                most += weight * (new_high - high)
                small.low[row, column], small.high[row, column] = new_low, new_high
                changed = _CHANGED
    return changed | (_WIDE if least != most else 0)
