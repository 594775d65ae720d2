"""Whether a picture has a past that is known: which converter made it, from what size of chroma."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.photo.past.choosing import settle_luma, spread
from ncodec.photo.past.enlarging import KINDS, Geometry, Kind, enlarge
from ncodec.photo.past.maps import MAPS, Map
from ncodec.photo.past.solving import EXACT, MISFIT, Interval, invert, narrow
from ncodec.photo.simple.estimate import distinct

__all__ = ["Past", "find_past"]

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Phases = tuple[int, int, int]
"""The number of a kind, and the phases of the tile's first row and column."""

_SAMPLE = 8192
"""The number of pixels that are looked at first."""
_LEAST_SHARE = 0.9
"""The share of the pixels that a map must give: of more misfits the cost would eat the gain."""
_LEAST_COLOURS = 48
"""Fewer differences of colour than this tell no map from another."""
_BAD_COMPANY = 3
"""So many misfits around a pixel tell that it was pasted in: what of it fits does so by chance."""
_MARGIN = 2
"""Nor are pixels trusted that lie so near to what was pasted in: they may share chroma with it."""
_CROP = 64
_CROPS = 3
_MOST_CONFLICTS = 0.02
"""The share of a crop's pixels that may contradict a kind of enlarging."""
_MOST_MISFITS = 0.04
"""The share of a tile's pixels that may; of more of them the cost would eat the gain."""


@dataclass(frozen=True)
class Past:
    """What a tile was made of.

    Attributes:
        map, kind: numbers in MAPS and KINDS.
        top, left: the phases of the tile's first row and column in the enlarged chroma.
        luma: int32 (height, width).
        first, second: the chroma planes, int32, of the size that `Geometry` gives.
    """

    map: int
    kind: int
    top: int
    left: int
    luma: I32
    first: I32
    second: I32


def find_past(pixels: NDArray[Any]) -> Past | None:
    """The integers that `pixels`, (height, width, channels), were made of, if a map fits."""
    if pixels.dtype != np.uint8 or pixels.shape[2] != 3:
        return None
    pixels = np.ascontiguousarray(pixels)
    number = _map_of(pixels)
    if number is None:
        return None
    samples, state = _inverted(MAPS[number], pixels)
    foreign = _around(state == MISFIT) >= _BAD_COMPANY
    for _ in range(_MARGIN):
        foreign = _around(foreign) > 0
    state[(state == EXACT) & foreign] = MISFIT
    for phases in (*_kinds_of(samples, state), (0, 0, 0)):
        past, conflicts = _solved(number, phases, pixels, samples, state)
        if phases[0] == 0 or conflicts <= _MOST_MISFITS * state.size:
            return past
    return None


