"""What each step of a fit takes: a few frames of the segment, or a patch of one."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import EllipsisType

import torch
from torch import Tensor, nn

from ncodec.video.inr.recipe import Recipe

__all__ = ["WHOLE", "Batches", "Part", "Patch", "patches"]


class Batches:
    """A segment's frames in a random order, each once a pass; large ones in patches.

    The order depends on the seed and the pass alone, so a resumed fit goes on with it.

    Args:
        recipe: how many positions a step may take.
        decoder: which shows patches if it has `cells`.
        frames: how many the segment has.
        size: rows and columns of a picture.
        seed: what the order comes from.

    Attributes:
        frames: a step's.
        scale: positions a cell, each way, of a decoder that has cells.
        patches: the parts of a picture that steps take, None for all of it.
    """

    def __init__(
        self, recipe: Recipe, decoder: nn.Module, frames: int, size: tuple[int, int], seed: int
    ) -> None:
        positions = prod(size)
        cells: tuple[int, int] | None = getattr(decoder, "cells", None)
        self.frames = recipe.frames_a_step(frames, positions)
        self.scale = 1 if cells is None else size[0] // cells[0]
        self.patches: list[Patch | None] = [None]
        if cells is not None and recipe.positions is not None and positions > recipe.positions:
            self.patches = [*patches(*cells, positions, recipe.positions)]
        self._all, self._seed = frames, seed

    def __len__(self) -> int:
        """Steps a pass."""
        return -(-self._all * len(self.patches) // self.frames)

    def at(self, step: int) -> tuple[Tensor, Patch | None]:
        """Frames that a step takes, int64; and the patch of them, None for all of each."""
        epoch, position = divmod(step, len(self))
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
        count = len(self.patches)
        order = torch.randperm(self._all * count, generator=generator)
        picked = order[position * self.frames : (position + 1) * self.frames]
        return picked // count, self.patches[int(picked[0]) % count]


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
        positions: how many the whole picture has.
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
