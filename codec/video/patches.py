"""Patches: the parts of a picture that a fit takes one at a time, where a whole one is large.

A patch is given in cells, positions of a decoder's coarsest features. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType

__all__ = ["WHOLE", "Part", "Patch", "patches"]

Part = tuple[EllipsisType, slice, slice]
"""Rows and columns of a picture: an index of arrays and tensors."""

WHOLE: Part = (..., slice(None), slice(None))


@dataclass(frozen=True, slots=True)
class Patch:
    """Rows and columns of cells, (first, end) each."""

    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def cells(self) -> int:
        return (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0])

    def part(self, scale: int) -> Part:
        """Where it lies in a map of `scale` positions a cell, each way."""
        (top, bottom), (left, right) = self.rows, self.columns
        return ..., slice(top * scale, bottom * scale), slice(left * scale, right * scale)

    def widened(self, margin: int, rows: int, columns: int) -> Patch:
        """With so many cells around it, as far as there are any in a map of `rows` x `columns`."""
        (top, bottom), (left, right) = self.rows, self.columns
        return Patch(
            (max(top - margin, 0), min(bottom + margin, rows)),
            (max(left - margin, 0), min(right + margin, columns)),
        )

    def within(self, other: Patch) -> Patch:
        """The same cells, counted from the first of `other`."""
        top, left = other.rows[0], other.columns[0]
        return Patch(
            (self.rows[0] - top, self.rows[1] - top),
            (self.columns[0] - left, self.columns[1] - left),
        )


def patches(rows: int, columns: int, positions: int, most: int) -> list[Patch]:
    """Patches of about equal size that cover `rows` x `columns` cells.

    Args:
        rows, columns: of cells.
        positions: of the whole picture.
        most: positions a patch, unless it is a single cell.
    """
    down = across = 1
    while positions > most * down * across and (down < rows or across < columns):
        # The longer side of a patch is halved.
        if across < columns and (columns * down >= rows * across or down == rows):
            across = min(2 * across, columns)
        else:
            down = min(2 * down, rows)
    return [
        Patch(_part(rows, i, down), _part(columns, j, across))
        for i in range(down)
        for j in range(across)
    ]


def _part(whole: int, index: int, count: int) -> tuple[int, int]:
    return whole * index // count, whole * (index + 1) // count
