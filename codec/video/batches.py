"""What each step of a fit takes: a few frames of the segment, or a patch of one."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn

from ncodec.video.patches import Patch, patches
from ncodec.video.recipe import Recipe

__all__ = ["Batches"]


class Batches:
    """A segment's frames in a random order, each once a pass; large ones in patches.

    The order depends on the seed and the pass alone, so a resumed fit goes on with it.

    Args:
        recipe: how many positions a step may take.
        decoder: which shows patches if it has `cells`.
        frames: of the segment.
        size: rows and columns of a picture.
        seed: of the order.

    Attributes:
        frames: a step's.
        scale: positions a cell, each way, of a decoder that has cells.
    """

    def __init__(
        self, recipe: Recipe, decoder: nn.Module, frames: int, size: tuple[int, int], seed: int
    ) -> None:
        positions = prod(size)
        cells: tuple[int, int] | None = getattr(decoder, "cells", None)
        self.frames = recipe.frames_a_step(frames, positions)
        self.scale = 1 if cells is None else size[0] // cells[0]
        self._patches: list[Patch | None] = [None]
        if cells is not None and recipe.positions is not None and positions > recipe.positions:
            self._patches = [*patches(*cells, positions, recipe.positions)]
        self._all, self._seed = frames, seed

    def __len__(self) -> int:
        """Steps a pass."""
        return -(-self._all * len(self._patches) // self.frames)

    def at(self, step: int) -> tuple[Tensor, Patch | None]:
        """Frames that a step takes, int64; and the patch of them, None for all of each."""
        epoch, position = divmod(step, len(self))
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
        count = len(self._patches)
        order = torch.randperm(self._all * count, generator=generator)
        picked = order[position * self.frames : (position + 1) * self.frames]
        return picked // count, self._patches[int(picked[0]) % count]
