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
from ncodec.photo.past.enlarging import Geometry, Kind, place_of
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
_MOST_PIXELS = 16
"""The most pixels that a sample makes a part of."""
Pixels = NDArray[np.int64]
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
    pixels = np.empty((_MOST_PIXELS, 10), dtype=np.int64)
    _follow(m, kind, g, rgb, small1, small2, known, queued, queue, count, pixels)
    for most in (_FEW, len(_STEPS)):
        for n in range(count):
            i, j = n // g.columns, n % g.columns
            if known[i, j] or not _choose(
                m, kind, g, rgb, small1, small2, known, i, j, most, pixels
            ):
                continue
            more = 0
            for v in range(max(i - 1, 0), min(i + 2, g.rows)):
                for u in range(max(j - 1, 0), min(j + 2, g.columns)):
                    if not known[v, u]:
                        queued[v, u] = 1
                        queue[more] = v * g.columns + u
                        more += 1
            _follow(m, kind, g, rgb, small1, small2, known, queued, queue, more, pixels)
    for _ in range(_MENDING):
        changed = False
        for n in range(count):
            i, j = n // g.columns, n % g.columns
            if range1.low[i, j] < range1.high[i, j] or range2.low[i, j] < range2.high[i, j]:
                changed |= _mend(
                    m, kind, g, rgb, small1.low, small2.low, range1, range2, known, i, j, pixels
                )
        if not changed:
            break


@kernel
def _follow(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: Interval, small2: Interval, known: U8,
    queued: U8, queue: NDArray[np.int64], count: int, pixels: Pixels,
) -> None:  # fmt: skip
    """Chooses the samples among the `count` in the ring `queue` that have a single choice, and what
    follows from them."""
    first, size = 0, len(queue)
    while count:
        place = queue[first]
        first, count = (first + 1) % size, count - 1
        i, j = place // g.columns, place % g.columns
        queued[i, j] = 0
        if known[i, j] or not _choose(m, kind, g, rgb, small1, small2, known, i, j, 1, pixels):
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
    range1: Interval, range2: Interval, known: U8, i: int, j: int, pixels: Pixels,
) -> bool:  # fmt: skip
    """Changes a sample of either smaller plane, within its interval, if more pixels then have their
    colours."""
    old1, old2 = small1[i, j], small2[i, j]
    number = _pixels_of(kind, g, rgb, small1, small2, known, i, j, pixels)
    least = _misses(m, pixels, number, old1, old2, _NONE)
    best1, best2 = old1, old2
    for n in range(len(_STEPS)):
        if least == 0:
            break
        first, second = old1 + _STEPS[n, 0], old2 + _STEPS[n, 1]
        if first < range1.low[i, j] or first > range1.high[i, j]:
            continue
        if second < range2.low[i, j] or second > range2.high[i, j]:
            continue
        misses = _misses(m, pixels, number, first, second, least)
        if misses < least:
            least, best1, best2 = misses, first, second
    small1[i, j], small2[i, j] = best1, best2
    return bool(best1 != old1 or best2 != old2)


