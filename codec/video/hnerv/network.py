"""HNeRV's networks (arXiv 2304.02633, section 3): the encoder, which is fitted, and the decoder,
which is fitted and sent.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ncodec.video.inr.upsampling import UpsampleBlock, UpsamplingDecoder

__all__ = ["HNeRVDecoder", "HNeRVEncoder"]


class HNeRVEncoder(nn.Module):
    """The encoder, a ConvNeXt of one block a stage, from frame to embedding; it is never sent.

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


class HNeRVDecoder(UpsamplingDecoder):
    """The decoder, from embedding to frame: a 1x1 stem, then convolution, pixel shuffle and GELU a
    stage.

    Args:
        strides: the upsampling of each stage.
        channels: the embedding's channels, then the width of the stem and of each stage:
            ``len(strides) + 2`` numbers.
        kernels: the side of each stage's convolution, odd.
        out: the channels of a picture.
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

    def features(self, embedding: Tensor) -> Tensor:
        x = F.gelu(self.stem(embedding))
        for stage in self.stages[:-1]:
            x = stage(x)
        return x


class _ConvNeXtBlock(nn.Module):
    """A ConvNeXt block: depthwise 7x7, LayerNorm, two pointwise layers around a GELU, layer scale,
    residual."""

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
