"""Which integers a picture was made of, found by narrowing intervals until they are points.

A pixel that is not clipped names its luma and chroma samples. What a clipped one leaves open, and
the smaller chroma plane behind the enlarged one, follow from intervals: those of the three samples
of a pixel bound each other through its R, G and B, those of a chroma sample and of the smaller
samples that it is made of through the enlarging. What is still open then is free to choose, and is
chosen smooth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.past.enlarging import Geometry, Kind
from ncodec.photo.past.maps import Map, convert

__all__ = ["EXACT", "MISFIT", "OPEN", "Interval", "fill", "invert", "narrow", "repair", "settle_luma"]

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

EXACT, OPEN, MISFIT = range(3)
"""A pixel names its integers; is clipped and leaves some open; has none."""

CHANGED, WIDE = 1, 2
_SWEEPS = 8
_TOP = 255
_AROUND = np.array(
    sorted(
        ((y, c1, c2) for y in (-1, 0, 1) for c1 in (-1, 0, 1) for c2 in (-1, 0, 1)),
        key=lambda step: sum(map(abs, step)),
    ),
    dtype=np.int32,
)
_FEW = 30
"""Passes over all pixels until intervals are called as narrow as they get."""


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
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            r, g, b = np.int64(rgb[i, j, 0]), np.int64(rgb[i, j, 1]), np.int64(rgb[i, j, 2])
            for k in range(3):
                value = inverse[k, 0] * r + inverse[k, 1] * g + inverse[k, 2] * b + inverse[k, 3]
                guess[k] = np.int64(np.floor(value + 0.5))
            clipped = min(r, g, b) == 0 or max(r, g, b) == _TOP
            state[i, j] = OPEN if clipped else MISFIT
            best = np.int64(1 << 40)
            for n in range(len(_AROUND)):
                y, c1, c2 = guess[0] + _AROUND[n, 0], guess[1] + _AROUND[n, 1], guess[2] + _AROUND[n, 2]
                if min(y, c1, c2) < 0 or max(y, c1, c2) > _TOP:
                    continue
                red, green, blue = convert(m, y, c1, c2)
                miss = abs(red - r) + abs(green - g) + abs(blue - b)
                if miss < best:
                    best = miss
                    samples[0, i, j], samples[1, i, j], samples[2, i, j] = y, c1, c2
                    if miss == 0 and not clipped:
                        state[i, j] = EXACT
                    if miss == 0:
                        break
            if best == 1 << 40:
                for k in range(3):
                    samples[k, i, j] = min(max(guess[k], 0), _TOP)


@kernel
def _first_at_least(table: I32, bound: int, rising: bool) -> int:
    """The number of values, from 0 up, for which a rising table is below `bound`, or a falling one
    at or above it."""
    low, high = 0, 256
    while low < high:
        middle = (low + high) >> 1
        if (table[middle] < bound) if rising else (table[middle] >= bound):
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _limits(value: int) -> tuple[int, int]:
    """What the sum behind a sample of this value is at least and below."""
    low = -(1 << 40) if value == 0 else value << 16
    high = 1 << 40 if value == _TOP else (value + 1) << 16
    return low, high


@kernel
def _clipped_pixel(m: Map, rgb: U8, y: Interval, c1: Interval, c2: Interval, i: int, j: int) -> int:
    """Narrows the intervals of one pixel's samples by its colour.

    Returns:
        1 if they changed, 0 if not, -1 if nothing fits; then they stay as they are.
    """
    y0, y1 = np.int64(y.low[i, j]), np.int64(y.high[i, j])
    a0, a1 = np.int64(c1.low[i, j]), np.int64(c1.high[i, j])
    b0, b1 = np.int64(c2.low[i, j]), np.int64(c2.high[i, j])
    red0, red1 = _limits(np.int64(rgb[i, j, 0]))
    green0, green1 = _limits(np.int64(rgb[i, j, 1]))
    blue0, blue1 = _limits(np.int64(rgb[i, j, 2]))
    changed = 0
    for _ in range(4):
        before = (y1 - y0) + (a1 - a0) + (b1 - b0)
        # Sums rise with y, c2 in red, c1 in blue, and fall with c1 and c2 in green.
        least = max(red0 - m.red[b1], blue0 - m.blue[a1], green0 - m.green1[a0] - m.green2[b0])
        most = min(red1 - m.red[b0], blue1 - m.blue[a0], green1 - m.green1[a1] - m.green2[b1])
        y0 = max(y0, _first_at_least(m.luma, least, True))
        y1 = min(y1, _first_at_least(m.luma, most, True) - 1)
        if y0 > y1:
            return -1
        a0 = max(a0, _first_at_least(m.blue, blue0 - m.luma[y1], True))
        a1 = min(a1, _first_at_least(m.blue, blue1 - m.luma[y0], True) - 1)
        if a0 > a1:
            return -1
        a0 = max(a0, _first_at_least(m.green1, green1 - m.luma[y0] - m.green2[b1], False))
        a1 = min(a1, _first_at_least(m.green1, green0 - m.luma[y1] - m.green2[b0], False) - 1)
        if a0 > a1:
            return -1
        b0 = max(b0, _first_at_least(m.red, red0 - m.luma[y1], True))
        b1 = min(b1, _first_at_least(m.red, red1 - m.luma[y0], True) - 1)
        if b0 > b1:
            return -1
        b0 = max(b0, _first_at_least(m.green2, green1 - m.luma[y0] - m.green1[a1], False))
        b1 = min(b1, _first_at_least(m.green2, green0 - m.luma[y1] - m.green1[a0], False) - 1)
        if b0 > b1:
            return -1
        if (y1 - y0) + (a1 - a0) + (b1 - b0) == before:
            break
        changed = 1
    if changed:
        y.low[i, j], y.high[i, j] = y0, y1
        c1.low[i, j], c1.high[i, j] = a0, a1
        c2.low[i, j], c2.high[i, j] = b0, b1
    return changed


@kernel
def _enlarged_pixel(
    kind: Kind, g: Geometry, small: Interval, full: Interval, y: int, x: int
) -> int:
    """Narrows one enlarged sample by the smaller ones that make it, and them by it.

    Returns:
        CHANGED and WIDE, if intervals changed, and if one of the smaller samples is not yet a
        point; -1 if nothing fits.
    """
    i = ((y + g.top) >> kind.down) - g.first_row
    j = ((x + g.left) >> kind.across) - g.first_column
    phase = 2 * ((y + g.top) & kind.down) + ((x + g.left) & kind.across)
    least, most = np.int64(0), np.int64(0)
    for k in range(4):
        weight = kind.taps[phase, k, 2]
        if weight:
            row, column = i + kind.taps[phase, k, 0], j + kind.taps[phase, k, 1]
            least += weight * small.low[row, column]
            most += weight * small.high[row, column]
    rounding, shift = np.int64(kind.rounding[phase]), np.int64(kind.shift[phase])
    low = max(np.int64(full.low[y, x]), (least + rounding) >> shift)
    high = min(np.int64(full.high[y, x]), (most + rounding) >> shift)
    if low > high:
        return -1
    changed = 0
    if low != full.low[y, x] or high != full.high[y, x]:
        full.low[y, x], full.high[y, x] = low, high
        changed = CHANGED
    if least == most:
        return changed
    at_least = (low << shift) - rounding
    at_most = ((high + 1) << shift) - 1 - rounding
    for k in range(4):
        weight = np.int64(kind.taps[phase, k, 2])
        if weight:
            row, column = i + kind.taps[phase, k, 0], j + kind.taps[phase, k, 1]
            old_low, old_high = np.int64(small.low[row, column]), np.int64(small.high[row, column])
            new_low = max(old_low, -((most - weight * old_high - at_least) // weight))
            new_high = min(old_high, (at_most - (least - weight * old_low)) // weight)
            if new_low > new_high:
                return -1
            if new_low != old_low or new_high != old_high:
                least += weight * (new_low - old_low)
                most += weight * (new_high - old_high)
                small.low[row, column], small.high[row, column] = new_low, new_high
                changed = CHANGED
    return changed | (WIDE if least != most else 0)


@kernel
def narrow(
    m: Map, kind: Kind, g: Geometry, rgb: U8, state: U8, y: Interval,
    c1: Interval, c2: Interval, small1: Interval, small2: Interval,
) -> None:  # fmt: skip
    """Narrows all intervals until none changes; pixels that contradict others become misfits.

    Args:
        rgb, state: as for `invert`.
        y, c1, c2: of the pixels' samples.
        small1, small2: of the smaller planes' samples.
    """
    places = np.arange(g.height * g.width)
    count = len(places)
    for turn in range(_FEW):
        changed, kept = False, 0
        for n in range(count):
            place = places[n]
            i, j = place // g.width, place % g.width
            if state[i, j] == MISFIT:
                continue
            first = _enlarged_pixel(kind, g, small1, c1, i, j)
            second = _enlarged_pixel(kind, g, small2, c2, i, j)
            third = 0
            if state[i, j] == OPEN:
                third = _clipped_pixel(m, rgb, y, c1, c2, i, j)
            if min(first, second, third) < 0:
                state[i, j] = MISFIT
                continue
            if (first | second | third) & CHANGED:
                changed = True
            if (first | second) & WIDE or state[i, j] == OPEN:
                places[kept] = place
                kept += 1
        count = kept
        # The other way round next time: what follows from what travels fast either way.
        for n in range(count >> 1):
            places[n], places[count - 1 - n] = places[count - 1 - n], places[n]
        if not changed:
            break


@kernel
def fill(small: Interval, out: I32) -> None:
    """Chooses every sample of a smaller plane, near those left and above, within its interval."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            low, high = small.low[i, j], small.high[i, j]
            w = out[i, j - 1] if j else (out[i - 1, j] if i else (low + high) >> 1)
            n = out[i - 1, j] if i else w
            out[i, j] = min(max((w + n + 1) >> 1, low), high)


