"""HNeRV's networks (arXiv 2304.02633, section 3): the encoder, which is fitted, and the decoder,
which is fitted and sent.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["HNeRVDecoder", "HNeRVEncoder", "UpsampleBlock", "enlarging_kernel"]


class HNeRVEncoder(nn.Module):
    """ConvNeXt with one block a stage, frame to embedding; never transmitted.

    Input (N, channels, H, W) in 0..1 with H and W multiples of the strides' product,
    output (N, dims[-1], H / prod(strides), W / prod(strides)).
    """

    def __init__(self, strides: Sequence[int], dims: Sequence[int], channels: int = 3) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for i, (stride, dim) in enumerate(zip(strides, dims, strict=True)):
            conv = nn.Conv2d(channels, dim, stride, stride)
            stages += [conv, _ChannelNorm(dim)] if i == 0 else [_ChannelNorm(channels), conv]
            stages.append(_ConvNeXtBlock(dim))
            channels = dim
        self.stages = nn.Sequential(*stages)
        self.apply(_init_convnext)

    def forward(self, frames: Tensor) -> Tensor:
        embedding: Tensor = self.stages(frames)
        return embedding


class HNeRVDecoder(nn.Module):
    """Embedding to frame: a 1x1 stem, then convolution, pixel shuffle and GELU a stage.

    Args:
        strides: upsampling of each stage.
        channels: embedding channels, then the width of the stem and of each stage:
            ``len(strides) + 2`` numbers.
        kernels: side of each stage's convolution, odd.
        out: channels of a picture.
        skips: whether a stage adds its input, enlarged bilinearly, before the GELU.

    Input (N, channels[0], h, w), output (N, out, h * prod(strides), w * prod(strides)) in 0..1.
    """

    def __init__(
        self,
        strides: Sequence[int],
        channels: Sequence[int],
        kernels: Sequence[int],
        out: int = 3,
        skips: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels[0], channels[1], 1)
        self.stages = nn.ModuleList(
            UpsampleBlock(channels[i + 1], channels[i + 2], kernel, stride, skips)
            for i, (stride, kernel) in enumerate(zip(strides, kernels, strict=True))
        )
        self.head = nn.Conv2d(channels[-1], out, 3, padding=1)

    def forward(self, embedding: Tensor) -> Tensor:
        x = F.gelu(self.stem(embedding))
        for stage in self.stages:
            x = stage(x)
        picture: Tensor = self.head(x)
        return torch.tanh(picture.float()) * 0.5 + 0.5

    @property
    def preview_factor(self) -> int:
        """How much smaller, each way, the picture of `preview` is."""
        return self._last.stride

    @property
    def _last(self) -> _UpsampleBlock:
        stage = self.stages[-1]
        assert isinstance(stage, _UpsampleBlock)
        return stage

    def preview(self, embedding: Tensor) -> Tensor:
        """The frame without the last stage's upsampling, about the mean of each cell of pixels.

        The last stage and the head cost most of a frame. Their kernels are averaged over a cell,
        which is exact but for the GELU between them and for the head's taps at a cell's edge.
        """
        x = F.gelu(self.stem(embedding))
        for stage in self.stages[:-1]:
            x = stage(x)
        x = self._last.pooled(x)
        kernel = _pooled_kernel(self.head.weight, self.preview_factor)
        picture = F.conv2d(x, kernel, self.head.bias, padding=1)
        return torch.tanh(picture.float()) * 0.5 + 0.5


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


class _ConvNeXtBlock(nn.Module):
    """Depthwise 7x7, LayerNorm, two pointwise layers around a GELU, layer scale, residual."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.expand = nn.Linear(dim, 4 * dim)
        self.project = nn.Linear(4 * dim, dim)
        self.scale = nn.Parameter(torch.full((dim,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = self.project(F.gelu(self.expand(self.norm(y)))) * self.scale
        result: Tensor = x + y.permute(0, 3, 1, 2)
        return result


class _ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of (N, C, H, W)."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _init_convnext(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        assert module.bias is not None
        nn.init.zeros_(module.bias)
