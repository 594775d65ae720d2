"""Decoders that end in upsampling stages: convolution, pixel shuffle, GELU; and their previews."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["UpsampleBlock", "UpsamplingDecoder", "enlarging_kernel"]


FARTHEST = 0.98
"""What a head's mean begins with at most, of 1, where tanh still learns."""


class UpsamplingDecoder(nn.Module, ABC):
    """Base of the networks with `stages`, each an `UpsampleBlock`, and a 3x3 convolution `head`.

    Output (N, channels, H, W) in 0..1.
    """

    stages: nn.ModuleList
    head: nn.Conv2d

    @abstractmethod
    def features(self, inputs: Tensor) -> Tensor:
        """What the last stage takes."""

    def forward(self, inputs: Tensor) -> Tensor:
        return self._shown(self.features(inputs))

    @torch.no_grad()
    def centre(self, inputs: Tensor, means: Tensor) -> None:
        """Shifts the head so that pictures of `inputs` have these means.

        Args:
            inputs: of a few frames.
            means: of each channel, in 0..1.
        """
        assert self.head.bias is not None
        reached = self.head(self._last(self.features(inputs))).float().mean(dim=(0, 2, 3))
        wanted = torch.atanh((2 * means - 1).clamp(-FARTHEST, FARTHEST))
        self.head.bias += wanted - reached

    def _shown(self, features: Tensor) -> Tensor:
        return _picture(self.head(self._last(features)))

    @property
    def preview_factor(self) -> int:
        """How much smaller, each way, the picture of `preview` is."""
        return self._last.stride

    def preview(self, inputs: Tensor) -> Tensor:
        """The frame without the last stage's upsampling, about the mean of each cell of pixels.

        The last stage and the head cost most of a frame. Their kernels are averaged over a cell,
        which is exact but for the GELU between them and for the head's taps at a cell's edge.
        """
        x = self._last.pooled(self.features(inputs))
        kernel = _pooled_kernel(self.head.weight, self.preview_factor)
        return _picture(F.conv2d(x, kernel, self.head.bias, padding=1))

    @property
    def _last(self) -> UpsampleBlock:
        stage = self.stages[-1]
        assert isinstance(stage, UpsampleBlock)
        return stage


class UpsampleBlock(nn.Module):
    """Convolution, pixel shuffle, GELU; with `skip` the enlarged input is added before the GELU."""

    enlarging: Tensor

    def __init__(self, channels: int, out: int, kernel: int, stride: int, skip: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out * stride**2, kernel, padding=(kernel - 1) // 2)
        self.stride = stride
        # The skip is linear in the input, as the convolution is: added to the kernel it is free.
        fixed = enlarging_kernel(channels, out, kernel, stride) if skip else torch.zeros(())
        self.register_buffer("enlarging", fixed, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.conv.weight + self.enlarging
        y = F.conv2d(x, kernel, self.conv.bias, padding=self.conv.padding)
        result: Tensor = F.gelu(F.pixel_shuffle(y, self.stride))
        return result

    def pooled(self, x: Tensor) -> Tensor:
        """`forward`, one value for every cell of stride x stride."""
        cells = self.stride**2
        kernel = self.conv.weight + self.enlarging
        kernel = kernel.reshape(-1, cells, *kernel.shape[1:]).mean(1)
        assert self.conv.bias is not None
        bias = self.conv.bias.reshape(-1, cells).mean(1)
        return F.gelu(F.conv2d(x, kernel, bias, padding=self.conv.padding))


def _picture(x: Tensor) -> Tensor:
    return torch.tanh(x.float()) * 0.5 + 0.5


def _pooled_kernel(kernel: Tensor, factor: int) -> Tensor:
    """The 3x3 kernel that makes means over cells from means over cells, as if those were flat."""
    edge = 1 / factor
    taps = torch.tensor([[edge, 1 - edge, 0.0], [0.0, 1.0, 0.0], [0.0, 1 - edge, edge]])
    taps = taps.to(kernel.device)
    return torch.einsum("oixy,xa,yb->oiab", kernel, taps, taps)


def enlarging_kernel(channels: int, out: int, kernel: int, stride: int) -> Tensor:
    """The kernel that, before a pixel shuffle, enlarges the first channels bilinearly.

    Samples are taken between pixel centres (torch's ``align_corners=False``) with zeros around
    the picture, and without the taps that lie outside the kernel.

    Returns:
        float32 (out * stride**2, channels, kernel, kernel).
    """
    taps = torch.zeros(stride, kernel)
    for phase in range(stride):
        offset = (phase + 0.5) / stride - 0.5
        for tap in range(kernel):
            taps[phase, tap] = max(0.0, 1 - abs(tap - (kernel - 1) / 2 - offset))
    patch = torch.einsum("ik,jl->ijkl", taps, taps).flatten(0, 1)
    fixed = torch.zeros(out, stride**2, channels, kernel, kernel)
    for channel in range(min(channels, out)):
        fixed[channel, :, channel] = patch
    return fixed.flatten(0, 1)
