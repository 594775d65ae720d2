"""Whether a picture was a JPEG file: its grid, its sampling and its quantisers, by measurement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.photo.past.jpeg_colours import CLIPPED, KNOWN, share_known, ycc_of
from ncodec.photo.past.jpeg_combs import best_standard, dct, evidence, tables_for
from ncodec.photo.past.jpeg_layout import Layout
from ncodec.photo.past.jpeg_recovery import blocks_of
from ncodec.photo.past.jpeg_samples import enlarge
from ncodec.photo.past.jpeg_shrink import shrunk

__all__ = ["Past", "find_jpeg"]

Array = NDArray[Any]

_LEAST_SIDE = 16

_KNOWN_SHARE = 0.45
"""Of pixels on the lattice, from which on a colour picture is looked at; by chance it is 0.24."""

_WINDOW = 384
"""The side of the part in which grid and sampling are sought."""

_BLOCKS = 160
"""Blocks a grid is judged by."""

_LEAST_EVIDENCE = 100.0
"""In nats; the best of wrong grids has far less."""

_LEAD = 2.0
"""How many times the evidence for the median grid the best one's must have."""

_ENOUGH = 4096
"""Pixels that tell how chroma was sampled."""

_APART = 0.03
"""The share of pixels that may differ once chroma was made smaller and enlarged again."""

_NOISE = 0.3
_SAMPLINGS = ((2, 2), (1, 2), (2, 1))
"""How many times smaller chroma may have been, down and across."""


@dataclass(frozen=True)
class Past:
    """What was found.

    Attributes:
        layout: the grid.
        tables: int64 [2, 64] each, the quantisers of luma and chroma in natural order that are
            worth trying.
        planes, kinds: the picture as `recover` takes it.
    """

    layout: Layout
    tables: list[Array]
    planes: Array
    kinds: Array


