"""The student's two networks, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ncodec.student.shape import Architecture, Layer

__all__ = ["GDN1", "build_decoder", "build_encoder", "load_arrays", "to_arrays"]

Norm = Callable[[int, bool], nn.Module]
"""A function that makes a normalisation of so many channels, or, if the flag is true, its
inverse."""


class GDN1(nn.Module):
    """A layer that gives x / (beta + gamma |x|), with gamma across channels, or as its inverse
    x * (beta + gamma |x|) (arXiv 1912.08771)."""

    def __init__(self, channels: int, inverse: bool = False) -> None:
        super().__init__()
        self.inverse = inverse
        self.beta = nn.Parameter(torch.ones(channels))
        self.gamma = nn.Parameter(0.1 * torch.eye(channels))

    def forward(self, x: Tensor) -> Tensor:
        norm = functional.conv2d(x.abs(), self.gamma[:, :, None, None], self.beta)
        return x * norm if self.inverse else x / norm


def build_encoder(architecture: Architecture, norm: Norm = GDN1) -> nn.Sequential:
    """The network from normalised RGB to latents."""
    return _build(architecture.encoder, 3, architecture.bias, lambda n: norm(n, False))


def build_decoder(architecture: Architecture, norm: Norm = GDN1) -> nn.Sequential:
    """The network from latents to the teacher's features, or to a picture for its first stage."""
    layers, inputs = architecture.decoder, architecture.latents
    return _build(layers, inputs, architecture.bias, lambda n: norm(n, True))


def _build(
    layers: Sequence[Layer], inputs: int, bias: bool, between: Callable[[int], nn.Module]
) -> nn.Sequential:
    modules: list[nn.Module] = []
    for number, layer in enumerate(layers):
        out = layer.channels * layer.up**2
        modules.append(nn.Conv2d(inputs, out, layer.kernel, layer.stride, layer.padding, bias=bias))
        if layer.up > 1:
            modules.append(nn.PixelShuffle(layer.up))
        if number + 1 < len(layers):
            modules.append(between(layer.channels))
        inputs = layer.channels
    return nn.Sequential(*modules)


def to_arrays(network: nn.Sequential) -> list[NDArray[np.float16]]:
    """A network's weights in order: of a convolution, its bias, then beta and gamma of the GDN1
    behind it."""
    arrays: list[Tensor] = []
    for module in network:
        if isinstance(module, nn.Conv2d):
            arrays.append(module.weight)
            if module.bias is not None:
                arrays.append(module.bias)
        elif hasattr(module, "beta_reparam"):  # CompressAI's keeps both reparametrised
            reparametrised: Any = module
            arrays.append(reparametrised.beta_reparam(module.beta))
            arrays.append(reparametrised.gamma_reparam(module.gamma))
        elif isinstance(module, GDN1):
            arrays += [module.beta, module.gamma]
    return [array.detach().cpu().numpy().astype(np.float16) for array in arrays]


def load_arrays(network: nn.Sequential, arrays: Sequence[NDArray[np.floating[Any]]]) -> None:
    """Loads what `to_arrays` gave into a network of `GDN1`; ValueError where shapes differ."""
    parameters = list(network.parameters())
    if [tuple(p.shape) for p in parameters] != [array.shape for array in arrays]:
        raise ValueError("the shapes of weights are not those of the layers")
    with torch.no_grad():
        for parameter, array in zip(parameters, arrays, strict=True):
            parameter.copy_(torch.from_numpy(array.astype(np.float32)))
