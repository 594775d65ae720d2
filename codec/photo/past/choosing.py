"""What clipped pixels hide: samples of the smaller chroma planes are chosen so that the pixels that
are made of them have a luma that gives their colours.

First come samples with a single choice, from those known around them; what is still open then is
free, and chosen smooth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.past.enlarging import Geometry, Kind, enlarged_sample, place_of
from ncodec.photo.past.maps import Map
from ncodec.photo.past.solving import Interval, nearest_first

__all__ = ["settle_luma", "spread"]

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

_TOP = 255
_NONE = 1 << 40
_REACH = 8
"""How far a sample is sought from the mean of the known ones around it."""
_FEW = 4
"""Of so many choices the nearest is taken before others that are free."""
_MENDING = 2
"""Passes over all samples to mend what is wrong at last."""
_SPAN = range(-_REACH, _REACH + 1)
_STEPS = nearest_first([(c1, c2) for c1 in _SPAN for c2 in _SPAN])


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
    queued = np.ones((g.rows, g.columns), dtype=np.uint8)
    count = g.rows * g.columns
    for n in range(count):
        i, j = n // g.columns, n % g.columns
        single = small1.low[i, j] == small1.high[i, j] and small2.low[i, j] == small2.high[i, j]
        known[i, j] = single
    queue = np.arange(count)
    _follow(m, kind, g, rgb, small1, small2, known, queued, queue, count)
    for most in (_FEW, len(_STEPS)):
        for n in range(count):
            i, j = n // g.columns, n % g.columns
            if known[i, j] or not _choose(m, kind, g, rgb, small1, small2, known, i, j, most):
                continue
            more = 0
            for v in range(max(i - 1, 0), min(i + 2, g.rows)):
                for u in range(max(j - 1, 0), min(j + 2, g.columns)):
                    if not known[v, u]:
                        queued[v, u] = 1
                        queue[more] = v * g.columns + u
                        more += 1
            _follow(m, kind, g, rgb, small1, small2, known, queued, queue, more)
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
def _follow(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: Interval, small2: Interval, known: U8,
    queued: U8, queue: NDArray[np.int64], count: int,
) -> None:  # fmt: skip
    """Chooses the samples among the `count` in the ring `queue` that have a single choice, and what
    follows from them."""
    first, size = 0, len(queue)
    while count:
        place = queue[first]
        first, count = (first + 1) % size, count - 1
        i, j = place // g.columns, place % g.columns
        queued[i, j] = 0
        if known[i, j] or not _choose(m, kind, g, rgb, small1, small2, known, i, j, 1):
            continue
        for v in range(max(i - 1, 0), min(i + 2, g.rows)):
            for u in range(max(j - 1, 0), min(j + 2, g.columns)):
                if not known[v, u] and not queued[v, u]:
                    queued[v, u] = 1
                    queue[(first + count) % size] = v * g.columns + u
                    count += 1


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
    return bool(best1 != old1 or best2 != old2)


@kernel
def _choose(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: Interval, small2: Interval, known: U8,
    i: int, j: int, most: int,
) -> bool:  # fmt: skip
    """Chooses a sample of either smaller plane, near those known around it.

    Args:
        known: which samples are points; gets this one.
        most: to choose only where so many choices or fewer give all pixels their colours.

    Returns:
        Whether it was chosen.
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
    elif most < len(_STEPS):
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
            if found > most or most == len(_STEPS):
                break
    small1.low[i, j], small2.low[i, j] = low1, low2
    if most < len(_STEPS) and not 0 < found <= most:
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
