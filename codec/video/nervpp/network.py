"""NeRV++'s network (arXiv 2402.18305): the time of a frame to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["NeRVppDecoder", "encode_times"]

BASE, LEVELS = 1.25, 40
"""The paper's positional encoding: 40 frequencies, pi to pi * 1.25**39."""


def encode_times(times: Tensor) -> Tensor:
    """The sine and cosine of each time at every frequency: (N,) in 0..1 to float32 (N, 80).

    The highest frequency turns some 3000 times within a clip, so phases are taken in float64.
    """
    levels = torch.arange(LEVELS, dtype=torch.float64, device=times.device)
    phases = times.double()[:, None] * (pi * BASE**levels)
    return torch.stack([phases.sin(), phases.cos()], dim=2).flatten(1).float()


class NeRVppDecoder(nn.Module):
    """The decoder, from time to frame: an MLP to a grid of features, then one NeRV++ block a stage.

    Args:
        strides: the upsampling of each stage.
        channels: the hidden width of the MLP, the channels of its grid, then the width of each
        stage:
            ``len(strides) + 2`` numbers.
        grid: the rows and columns (h, w) of the MLP's grid.
        out: the channels of a picture.
        public: whether it is the network of the authors' code instead of the paper's.

    Input times (N,) in 0..1, output (N, out, h * prod(strides), w * prod(strides)) in 0..1.
    """

    def __init__(
        self,
        strides: Sequence[int],
        channels: Sequence[int],
        grid: tuple[int, int],
        out: int = 3,
        public: bool = False,
    ) -> None:
        super().__init__()
        hidden, first, *widths = channels
        stem = _GatedStem if public else _Stem
        self.stem = stem(hidden, first * prod(grid))
        self.stages = nn.ModuleList(
            _Block(before, after, stride, public)
            for before, after, stride in zip([first, *widths], widths, strides, strict=False)
        )
        self.head = nn.Conv2d(widths[-1], out, 1) if public else _conv3(widths[-1], out)
        self.grid = grid
        self.apply(_init)

    def forward(self, times: Tensor) -> Tensor:
        # Neighbouring frames differ in little of the encoding: bfloat16 would blur it, and the
        # stem costs next to nothing.
        with torch.autocast(times.device.type, enabled=False):
            x: Tensor = self.stem(encode_times(times)).unflatten(1, (-1, *self.grid))
        for stage in self.stages:
            x = stage(x)
        picture: Tensor = self.head(x)
        return torch.tanh(picture.float()) * 0.5 + 0.5


class _Stem(nn.Module):
    """The paper's stem: two linear layers around a GELU."""

    def __init__(self, hidden: int, out: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2 * LEVELS, hidden)
        self.grid = nn.Linear(hidden, out)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.grid(F.gelu(self.hidden(x)))
        return result


class _GatedStem(nn.Module):
    """The public code's stem, in which half of the hidden values gate the other half."""

    def __init__(self, hidden: int, out: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2 * LEVELS, 2 * hidden)
        self.grid = nn.Linear(hidden, out)

    def forward(self, x: Tensor) -> Tensor:
        values, gate = self.hidden(x).chunk(2, dim=1)
        result: Tensor = self.grid(values * F.gelu(gate, approximate="tanh"))
        return result


class _Block(nn.Module):
    """A NeRV++ block: 1x1 convolution, separable residual block, upsampling block, separable
    residual block.

    The 1x1 convolution sets the stage's width, so the bilinear skip from its output to the
    block's end needs no projection.
    """

    def __init__(self, channels: int, width: int, stride: int, public: bool) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels, width, 1)
        self.before = _GatedResidual(width) if public else _SeparableResidual(width)
        self.up = _conv3(width, width * stride**2)
        self.after = _SeparableResidual(width)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        y = F.pixel_shuffle(F.silu(self.up(self.before(x))), self.stride)
        result: Tensor = self.after(y) + F.interpolate(x, size=y.shape[2:], mode="bilinear")
        return result


class _SeparableResidual(nn.Module):
    """The paper's SCRB: depthwise 3x3, then two 1x1 convolutions around a GELU, residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.expand = nn.Conv2d(width, width, 1)
        self.project = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.project(F.gelu(self.expand(self.depthwise(x))))
        return result


class _GatedResidual(nn.Module):
    """The public code's first residual block: a gated CNN block of expansion 8/3.

    Of the values that a GELU gates, the last `width` pass a depthwise 5x5 convolution first.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = 8 * width // 3
        self.expand = nn.Conv2d(width, 2 * inner, 1)
        self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.project = nn.Conv2d(inner, width, 1)
        self.splits = (inner, inner - width, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, kept, mixed = self.expand(x).split(self.splits, dim=1)
        values = torch.cat([kept, self.depthwise(mixed)], dim=1)
        result: Tensor = x + self.project(F.gelu(gate) * values)
        return result


def _conv3(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1)


def _init(module: nn.Module) -> None:
    """Initialises a layer as the public code does."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    else:
        return
    assert module.bias is not None
    nn.init.zeros_(module.bias)