def _map_of(pixels: U8) -> int | None:
    """The map that gives nearly all of a sample of the pixels that are not clipped."""
    flat = pixels.reshape(-1, 3)
    some = flat[:: max(1, len(flat) // _SAMPLE)]
    some = some[(some.min(axis=1) > 0) & (some.max(axis=1) < 255)]
    hues = some[:, (0, 2)].astype(np.int32) - some[:, 1:2]
    if distinct(hues @ (1024, 1)) < _LEAST_COLOURS:
        return None
    shares = [
        float((_inverted(m, np.ascontiguousarray(some[np.newaxis]))[1] == EXACT).mean())
        for m in MAPS
    ]
    best = int(np.argmax(shares))
    return best if shares[best] >= _LEAST_SHARE else None


def _inverted(m: Map, pixels: U8) -> tuple[I32, U8]:
    samples = np.zeros((3, *pixels.shape[:2]), dtype=np.int32)
    state = np.zeros(pixels.shape[:2], dtype=np.uint8)
    invert(m, _inverse_of(m), pixels, samples, state)
    return samples, state


def _around(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How many of a pixel and the eight around it are marked."""
    padded = np.pad(mask.astype(np.int32), 1)
    rows: I32 = padded[:-2] + padded[1:-1] + padded[2:]
    total: I32 = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return total


def _inverse_of(m: Map) -> NDArray[np.float64]:
    """The inverse of the straight lines through a map's tables, float64 [3, 4]."""
    luma, red, green1, green2, blue = (
        np.polyfit(np.arange(256.0), table / 65536.0, 1) for table in m
    )
    forward = np.array([[luma[0], 0.0, red[0]], [luma[0], green1[0], green2[0]],
                        [luma[0], blue[0], 0.0]])  # fmt: skip
    # Sums are cut to integers: by half a level on average.
    offset = np.array([red[1], green1[1] + green2[1], blue[1]]) + luma[1] - 0.5
    inverse = np.linalg.inv(forward)
    return np.column_stack([inverse, -inverse @ offset])


def _kinds_of(samples: I32, state: U8) -> list[Phases]:
    """The enlargings that hold in the crops of most colour, those of the least chroma first."""
    crops = _crops(samples[1:])
    found = []
    for number, kind in enumerate(KINDS[1:], 1):
        for top in range(1 + kind.down):
            for left in range(1 + kind.across):
                shares = []
                for y, x in crops:
                    phases = (y + top) & 1, (x + left) & 1
                    shares.append(_conflicts(kind, *phases, samples, state, y, x))
                    if min(shares) > _MOST_CONFLICTS and len(shares) > 1:
                        break
                # What was pasted in may lie in one of them.
                if sorted(shares)[len(shares) // 2] <= _MOST_CONFLICTS:
                    found.append((-kind.down - kind.across, sum(shares), (number, top, left)))
    return [phases for *_, phases in sorted(found)]


def _crops(chroma: I32) -> list[tuple[int, int]]:
    """The corners of the crops whose chroma changes most."""
    _, height, width = chroma.shape
    corners = [
        (y, x)
        for y in range(0, max(1, height - _CROP + 1), _CROP)
        for x in range(0, max(1, width - _CROP + 1), _CROP)
    ]
    change = [
        np.abs(np.diff(chroma[:, y : y + _CROP, x : x + _CROP], axis=2)).sum() for y, x in corners
    ]
    order = np.argsort(change)[::-1][:_CROPS]
    return [corners[i] for i in order]


def _conflicts(kind: Kind, top: int, left: int, samples: I32, state: U8, y: int, x: int) -> float:
    """The share of a crop's pixels that contradict a kind of enlarging."""
    crop = (slice(y, y + _CROP), slice(x, x + _CROP))
    known = np.where(state[crop] == EXACT, EXACT, MISFIT).astype(np.uint8)
    height, width = known.shape
    before = int((known == EXACT).sum())
    if not before:
        return 1.0
    g = Geometry.of(kind, height, width, top, left)
    chroma = samples[(slice(1, 3), *crop)]
    too_many = int(_MOST_CONFLICTS * before) + 1
    return narrow(kind, g, known, chroma, _anything(g), _anything(g), too_many) / before


def _anything(g: Geometry) -> Interval:
    shape = (g.rows, g.columns)
    return Interval(np.zeros(shape, dtype=np.int32), np.full(shape, 255, dtype=np.int32))


def _solved(number: int, phases: Phases, pixels: U8, samples: I32, state: U8) -> tuple[Past, int]:
    """What a tile was made of if the map and the enlarging are these, and how many pixels that the
    map gives they do not give."""
    kind, top, left = phases
    m, k = MAPS[number], KINDS[kind]
    height, width = state.shape
    g = Geometry.of(k, height, width, top, left)
    misfits = int((state == MISFIT).sum())
    ranges = _anything(g), _anything(g)
    narrow(k, g, state.copy(), samples[1:], *ranges, state.size + 1)
    spread(m, k, g, pixels, *ranges)
    whole = np.empty((3, height, width), dtype=np.int32)
    small = [interval.low for interval in ranges]
    for plane, out in zip(small, whole[1:], strict=True):
        enlarge(k, g, plane, out)
    unfit = settle_luma(m, pixels, whole[1:], whole[0])
    past = Past(number, kind, top, left, whole[0], *small)
    return past, unfit - misfits
