"""A quick look at a tile: is it a photograph?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["distinct", "looks_synthetic"]

_ROWS = 64
"""The number of rows that are looked at."""

_REPEATED = 0.45
"""The share of pixels that equal a neighbour: 0 to 0.3 in photographs, 0.4 to 0.6 in very soft
ones, 0.6 and above on most screens and drawings."""

_FORETOLD = 0.5
"""The share of pixels that lie exactly on the plane through three neighbours."""

_SAME_COLOURS = 0.04
"""The number of distinct colours a pixel, where a colour has 16 bits or more."""

_FEW_LEVELS = 64
"""The number of distinct values of an 8-bit channel by itself."""

_ICON = 64 * 64
"""The pixels of a tile so small that both coders may as well be tried."""


def looks_synthetic(pixels: NDArray[Any]) -> bool:
    """Whether `encode_simple` may do better than a coder of photographs.

    Takes a millisecond or two. Wrong either way for a few of a hundred tiles: very soft
    photographs are said to be drawn, textures and noise of many colours to be photographs.

    Args:
        pixels: uint8 or uint16 [height, width, channels], 1 to 4 channels.
    """
    height, width, channels = pixels.shape
    if min(height, width) < 2 or height * width <= _ICON:
        return True
    rows = np.arange(1, height, max(1, height // _ROWS))
    here, above = pixels[rows].astype(np.int32), pixels[rows - 1].astype(np.int32)
    pixel, west, north = here[:, 1:], here[:, :-1], above[:, 1:]
    repeated = (pixel == west).all(axis=2) | (pixel == north).all(axis=2)
    foretold = (pixel - west == north - above[:, :-1]).all(axis=2)
    if repeated.mean() > _REPEATED or foretold.mean() > _FORETOLD:
        return True
    # Alpha shares a bit with blue: a few colours may be taken for one.
    weights = np.array([1, 1 << 16, 1 << 32, 1 << 47], dtype=np.int64)[:channels]
    colours = distinct(pixel @ weights)
    if channels * pixels.itemsize == 1:
        return bool(colours <= _FEW_LEVELS)
    return bool(colours < _SAME_COLOURS * repeated.size)


def distinct(numbers: NDArray[Any]) -> int:
    """How many different integers there are; `np.unique` would load masked arrays for this."""
    ordered = np.sort(numbers, axis=None)
    return min(ordered.size, 1) + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