@kernel(inline="always")
def _enlarged(kind: Kind, g: Geometry, small: I32, y: int, x: int) -> int:
    i = ((y + g.top) >> kind.down) - g.first_row
    j = ((x + g.left) >> kind.across) - g.first_column
    phase = 2 * ((y + g.top) & kind.down) + ((x + g.left) & kind.across)
    total = np.int64(kind.rounding[phase])
    for k in range(4):
        weight = kind.taps[phase, k, 2]
        if weight:
            total += weight * small[i + kind.taps[phase, k, 0], j + kind.taps[phase, k, 1]]
    return total >> kind.shift[phase]


@kernel
def _luma_span(m: Map, rgb: U8, i: int, j: int, c1: int, c2: int) -> tuple[int, int]:
    """The least and the largest luma that gives a pixel its colour; none if they are crossed."""
    red0, red1 = _limits(np.int64(rgb[i, j, 0]))
    green0, green1 = _limits(np.int64(rgb[i, j, 1]))
    blue0, blue1 = _limits(np.int64(rgb[i, j, 2]))
    red, blue = np.int64(m.red[c2]), np.int64(m.blue[c1])
    green = np.int64(m.green1[c1]) + np.int64(m.green2[c2])
    low = _first_at_least(m.luma, max(red0 - red, green0 - green, blue0 - blue), True)
    high = _first_at_least(m.luma, min(red1 - red, green1 - green, blue1 - blue), True) - 1
    return low, high