def find_jpeg(pixels: NDArray[np.uint8]) -> Past | None:
    """The past of a picture, uint8 [height, width, 1 or 3]; None if it was no JPEG file."""
    height, width, channels = pixels.shape
    if min(height, width) < _LEAST_SIDE or (pixels == pixels[0, 0]).all():
        return None
    is_grey = channels == 1 or bool((pixels == pixels[:, :, :1]).all())
    if is_grey:
        planes = pixels[None, :, :, 0].astype(np.float32)
        kinds = np.where((planes[0] > 0) & (planes[0] < 255), KNOWN, CLIPPED).astype(np.uint8)
    else:
        if share_known(pixels) < _KNOWN_SHARE:
            return None
        planes, kinds = ycc_of(pixels)
    known = _sure(kinds == KNOWN)
    window = tuple(slice(max(0, (n - _WINDOW) // 32 * 16), None) for n in (height, width))
    window = tuple(slice(s.start, s.start + _WINDOW) for s in window)
    grid = _grid(planes[0][window], known[window])
    if grid is None:
        return None
    layout = Layout((height, width), grid, None, (True, True))
    if not is_grey:
        part = Layout(known[window].shape, grid, None, (True, True))
        layout = _sampled(part, planes[(slice(1, None), *window)], known[window])
        layout = _ended(replace(layout, size=(height, width)), planes[1:], known)
    quality, first = tables_for(_evidence(planes[0], known, layout, 0), chroma=False)
    second = first
    if not is_grey:
        scores = _of_chroma(planes[1:], known, layout)
        _, second = tables_for(scores, True, quality if len(first) == 1 else None)
    pairs = {0: (first[0], second[0]), 1: (first[-1], second[-1])}
    tables = [np.stack(pairs[i]) for i in range(max(len(first), len(second)))]
    return Past(layout, tables, planes, kinds)


def _sure(known: Array) -> Array:
    """Pixels around which all are known, and not by chance."""
    padded = np.pad(known, 2, constant_values=True)
    down = np.logical_and.reduce([padded[i : i + len(known)] for i in range(5)])
    width = known.shape[1]
    sure: Array = np.logical_and.reduce([down[:, i : i + width] for i in range(5)])
    return sure


def _grid(plane: Array, known: Array) -> tuple[int, int] | None:
    """How many rows and columns of the first blocks were cut off, 0 to 7 each."""
    scores = np.zeros((8, 8))
    for top in range(8):
        for left in range(8):
            blocks = _clean(plane[-top % 8 :, -left % 8 :], known[-top % 8 :, -left % 8 :])
            if len(blocks) < 4:
                continue
            busiest = np.argsort(-blocks.var(axis=(1, 2)), kind="stable")[:_BLOCKS]
            values = dct(blocks[busiest]).reshape(-1, 64)
            scores[top, left] = evidence(values, _NOISE, 64).max(axis=1).sum()
    best = np.unravel_index(int(np.argmax(scores)), scores.shape)
    if scores[best] < max(_LEAST_EVIDENCE, _LEAD * float(np.median(scores))):
        return None
    return int(best[0]), int(best[1])


def _clean(plane: Array, known: Array) -> Array:
    """The whole blocks of a plane all of whose samples are known, [blocks, 8, 8]."""
    height, width = (n // 8 * 8 for n in plane.shape)
    blocks = blocks_of(plane[:height, :width])
    return blocks[blocks_of(known[:height, :width]).all(axis=(2, 3))]


def _sampled(grid: Layout, chroma: Array, known: Array) -> Layout:
    """The sampling of chroma that its values speak for."""
    # What is pasted in misleads the smaller plane around it.
    inner = known
    for _ in range(4):
        inner = _sure(inner)
    known = inner if np.count_nonzero(inner) > _ENOUGH else known
    kinds = [replace(grid, divisors=divisors) for divisors in _SAMPLINGS]
    apart = [sum(_apart(plane, known, kind) for plane in chroma) for kind in kinds]
    if min(apart) > 2 * _APART * np.count_nonzero(known):
        return replace(grid, divisors=(1, 1))
    down, across = _SAMPLINGS[int(np.argmin(apart))]
    grids = [
        replace(grid, divisors=(down, across), phase=(grid.phase[0] + top, grid.phase[1] + left))
        for top in range(0, 8 * down, 8)
        for left in range(0, 8 * across, 8)
    ]
    return max(
        grids,
        key=lambda layout: best_standard(_of_chroma(chroma, known, layout)),
    )


def _ended(layout: Layout, chroma: Array, known: Array) -> Layout:
    """Says of both axes whether the picture ended there."""
    ends = []
    for axis in range(2):
        cut = [slice(None), slice(None)]
        begin = max(
            0, (layout.size[axis] + layout.phase[axis] - 64) // 16 * 16 - layout.phase[axis]
        )
        cut[axis] = slice(begin, None)
        strip = tuple(cut)
        kept = [begin * (i == axis) for i in range(2)]
        size = layout.size[0] - kept[0], layout.size[1] - kept[1]
        phase = layout.phase
        if begin:
            phase = (phase[0], 0) if axis else (0, phase[1])
        part = replace(layout, size=size, phase=phase)
        last = (slice(None), slice(-2, None)) if axis else (slice(-2, None), slice(None))
        wrong = sum(_apart(plane[strip], known[strip], part, last) for plane in chroma)
        pixels = np.count_nonzero(known[strip][last])
        ends.append(bool(wrong <= 0.1 * pixels))
    return replace(layout, ends=(ends[0], ends[1]))


def _small(plane: Array, known: Array, layout: Layout) -> Array:
    part = layout.parts[1]
    return shrunk(plane, known, layout.phase, part.divisors, part.limits)


def _apart(plane: Array, known: Array, layout: Layout, where: Any = ...) -> int:
    """How many pixels of `where` differ once a plane was made smaller and enlarged again."""
    part = layout.parts[1]
    small = _small(plane, known, layout).astype(np.int64)
    (top, left), (height, width) = layout.phase, layout.size
    again = enlarge(small, part.divisors[1], part.divisors[0])[top:, left:][:height, :width]
    return int(np.count_nonzero(((again != plane) & known)[where]))


def _of_chroma(chroma: Array, known: Array, layout: Layout) -> Array:
    """The evidence for the quantisers that Cb and Cr share."""
    return _evidence(chroma[0], known, layout, 1) + _evidence(chroma[1], known, layout, 2)


def _evidence(plane: Array, known: Array, layout: Layout, number: int) -> Array:
    """Of the quantisers of a component."""
    part = layout.parts[number]
    small = shrunk(plane, known, layout.phase, part.divisors, part.limits)
    down, across = part.divisors
    padded: Array = np.zeros((small.shape[0] * down, small.shape[1] * across), dtype=bool)
    (top, left), (height, width) = layout.phase, layout.size
    padded[top : top + height, left : left + width] = known[: padded.shape[0] - top]
    cells = padded.reshape(small.shape[0], down, small.shape[1], across)
    seen: Array = np.asarray(cells.all(axis=(1, 3)))
    blocks = _clean(small, seen)
    # Rounding leaves other combs in blocks that do not change along an axis.
    lively = [np.ptp(blocks, axis=axis).any(axis=1) for axis in (1, 2)]
    return evidence(dct(blocks[lively[0] & lively[1]]).reshape(-1, 64), _NOISE)