@kernel
def _choose(
    m: Map, kind: Kind, g: Geometry, rgb: U8, small1: Interval, small2: Interval, known: U8,
    i: int, j: int, most: int, pixels: Pixels,
) -> bool:  # fmt: skip
    """Chooses a sample of either smaller plane, near those known around it.

    Args:
        known: which samples are points; gets this one.
        pixels: scratch, for `_pixels_of`.
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
    number = _pixels_of(kind, g, rgb, small1.low, small2.low, known, i, j, pixels)
    for n in range(len(_STEPS)):
        first, second = mean1 + _STEPS[n, 0], mean2 + _STEPS[n, 1]
        if first < low1 or first > high1 or second < low2 or second > high2:
            continue
        misses = _misses(m, pixels, number, first, second, least)
        if misses < least:
            least, best1, best2 = misses, first, second
        if misses == 0:
            found += 1
            if found > most or most == len(_STEPS):
                break
    if most < len(_STEPS) and not 0 < found <= most:
        return False
    small1.low[i, j], small1.high[i, j] = best1, best1
    small2.low[i, j], small2.high[i, j] = best2, best2
    known[i, j] = 1
    return True


@kernel
def _pixels_of(
    kind: Kind, g: Geometry, rgb: U8, small1: I32, small2: I32, known: U8, i: int, j: int,
    pixels: Pixels,
) -> int:  # fmt: skip
    """Fills in `pixels` with those that are made of sample `i`, `j` and known ones: for each the
    sums of either plane's known samples, the weight of this one, the shift, and the limits of its
    colour. Returns their number."""
    top = ((i + g.first_row - kind.down) << kind.down) - g.top
    left = ((j + g.first_column - kind.across) << kind.across) - g.left
    count = 0
    for y in range(max(top, 0), min(top + 1 + 3 * kind.down, g.height)):
        for x in range(max(left, 0), min(left + 1 + 3 * kind.across, g.width)):
            row, column, phase = place_of(kind, g, y, x)
            touched, complete = False, True
            sum1, sum2 = np.int64(kind.rounding[phase]), np.int64(kind.rounding[phase])
            for k in range(4):
                weight = np.int64(kind.taps[phase, k, 2])
                if weight:
                    v, u = row + kind.taps[phase, k, 0], column + kind.taps[phase, k, 1]
                    if v == i and u == j:
                        touched = True
                        pixels[count, 2] = weight
                    elif known[v, u]:
                        sum1 += weight * small1[v, u]
                        sum2 += weight * small2[v, u]
                    else:
                        complete = False
            if touched and complete:
                pixels[count, 0], pixels[count, 1] = sum1, sum2
                pixels[count, 3] = kind.shift[phase]
                for channel in range(3):
                    low, high = _limits(rgb[y, x, channel])
                    pixels[count, 4 + 2 * channel], pixels[count, 5 + 2 * channel] = low, high
                count += 1
    return count


@kernel
def _misses(m: Map, pixels: Pixels, number: int, first: int, second: int, enough: int) -> int:
    """How many of so many pixels have no luma with these samples, up to `enough`."""
    count = 0
    for n in range(number):
        c1 = (pixels[n, 0] + pixels[n, 2] * first) >> pixels[n, 3]
        c2 = (pixels[n, 1] + pixels[n, 2] * second) >> pixels[n, 3]
        low, high = _luma_within(m, pixels[n, 4:], c1, c2)
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
    return _luma_within(m, (red0, red1, green0, green1, blue0, blue1), c1, c2)


@kernel
def _luma_within(m: Map, limits: Any, c1: Any, c2: Any) -> tuple[int, int]:
    """The same, of the limits of the sums behind red, green and blue."""
    red, blue = np.int64(m.red[c2]), np.int64(m.blue[c1])
    green = np.int64(m.green1[c1]) + np.int64(m.green2[c2])
    low = _number_below(m.luma, max(limits[0] - red, limits[2] - green, limits[4] - blue))
    high = _number_below(m.luma, min(limits[1] - red, limits[3] - green, limits[5] - blue)) - 1
    return low, high


@kernel(inline="always")
def _limits(value: Any) -> tuple[Any, Any]:
    """What the sum behind a sample of this value is at least, and below."""
    low = -_NONE if value == 0 else np.int64(value) << 16
    high = _NONE if value == _TOP else (np.int64(value) + 1) << 16
    return low, high


@kernel
def _number_below(table: I32, bound: Any) -> int:
    """How many values of a rising table, which is nearly straight, are below `bound`."""
    start, end = np.int64(table[0]), np.int64(table[_TOP])
    if bound <= start:
        return 0
    if bound > end:
        return _TOP + 1
    number: int = (bound - start) * _TOP // (end - start)
    while table[number] < bound:
        number += 1
    while table[number - 1] >= bound:
        number -= 1
    return number
