"""A student that begins as a transform coder like JPEG, before it has learned anything.

The encoder of such an architecture computes the 8x8 cosine transform of luma and of two colour
differences in two steps, each place's coefficients in order of how much they usually hold; the
decoder undoes it. Training goes on from there. A network that begins with random weights needs
far more images until it is as good.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct
from torch import Tensor, nn

__all__ = ["begin_as_transform", "cosines"]

_COLOURS = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]]) / np.sqrt([[3], [2], [6]])
"""The rows that make luma and two colour differences of RGB; they are orthonormal."""

_CHROMA = 0.3
"""The usual amplitude of a colour difference, as a share of luma's at the same frequency."""

_NOISE = 0.05
"""The share of the random weights that stays, or all places of a kernel would learn alike."""

_BEND = 0.01
"""GDN1's gamma on its diagonal, at the start: next to linear."""


def cosines(side: int) -> NDArray[np.float64]:
    """The orthonormal transform of blocks, [3 side side, 3, side, side], colours first."""
    basis = dct(np.eye(side), axis=0, norm="ortho")
    filters: NDArray[np.float64] = np.einsum("ac,ui,vj->auvcij", _COLOURS, basis, basis)
    return filters.reshape(3 * side * side, 3, side, side)


def begin_as_transform(encoder: nn.Sequential, decoder: nn.Sequential) -> None:
    """Sets the weights of networks whose layers have strides 4, 2 and then 1, and back.

    Args:
        encoder: the first layer has 48 channels, as many as a block of 4x4 pixels has samples.
        decoder: mirrors it, pixel shuffles in place of strides.
    """
    first, second, *others = (m for m in encoder if isinstance(m, nn.Conv2d))
    *before, third, last = (m for m in decoder if isinstance(m, nn.Conv2d))
    blocks = torch.from_numpy(cosines(4)).float()
    joined = _joined(second.out_channels, blocks)
    with torch.no_grad():
        for layer in (first, second, *others, *before, third, last):
            layer.weight.mul_(_NOISE)
            if layer.bias is not None:
                layer.bias.zero_()
        _window(first, 4).add_(blocks)
        _window(second, 2).add_(joined)
        for layer in (*others, *before):
            _window(layer, 1)[:, :, 0, 0].add_(torch.eye(layer.out_channels))
        _window(third, 1)[:, :, 0, 0].add_(joined.permute(1, 2, 3, 0).flatten(0, 2))
        _window(last, 1)[:, :, 0, 0].add_(blocks.flatten(1).T)
        for module in (*encoder, *decoder):
            if hasattr(module, "gamma_reparam"):  # CompressAI's GDN1
                module.gamma.copy_(module.gamma_reparam.init(_BEND * torch.eye(len(module.gamma))))


def _window(layer: nn.Conv2d, side: int) -> Tensor:
    """The weights of the pixels that are a place's own."""
    top = int(layer.padding[0])
    return layer.weight[:, :, top : top + side, top : top + side]


def _joined(count: int, blocks: Tensor) -> Tensor:
    """The first `count` coefficients of 8x8 pixels from those of four 4x4, [count, 48, 2, 2]."""
    whole = torch.from_numpy(cosines(8)[_order(8)[:count]]).float()
    return torch.einsum("ncyixj,kcij->nkyx", whole.reshape(count, 3, 2, 4, 2, 4), blocks)


def _order(side: int) -> Sequence[int]:
    """Coefficients by what they usually hold, which falls with their frequency."""
    frequency = np.hypot(*np.mgrid[:side, :side]).reshape(-1)
    shares = np.concatenate([share / (0.5 + frequency) for share in (1, _CHROMA, _CHROMA)])
    order: list[int] = np.argsort(-shares, kind="stable").tolist()
    return order
