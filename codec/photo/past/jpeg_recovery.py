"""The coefficients of a picture, once its grid and its quantisers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.photo.past.jpeg_colours import KNOWN
from ncodec.photo.past.jpeg_combs import dct
from ncodec.photo.past.jpeg_lattice import Lattice
from ncodec.photo.past.jpeg_layout import Layout
from ncodec.photo.past.jpeg_shrink import shrunk

__all__ = ["blocks_of", "recover"]

Array = NDArray[Any]

_NOISE = 0.3
"""Of a sample that was rounded."""

_ROUNDS = 12


def recover(planes: Array, kinds: Array, layout: Layout, tables: Array) -> list[Array]:
    """int64 [blocks, 64] for each component, in natural order.

    Args:
        planes, kinds: as `ycc_of` gives them; of grey pictures, the one plane and which of its
            samples are KNOWN.
        layout: the grid.
        tables: int64 [2, 64], the quantisers of luma and chroma.
    """
    found = []
    shown = []
    for number in range(1, len(layout.parts)):
        component = _Component(layout, number, tables[1])
        found.append(component.fill(planes[number].astype(np.float64), kinds != KNOWN))
        shown.append(layout.plane(number, found[-1] * tables[1]))
    return [_Component(layout, 0, tables[0]).fill(planes[0].astype(np.float64), kinds != KNOWN), *found]


def blocks_of(plane: Array) -> Array:
    """[rows, columns, 8, 8] of a plane of whole blocks."""
    height, width = plane.shape
    return plane.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)


class _Component:
    """One component's grid."""

    def __init__(self, layout: Layout, number: int, table: Array) -> None:
        self._layout = layout
        self._number = number
        self._table = table
        self._part = layout.parts[number]
        self._seen = [self._shown(axis) for axis in range(2)]
        self._lattices: dict[bytes, Lattice] = {}

    def _shown(self, axis: int) -> Array:
        """Which samples along an axis a pixel of the picture shows."""
        divisor = self._part.divisors[axis]
        begin = self._layout.phase[axis]
        end = begin + self._layout.size[axis]
        seen = np.zeros(8 * self._part.blocks[axis], dtype=bool)
        seen[begin // divisor : -(-end // divisor)] = True
        return seen

    def fill(self, plane: Array, unknown: Array) -> Array:
        """The integers, int64 [blocks, 64], that give a plane, where it is known."""
        found = self.integers(plane, ~unknown)
        for _ in range(_ROUNDS if unknown.any() else 0):
            shown = self._layout.plane(self._number, found * self._table)
            plane[unknown] = shown[unknown]
            last, found = found, self.integers(plane, ~unknown)
            if (last == found).all():
                break
        return found

    def integers(self, plane: Array, known: Array) -> Array:
        """The same, with a guess at what is not known."""
        part, layout = self._part, self._layout
        small = shrunk(plane, known, layout.phase, part.divisors, part.limits)
        rows, columns = (8 * n for n in part.blocks)
        padded = np.pad(small, ((0, rows - small.shape[0]), (0, columns - small.shape[1])))
        blocks = blocks_of(padded)
        exact = dct(blocks).reshape(*part.blocks, 64) / self._table
        found = np.rint(exact).astype(np.int64)
        down, across = (seen.reshape(-1, 8) for seen in self._seen)
        whole = down.all(axis=1)[:, None] & across.all(axis=1)[None, :]
        spread = np.sqrt(np.mean(np.square(exact[whole] * self._table), axis=0) + 0.1)
        partial = ~whole & down.any(axis=1)[:, None] & across.any(axis=1)[None, :]
        classes: dict[bytes, list[tuple[int, int]]] = {}
        for row, column in np.argwhere(partial):
            key = (down[row][:, None] & across[column][None, :]).tobytes()
            classes.setdefault(key, []).append((row, column))
        for key, places in classes.items():
            if key not in self._lattices:
                seen = np.frombuffer(key, dtype=bool)
                self._lattices[key] = Lattice(seen, self._table, spread, _NOISE)
            at = tuple(np.array(places).T)
            found[at] = self._lattices[key].nearest(blocks[at].reshape(-1, 64))
        _continue(found, down.any(axis=1), across.any(axis=1))
        return found.reshape(-1, 64)


def _continue(found: Array, down: Array, across: Array) -> None:
    """Gives blocks that no pixel shows the mean of the one beside them."""
    first, last = np.flatnonzero(across)[[0, -1]]
    found[:, ~across] = 0
    found[:, last + 1 :, 0] = found[:, last : last + 1, 0]
    found[:, :first, 0] = found[:, first : first + 1, 0]
    first, last = np.flatnonzero(down)[[0, -1]]
    found[~down] = 0
    found[last + 1 :, :, 0] = found[last, :, 0]
    found[:first, :, 0] = found[first, :, 0]
