"""The coefficients of a picture, once its grid and its quantisers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.photo.past.jpeg_colours import KNOWN, luma_bounds
from ncodec.photo.past.jpeg_combs import SAMPLES, dct
from ncodec.photo.past.jpeg_lattice import Lattice
from ncodec.photo.past.jpeg_layout import Layout
from ncodec.photo.past.jpeg_samples import samples_of_blocks
from ncodec.photo.past.jpeg_search import settle_blocks
from ncodec.photo.past.jpeg_shrink import shrunk

__all__ = ["blocks_of", "recover"]

Array = NDArray[Any]

_NOISE = 0.3
"""Of a sample that was rounded."""

_ROUNDS = 8
_SINGLE_BLOCKS = 150
"""Blocks of a component that get a lattice of their own, which takes some milliseconds."""

_REPEATS = 3
"""Of smaller samples and their coefficients, each from the others."""


def recover(
    pixels: NDArray[np.uint8],
    planes: Array,
    kinds: Array,
    layout: Layout,
    tables: Array,
    searching: bool,
) -> list[Array]:
    """int64 [blocks, 64] for each component, in natural order.

    Args:
        pixels: the picture, uint8 [height, width, 1 or 3].
        planes, kinds: as `ycc_of` gives them; of grey pictures, the one plane and which of its
            samples are KNOWN.
        layout: the grid.
        tables: int64 [2, 64], the quantisers of luma and chroma.
        searching: whether to look for what rounding does not find, which takes most of the time.
    """
    known = kinds == KNOWN
    grids = [
        _Component(layout, number, tables[min(number, 1)], searching)
        for number in range(len(planes))
    ]
    found, shown = [], []
    for grid, plane in zip(grids[1:], planes[1:], strict=True):
        found.append(grid.fill(plane.astype(np.float64), known))
        shown.append(layout.plane(grid.number, found[-1] * grid.table))
    lowest, highest = luma_bounds(pixels, shown)
    tight = lowest == highest
    lowest = np.where(tight | (lowest < highest), lowest, np.where(known, planes[0], -np.inf))
    highest = np.where(tight | (lowest < highest), highest, np.where(known, planes[0], np.inf))
    return [grids[0].fit(planes[0].astype(np.float64), lowest, highest), *found]


def blocks_of(plane: Array) -> Array:
    """[rows, columns, 8, 8] of a plane of whole blocks."""
    height, width = plane.shape
    return plane.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)


class _Component:
    """One component's grid."""

    def __init__(self, layout: Layout, number: int, table: Array, searching: bool) -> None:
        self.number = number
        self.table = table
        self._searching = searching
        self._layout = layout
        self._part = layout.parts[number]
        self._seen = [self._shown(axis) for axis in range(2)]
        self._lattices: dict[bytes, Lattice] = {}
        self._singles = _SINGLE_BLOCKS
        self._spread = np.ones(64)

    def _shown(self, axis: int) -> Array:
        """Which samples along an axis a pixel of the picture shows."""
        divisor = self._part.divisors[axis]
        begin = self._layout.phase[axis]
        end = begin + self._layout.size[axis]
        seen = np.zeros(8 * self._part.blocks[axis], dtype=bool)
        seen[begin // divisor : -(-end // divisor)] = True
        return seen

    def fill(self, plane: Array, known: Array) -> Array:
        """The integers, int64 [blocks, 64], that give a plane of chroma where it is known."""
        samples = self._samples(plane, known)
        found = self._integers(samples)
        for _ in range(0 if known.all() else _ROUNDS if self._searching else 2):
            shown = self._layout.plane(self.number, found * self.table)
            plane[~known] = shown[~known]
            samples = self._samples(plane, known)
            last, found = found, self._integers(samples)
            if (last == found).all():
                break
        sure = self._blocks(self._all_known(known)) > 0
        is_enlarged = self._part.divisors != (1, 1)
        for again in range(_REPEATS if is_enlarged and self._searching else 1):
            if again:
                samples = self._samples(plane, known, self._shown_by(found))
            lowest, highest = np.where(sure, samples, -np.inf), np.where(sure, samples, np.inf)
            found = self._settled(found, lowest, highest, is_enlarged)
        return found

    def _shown_by(self, found: Array) -> Array:
        """The samples that coefficients give, as far as the plane goes."""
        values = (found * self.table).astype(np.int32).reshape(*self._part.blocks, 8, 8)
        blocks = samples_of_blocks(values.transpose(2, 3, 0, 1)).transpose(2, 0, 3, 1)
        rows, columns = (8 * n for n in self._part.blocks)
        height, width = self._part.limits
        return blocks.reshape(rows, columns)[:height, :width]

    def fit(self, plane: Array, lowest: Array, highest: Array) -> Array:
        """The integers that give a plane of luma within bounds."""
        bounds = [
            self._blocks(self._placed(bound, end))
            for bound, end in ((lowest, -np.inf), (highest, np.inf))
        ]
        # What is black or white may have been beyond.
        bounds[0][bounds[0] <= 0] = -np.inf
        bounds[1][bounds[1] >= 255] = np.inf
        samples = np.clip(self._blocks(self._placed(plane, 0)), *bounds)
        found = self._integers(samples)
        loose = np.flatnonzero((bounds[0] < bounds[1]).any(axis=1) & self._whole.ravel())
        low, high = (bound[loose] for bound in bounds)
        for _ in range(_ROUNDS if len(loose) else 0):
            shown = found[loose] * self.table @ SAMPLES.T + 128
            samples[loose] = np.clip(shown, low, high)
            exact = dct(samples[loose].reshape(-1, 8, 8)).reshape(-1, 64) / self.table
            found[loose] = np.rint(exact).astype(np.int64)
        return self._settled(found, bounds[0], bounds[1])

    def _settled(
        self, found: Array, lowest: Array, highest: Array, only_wholly: bool = False
    ) -> Array:
        if not self._searching:
            return found
        lowest, highest = self._seen_only(lowest, -np.inf), self._seen_only(highest, np.inf)
        wrong = np.flatnonzero(self._misses(found, lowest, highest))
        out = found.copy()
        low, high = lowest[wrong], highest[wrong]
        out[wrong] = settle_blocks(found[wrong], low, high, self.table, only_wholly)
        for block in wrong:
            self._complete(out[block : block + 1], lowest[block], highest[block])
        return out

    def _misses(self, found: Array, lowest: Array, highest: Array) -> Array:
        """How many samples of each block are not within bounds."""
        shown = found * self.table @ SAMPLES.T + 128
        misses: Array = ((shown < lowest - 0.5) | (shown > highest + 0.5)).sum(axis=1)
        return misses

    def _complete(self, found: Array, lowest: Array, highest: Array) -> None:
        """Tries what a block, int64 [1, 64], is if the samples that are known are all of it."""
        sure = lowest == highest
        misses = self._misses(found, lowest, highest)[0]
        if self._singles == 0 or sure.all() or not misses or np.count_nonzero(sure) < 16:
            return
        self._singles -= 1
        lattice = Lattice(sure, self.table, self._spread, _NOISE)
        other = lattice.nearest(np.where(sure, lowest, 0)[None])
        if self._misses(other, lowest, highest)[0] < misses:
            found[:] = other

    def _seen_only(self, blocks: Array, end: float) -> Array:
        return np.where(self._blocks(np.logical_and.outer(*self._seen)), blocks, end)

    def _placed(self, plane: Array, end: float) -> Array:
        """A plane of luma on whole blocks."""
        rows, columns = (8 * n for n in self._part.blocks)
        out = np.full((rows, columns), end, dtype=np.float64)
        (top, left), (height, width) = self._layout.phase, self._layout.size
        out[top : top + height, left : left + width] = plane
        return out

    def _blocks(self, plane: Array) -> Array:
        return blocks_of(plane).reshape(-1, 64)

    def _all_known(self, known: Array) -> Array:
        """Samples all of whose pixels are known, on whole blocks."""
        down, across = self._part.divisors
        rows, columns = (8 * n for n in self._part.blocks)
        padded: Array = np.zeros((rows * down, columns * across), dtype=bool)
        (top, left), (height, width) = self._layout.phase, self._layout.size
        padded[top : top + height, left : left + width] = known
        all_known: Array = np.asarray(padded.reshape(rows, down, columns, across).all(axis=(1, 3)))
        return all_known

    def _samples(self, plane: Array, known: Array, start: Array | None = None) -> Array:
        """The samples that show a plane, [blocks, 64]."""
        part, layout = self._part, self._layout
        small = shrunk(plane, known, layout.phase, part.divisors, part.limits, start)
        rows, columns = (8 * n for n in part.blocks)
        padded = np.pad(small, ((0, rows - small.shape[0]), (0, columns - small.shape[1])))
        return self._blocks(padded)

    @property
    def _whole(self) -> Array:
        """Which blocks are seen wholly."""
        down, across = (seen.reshape(-1, 8).all(axis=1) for seen in self._seen)
        whole: Array = np.logical_and.outer(down, across)
        return whole

    def _integers(self, samples: Array) -> Array:
        """The integers that come nearest to samples, [blocks, 64] both."""
        blocks = samples.reshape(*self._part.blocks, 8, 8)
        exact = dct(blocks).reshape(*self._part.blocks, 64) / self.table
        found = np.rint(exact).astype(np.int64)
        down, across = (seen.reshape(-1, 8) for seen in self._seen)
        whole = self._whole
        self._spread = np.sqrt(np.mean(np.square(exact[whole] * self.table), axis=0) + 0.1)
        some: list[Array] = [np.asarray(seen.any(axis=1)) for seen in (down, across)]
        partial: Array = ~whole & np.logical_and.outer(*some)
        classes: dict[bytes, list[tuple[int, int]]] = {}
        for row, column in np.argwhere(partial):
            key = np.logical_and.outer(down[row], across[column]).tobytes()
            classes.setdefault(key, []).append((row, column))
        for key, places in classes.items():
            if key not in self._lattices:
                seen = np.frombuffer(key, dtype=bool)
                self._lattices[key] = Lattice(seen, self.table, self._spread, _NOISE)
            at = tuple(np.array(places).T)
            found[at] = self._lattices[key].nearest(blocks[at].reshape(-1, 64))
        _continue(found, some[0], some[1])
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
