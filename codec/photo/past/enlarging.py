"""Chroma that was smaller: how converters enlarge it, and its bounds from the enlarged samples.

A sample at row y and column x of the enlarged plane is `(sum of w * h[i + di, j + dj] + r) >> s`,
i = y >> 1 and j = x >> 1 where the plane was halved that way; weights, r and s depend on y & 1 and
x & 1 (docs/past.md, "Enlarging").
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "KINDS", "Geometry", "Kind", "beside", "enlarge", "enlarged_sample", "place_of",
]  # fmt: skip

I32 = NDArray[np.int32]
Mask = NDArray[np.uint8]


class Kind(NamedTuple):
    """A way of enlarging.

    Attributes:
        down, across: whether rows and columns were halved, 0 or 1.
        taps: int32 [4, 4, 3], for each phase `2 (y & 1) + (x & 1)` up to four of di, dj, w.
        rounding, shift: r and s of each phase, int32 [4].
        between: whether every other enlarged sample is a smaller one, 1, or all lie between, 0.
    """

    down: int
    across: int
    taps: I32
    rounding: I32
    shift: I32
    between: int


class _Line(NamedTuple):
    """How one axis is enlarged: offsets and weights of the samples that make an even one and an
    odd one."""

    even: tuple[tuple[int, int], ...]
    odd: tuple[tuple[int, int], ...]
    halved: bool = True


_WHOLE = _Line(((0, 1),), ((0, 1),), halved=False)
_REPEATED = _Line(((0, 1),), ((0, 1),))
_BETWEEN = _Line(((0, 1),), ((0, 1), (1, 1)))
_NEAR = _Line(((-1, 1), (0, 3)), ((0, 3), (1, 1)))


def _kind(down: _Line, across: _Line, rounding: tuple[int, int, int, int]) -> Kind:
    taps = np.zeros((4, 4, 3), dtype=np.int32)
    shift = np.zeros(4, dtype=np.int32)
    for phase in range(4):
        rows = down.odd if phase & 2 else down.even
        columns = across.odd if phase & 1 else across.even
        products = [(di, dj, v * w) for di, v in rows for dj, w in columns]
        taps[phase, : len(products)] = products
        shift[phase] = sum(w for _, _, w in products).bit_length() - 1
    between = _BETWEEN in (down, across)
    rounded = np.array(rounding, dtype=np.int32)
    return Kind(int(down.halved), int(across.halved), taps, rounded, shift, int(between))


KINDS = (
    _kind(_WHOLE, _WHOLE, (0, 0, 0, 0)),
    _kind(_BETWEEN, _BETWEEN, (0, 1, 1, 2)),
    _kind(_NEAR, _NEAR, (8, 7, 8, 7)),
    _kind(_NEAR, _NEAR, (7, 8, 7, 8)),
    _kind(_NEAR, _NEAR, (8, 8, 7, 7)),
    _kind(_NEAR, _NEAR, (7, 7, 8, 8)),
    _kind(_NEAR, _NEAR, (8, 8, 8, 8)),
    _kind(_REPEATED, _REPEATED, (0, 0, 0, 0)),
    _kind(_WHOLE, _BETWEEN, (0, 1, 0, 1)),
    _kind(_WHOLE, _NEAR, (1, 2, 1, 2)),
    _kind(_WHOLE, _NEAR, (2, 1, 2, 1)),
    _kind(_WHOLE, _REPEATED, (0, 0, 0, 0)),
    _kind(_NEAR, _WHOLE, (1, 1, 2, 2)),
    _kind(_NEAR, _WHOLE, (2, 2, 1, 1)),
    _kind(_REPEATED, _WHOLE, (0, 0, 0, 0)),
)
"""What the kinds' numbers in a file stand for; `names.KINDS` has their names. Those that differ in
rounding alone are libjpeg's, upright, mirrored and turned, and libwebp's."""


class Geometry(NamedTuple):
    """Where the pixels of a tile lie in the enlarged plane.

    Attributes:
        height, width: the tile's.
        top, left: the phases of its first row and column, 0 or 1.
        first_row, first_column: the place of the smaller plane's first sample.
        rows, columns: the smaller plane's size.
    """

    height: int
    width: int
    top: int
    left: int
    first_row: int
    first_column: int
    rows: int
    columns: int

    @classmethod
    def of(cls, kind: Kind, height: int, width: int, top: int, left: int) -> Geometry:
        """The smaller plane that holds every sample which a tile depends on."""
        first_row, rows = _span(kind.taps[:, :, (0, 2)], kind.down, height, top, 2)
        first_column, columns = _span(kind.taps[:, :, (1, 2)], kind.across, width, left, 1)
        return cls(height, width, top, left, first_row, first_column, rows, columns)


def _span(taps: I32, halved: int, size: int, start: int, bit: int) -> tuple[int, int]:
    """The first sample of a row or column that is needed, and the number of them."""
    needed = []
    for at in {start, start + 1, start + size - 2, start + size - 1} & set(
        range(start, start + size)
    ):
        phase = bit if halved and at & 1 else 0
        offsets = taps[phase][taps[phase][:, 1] > 0][:, 0]
        needed += [(at >> halved) + int(offset) for offset in offsets]
    return min(needed), max(needed) - min(needed) + 1


@kernel(inline="always")
def place_of(kind: Kind, g: Geometry, y: Any, x: Any) -> tuple[Any, Any, Any]:
    """Row and column in the smaller plane, and phase, of the tile's sample at `y`, `x`."""
    i = ((y + g.top) >> kind.down) - g.first_row
    j = ((x + g.left) >> kind.across) - g.first_column
    return i, j, 2 * ((y + g.top) & kind.down) + ((x + g.left) & kind.across)


@kernel
def enlarged_sample(kind: Kind, g: Geometry, small: I32, y: Any, x: Any) -> Any:
    """The sample at `y`, `x` of the tile, from the smaller plane, int32 (rows, columns)."""
    i, j, phase = place_of(kind, g, y, x)
    total = kind.rounding[phase]
    for k in range(4):
        weight = kind.taps[phase, k, 2]
        if weight:
            total += weight * small[i + kind.taps[phase, k, 0], j + kind.taps[phase, k, 1]]
    return total >> kind.shift[phase]


@kernel
def enlarge(kind: Kind, g: Geometry, small: I32, out: I32) -> None:
    """Fills `out`, int32 (height, width), from the smaller plane."""
    for y in range(g.height):
        for x in range(g.width):
            out[y, x] = enlarged_sample(kind, g, small, y, x)


def beside(kind: Kind, g: Geometry, plane: I32) -> I32:
    """A plane of the tile, int32 (height, width), at the places of the smaller plane's samples."""
    rows = _weighted(plane, kind.down, kind.between, g.first_row, g.rows, g.top)
    both = _weighted(rows.T, kind.across, kind.between, g.first_column, g.columns, g.left).T
    shift = (2 if kind.between else 3) * (kind.down + kind.across)
    return (both + ((1 << shift) >> 1)) >> shift


def _weighted(lines: I32, halved: int, between: int, first: int, count: int, start: int) -> I32:
    """Sums of three or four lines around each place; beyond the tile's edge the last one stands."""
    weights = {-1: 1, 0: 2, 1: 1} if between else {-1: 1, 0: 3, 1: 3, 2: 1}
    at = (np.arange(first, first + count) << halved) - start
    total = np.zeros((count, lines.shape[1]), dtype=np.int32)
    for offset, weight in (weights if halved else {0: 1}).items():
        total += weight * lines[np.clip(at + offset, 0, len(lines) - 1)]
    return total
