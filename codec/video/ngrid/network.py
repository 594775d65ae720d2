"""A small convolution decoder fed by grids along time, one for each of its first stages."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ncodec.video.inr.batches import Patch
from ncodec.video.inr.upsampling import UpsampleBlock, UpsamplingDecoder

__all__ = ["NGridDecoder", "interpolated"]

SPREAD = 0.1
"""The deviation of the values that a grid starts from."""

MARGIN = 1
"""The cells around a patch that are worked out with it. What lies farther off reaches it through
the corners of two kernels only."""


class NGridDecoder(UpsamplingDecoder):
    """The decoder, from time to frame: the coarsest grid through a convolution, then upsampling
    stages; the other grids join the input of the stages after the first.

    Args:
        channels: those of the first convolution, then of each stage: ``len(strides) + 1`` numbers.
        strides: the upsampling of each stage.
        grids: the shape (slices, channels, rows, columns) of each grid; the first stages have one.
        every: the frames from slice to slice of each grid.
        frames: of the segment.
        out: channels of a picture.

    Input times (N,) in 0..1, output (N, out, H, W) in 0..1, H and W the first grid's sides times
    the strides' product.
    """

    def __init__(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        grids: Sequence[tuple[int, ...]],
        every: Sequence[int],
        frames: int,
        out: int,
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(grids[0][1], channels[0], 3, padding=1)
        joining = [0, *(shape[1] for shape in grids[1:])]
        self.stages = nn.ModuleList(
            UpsampleBlock(
                channels[i] + sum(joining[i : i + 1]), channels[i + 1], 3, stride, skip=True
            )
            for i, stride in enumerate(strides)
        )
        self.head = nn.Conv2d(channels[-1], out, 3, padding=1)
        self.grids = nn.ParameterList(SPREAD * torch.randn(shape) for shape in grids)
        self.every, self.frames, self.strides = tuple(every), frames, tuple(strides)

    @property
    def cells(self) -> tuple[int, int]:
        """The rows and columns of the coarsest grid, of which patches are made."""
        rows, columns = self.grids[0].shape[2:]
        return rows, columns

    def forward(self, inputs: Tensor, patch: Patch | None = None) -> Tensor:
        if patch is None:
            return super().forward(inputs)
        wide = patch.widened(MARGIN, *self.cells)
        shown = self._shown(self.features(inputs, wide))
        return shown[patch.within(wide).part(prod(self.strides))]

    def features(self, inputs: Tensor, patch: Patch | None = None) -> Tensor:
        numbers = (inputs * self.frames).round().long()
        first, *joining = (
            interpolated(grid, numbers, every)
            for grid, every in zip(self._of(patch), self.every, strict=True)
        )
        x = F.gelu(self.stem(first))
        for index in range(len(self.stages)):
            if index:
                x = self.stages[index - 1](x)
            if 0 < index <= len(joining):
                x = torch.cat([x, joining[index - 1].to(x.dtype)], dim=1)
        return x

    def _of(self, patch: Patch | None) -> list[Tensor]:
        """The grids, or a patch of each."""
        if patch is None:
            return list(self.grids)
        rows = self.cells[0]
        return [grid[patch.part(grid.shape[2] // rows)] for grid in self.grids]


def interpolated(grid: Tensor, numbers: Tensor, every: int) -> Tensor:
    """The slices for frames, linearly between the nearest two of a grid.

    Args:
        grid: float [slices, channels, rows, columns].
        numbers: int64 (N,), the frames'; the first slice is frame 0's.
        every: the frames from slice to slice; past the last one it stays.
    """
    last = len(grid) - 1
    before = grid[(numbers // every).clamp_max(last)]
    if every == 1:
        return before
    after = grid[(numbers // every + 1).clamp_max(last)]
    return torch.lerp(before, after, ((numbers % every) / every)[:, None, None, None])
