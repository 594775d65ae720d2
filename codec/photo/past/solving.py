"""Which integers a picture was made of.

A pixel that is not clipped names its luma and chroma samples. Behind the chroma stands a smaller
plane: intervals of its samples are narrowed, through the enlarging, until they are points. What
clipped pixels hide is found from the known samples around it, where a single choice gives all
pixels their colours; what is still open then is free, and chosen smooth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.past.enlarging import Geometry, Kind, enlarged_sample, place_of
from ncodec.photo.past.maps import Map, convert

__all__ = ["EXACT", "MISFIT", "OPEN", "Interval", "invert", "narrow", "settle_luma", "spread"]

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

EXACT, OPEN, MISFIT = range(3)
"""A pixel names its integers; is clipped and leaves some open; has none."""

_TOP = 255
_NONE = 1 << 40
_REACH = 8
"""How far an open sample is sought from the mean of the known ones around it."""
_CHANGED, _WIDE = 1, 2
_PASSES, _MENDING = 8, 2
"""Passes over all pixels to narrow intervals, and over all samples to mend what is wrong."""
_TURNS = 30
"""Passes over all samples for those with a single choice."""


def _nearest_first(steps: list[tuple[int, ...]]) -> I32:
    return np.array(sorted(steps, key=lambda step: sum(map(abs, step))), dtype=np.int32)


_AROUND = _nearest_first(
    [(y, c1, c2) for y in (-1, 0, 1) for c1 in (-1, 0, 1) for c2 in (-1, 0, 1)]
)
_SPAN = range(-_REACH, _REACH + 1)
_STEPS = _nearest_first([(c1, c2) for c1 in _SPAN for c2 in _SPAN])


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
            best = _NONE
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
    kind: Kind, g: Geometry, state: U8, chroma: I32, small1: Interval, small2: Interval
) -> None:
    """Narrows the intervals of smaller samples by the exact pixels; those that contradict others
    become misfits.

    Args:
        state: as `invert` gives it.
        chroma: int32 (2, height, width), c1 and c2 of the pixels.
        small1, small2: of the smaller planes' samples.
    """
    places = np.arange(g.height * g.width)
    count = len(places)
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


@kernel
def spread(m: Map, kind: Kind, g: Geometry, rgb: U8, small1: Interval, small2: Interval) -> None:
    """Makes points of all intervals of smaller samples: first those with a single choice that
    gives the pixels around their colours, from what is known there; then the others.

    Args:
        rgb: as for `invert`.
        small1, small2: of the smaller planes' samples.
    """
    range1 = Interval(small1.low.copy(), small1.high.copy())
    range2 = Interval(small2.low.copy(), small2.high.copy())
    known = np.zeros((g.rows, g.columns), dtype=np.uint8)
    fresh = np.ones((g.rows, g.columns), dtype=np.uint8)
    count = g.rows * g.columns
    for n in range(count):
        i, j = n // g.columns, n % g.columns
        single = small1.low[i, j] == small1.high[i, j] and small2.low[i, j] == small2.high[i, j]
        known[i, j] = single
    for turn in range(_TURNS + 1):
        changed = False
        for n in range(count):
            place = n if turn & 1 == 0 else count - 1 - n
            i, j = place // g.columns, place % g.columns
            if known[i, j] or not (fresh[i, j] or turn == _TURNS):
                continue
            fresh[i, j] = 0
            if _choose(m, kind, g, rgb, small1, small2, known, i, j, turn < _TURNS):
                changed = True
                for v in range(max(i - 1, 0), min(i + 2, g.rows)):
                    for u in range(max(j - 1, 0), min(j + 2, g.columns)):
                        fresh[v, u] = 1
        if not changed:
            break
    for n in range(count):
        i, j = n // g.columns, n % g.columns
        if not known[i, j]:
            _choose(m, kind, g, rgb, small1, small2, known, i, j, False)
    for _ in range(_MENDING):
        changed = False
        for n in range(count):
            i, j = n // g.columns, n % g.columns
            if range1.low[i, j] < range1.high[i, j] or range2.low[i, j] < range2.high[i, j]:
                changed |= _mend(
                    m, kind, g, rgb, small1.low, small2.low, range1, range2, known, i, j
                )
        if not changed:
            break


@kernel
def _mend(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: I32, small2: I32,
    range1: Interval, range2: Interval, known: U8, i: int, j: int,
) -> bool:  # fmt: skip
    """Changes a sample of either smaller plane, within its interval, if more pixels then have their
    colours."""
    least = _misses(m, kind, g, rgb, small1, small2, known, i, j, _NONE)
    old1, old2 = small1[i, j], small2[i, j]
    best1, best2 = old1, old2
    for n in range(len(_STEPS)):
        if least == 0:
            break
        first, second = old1 + _STEPS[n, 0], old2 + _STEPS[n, 1]
        if first < range1.low[i, j] or first > range1.high[i, j]:
            continue
        if second < range2.low[i, j] or second > range2.high[i, j]:
            continue
        small1[i, j], small2[i, j] = first, second
        misses = _misses(m, kind, g, rgb, small1, small2, known, i, j, least)
        if misses < least:
            least, best1, best2 = misses, first, second
    small1[i, j], small2[i, j] = best1, best2
    return best1 != old1 or best2 != old2


@kernel
def _choose(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: Interval, small2: Interval, known: U8,
    i: int, j: int, single: bool,
) -> bool:  # fmt: skip
    """Chooses a sample of either smaller plane, near those known around it.

    Args:
        known: which samples are points; gets this one.
        single: to choose only where one choice alone gives all pixels their colours.
    """
    total1, total2, count = 0, 0, 0
    for v in range(max(i - 1, 0), min(i + 2, g.rows)):
        for u in range(max(j - 1, 0), min(j + 2, g.columns)):
            if known[v, u]:
                total1 += small1.low[v, u]
                total2 += small2.low[v, u]
                count += 1
    low1, high1 = small1.low[i, j], small1.high[i, j]
    low2, high2 = small2.low[i, j], small2.high[i, j]
    if count:
        mean1, mean2 = (2 * total1 + count) // (2 * count), (2 * total2 + count) // (2 * count)
    elif single:
        return False
    else:
        mean1, mean2 = (low1 + high1) >> 1, (low2 + high2) >> 1
    mean1, mean2 = min(max(mean1, low1), high1), min(max(mean2, low2), high2)
    best1, best2, least, found = mean1, mean2, _NONE, 0
    for n in range(len(_STEPS)):
        first, second = mean1 + _STEPS[n, 0], mean2 + _STEPS[n, 1]
        if first < low1 or first > high1 or second < low2 or second > high2:
            continue
        small1.low[i, j], small2.low[i, j] = first, second
        misses = _misses(m, kind, g, rgb, small1.low, small2.low, known, i, j, least)
        if misses < least:
            least, best1, best2 = misses, first, second
        if misses == 0:
            found += 1
            if found == 2 or not single:
                break
    small1.low[i, j], small2.low[i, j] = low1, low2
    if single and found != 1:
        return False
    small1.low[i, j], small1.high[i, j] = best1, best1
    small2.low[i, j], small2.high[i, j] = best2, best2
    known[i, j] = 1
    return True


@kernel
def _misses(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: I32, small2: I32, known: U8,
    i: int, j: int, enough: int,
) -> int:  # fmt: skip
    """The number of pixels made of sample `i`, `j` and known ones that have no luma, up to
    `enough`."""
    top = ((i + g.first_row - kind.down) << kind.down) - g.top
    left = ((j + g.first_column - kind.across) << kind.across) - g.left
    count = 0
    for y in range(max(top, 0), min(top + 1 + 3 * kind.down, g.height)):
        for x in range(max(left, 0), min(left + 1 + 3 * kind.across, g.width)):
            row, column, phase = place_of(kind, g, y, x)
            touched, complete = False, True
            for k in range(4):
                if kind.taps[phase, k, 2]:
                    v, u = row + kind.taps[phase, k, 0], column + kind.taps[phase, k, 1]
                    if v == i and u == j:
                        touched = True
                    elif not known[v, u]:
                        complete = False
            if touched and complete:
                c1 = enlarged_sample(kind, g, small1, y, x)
                c2 = enlarged_sample(kind, g, small2, y, x)
                low, high = _luma_span(m, rgb, y, x, c1, c2)
                count += low > high
                if count >= enough:
                    return count
    return count


@kernel
def settle_luma(m: Map, rgb: U8, chroma: I32, luma: I32) -> int:
    """Chooses the luma of every pixel, given its chroma: one that gives its colour, near what the
    pixels left and above lead to expect.

    Args:
        rgb: as for `invert`.
        chroma: the enlarged planes, int32 (2, height, width).
        luma: gets the luma, int32 (height, width).

    Returns:
        The number of pixels that have none.
    """
    misses = 0
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            low, high = _luma_span(m, rgb, i, j, chroma[0, i, j], chroma[1, i, j])
            w = luma[i, j - 1] if j else (luma[i - 1, j] if i else 128)
            n = luma[i - 1, j] if i else w
            nw = luma[i - 1, j - 1] if i and j else n
            expected = min(max(w + n - nw, min(w, n)), max(w, n))
            if low > high:
                misses += 1
                luma[i, j] = min(max((low + high) >> 1, 0), _TOP)
            else:
                luma[i, j] = min(max(expected, low), high)
    return misses


@kernel
def _luma_span(m: Map, rgb: U8, i: int, j: int, c1: Any, c2: Any) -> tuple[int, int]:
    """The least and the largest luma that gives a pixel its colour; crossed if there is none."""
    red0, red1 = _limits(rgb[i, j, 0])
    green0, green1 = _limits(rgb[i, j, 1])
    blue0, blue1 = _limits(rgb[i, j, 2])
    red, blue = np.int64(m.red[c2]), np.int64(m.blue[c1])
    green = np.int64(m.green1[c1]) + np.int64(m.green2[c2])
    low = _number_below(m.luma, max(red0 - red, green0 - green, blue0 - blue))
    high = _number_below(m.luma, min(red1 - red, green1 - green, blue1 - blue)) - 1
    return low, high


@kernel(inline="always")
def _limits(value: Any) -> tuple[Any, Any]:
    """What the sum behind a sample of this value is at least, and below."""
    low = -_NONE if value == 0 else np.int64(value) << 16
    high = _NONE if value == _TOP else (np.int64(value) + 1) << 16
    return low, high


@kernel
def _number_below(table: I32, bound: Any) -> int:
    """How many values of a rising table are below `bound`."""
    low, high = 0, 256
    while low < high:
        middle = (low + high) >> 1
        if table[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low