@kernel
def _conflicts(
    m: Map, kind: Kind, g: Geometry, rgb: U8, state: U8, small1: I32, small2: I32, i: int, j: int
) -> int:
    """The number of pixels near sample `i`, `j` of the smaller planes that have no luma."""
    first_y = ((i + g.first_row - kind.down) << kind.down) - g.top
    first_x = ((j + g.first_column - kind.across) << kind.across) - g.left
    count = 0
    for v in range(max(first_y, 0), min(first_y + 1 + 3 * kind.down, g.height)):
        for u in range(max(first_x, 0), min(first_x + 1 + 3 * kind.across, g.width)):
            if state[v, u] != MISFIT:
                c1, c2 = _enlarged(kind, g, small1, v, u), _enlarged(kind, g, small2, v, u)
                low, high = _luma_span(m, rgb, v, u, c1, c2)
                count += low > high
    return count


@kernel
def repair(
    m: Map, kind: Kind, g: Geometry, rgb: U8, state: U8, range1: Interval, range2: Interval,
    small1: I32, small2: I32, steps: I32,
) -> None:  # fmt: skip
    """Changes open samples of the smaller planes so that more pixels have a luma.

    Args:
        rgb, state: as for `invert`.
        range1, range2: between what the samples may be chosen.
        small1, small2: the planes, which are changed.
        steps: the changes to try on a pair of samples, nearest first, int32 [steps, 2].
    """
    for _ in range(_SWEEPS):
        improved = False
        for i in range(g.rows):
            for j in range(g.columns):
                if range1.low[i, j] == range1.high[i, j] and range2.low[i, j] == range2.high[i, j]:
                    continue
                least = _conflicts(m, kind, g, rgb, state, small1, small2, i, j)
                if least == 0:
                    continue
                old1, old2 = small1[i, j], small2[i, j]
                best1, best2 = old1, old2
                for n in range(len(steps)):
                    new1, new2 = old1 + steps[n, 0], old2 + steps[n, 1]
                    if new1 < range1.low[i, j] or new1 > range1.high[i, j]:
                        continue
                    if new2 < range2.low[i, j] or new2 > range2.high[i, j]:
                        continue
                    small1[i, j], small2[i, j] = new1, new2
                    count = _conflicts(m, kind, g, rgb, state, small1, small2, i, j)
                    if count < least:
                        least, best1, best2, improved = count, new1, new2, True
                        if count == 0:
                            break
                small1[i, j], small2[i, j] = best1, best2
        if not improved:
            break


@kernel
def settle_luma(
    m: Map, rgb: U8, state: U8, c1: I32, c2: I32, y: I32
) -> None:
    """Chooses the luma of every pixel, given its chroma: one that gives its colour, near what the
    pixels left and above lead to expect.

    Args:
        state: gets MISFIT where there is none and EXACT elsewhere.
        c1, c2: the enlarged planes, int32 (height, width).
        y: gets the luma, int32 (height, width).
    """
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            low, high = _luma_span(m, rgb, i, j, c1[i, j], c2[i, j])
            w = y[i, j - 1] if j else (y[i - 1, j] if i else 128)
            n = y[i - 1, j] if i else w
            nw = y[i - 1, j - 1] if i and j else n
            expected = min(max(w + n - nw, min(w, n)), max(w, n))
            if low > high:
                state[i, j] = MISFIT
                y[i, j] = min(max((low + high) >> 1, 0), _TOP)
            else:
                state[i, j] = EXACT
                y[i, j] = min(max(expected, low), high)
