"""The student's two networks, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ncodec.features.shape import Architecture, Layer

__all__ = ["GDN1", "build", "load_arrays", "to_arrays"]

Norm = Callable[[int, bool], nn.Module]
"""Makes a layer from channels, and whether it is the inverse."""


class GDN1(nn.Module):
    """x / (beta + gamma |x|) across channels, or the product (arXiv 1912.08771)."""

    def __init__(self, channels: int, inverse: bool = False) -> None:
        super().__init__()
        self.inverse = inverse
        self.beta = nn.Parameter(torch.ones(channels))
        self.gamma = nn.Parameter(0.1 * torch.eye(channels))

    def forward(self, x: Tensor) -> Tensor:
        norm = functional.conv2d(x.abs(), self.gamma[:, :, None, None], self.beta)
        return x * norm if self.inverse else x / norm


def build(layers: Sequence[Layer], given: int, inverse: bool, norm: Norm = GDN1) -> nn.Sequential:
    """An encoder of RGB (`given` is 3), or a decoder (`inverse`) of so many latents."""
    modules: list[nn.Module] = []
    for number, layer in enumerate(layers):
        out = layer.channels * layer.up**2
        modules.append(
            nn.Conv2d(given, out, layer.kernel, layer.stride, layer.padding, bias=False)
        )
        if layer.up > 1:
            modules.append(nn.PixelShuffle(layer.up))
        if number + 1 < len(layers):
            modules.append(norm(layer.channels, inverse))
        given = layer.channels
    return nn.Sequential(*modules)


def to_arrays(network: nn.Sequential) -> list[NDArray[np.float16]]:
    """Weights in order: of a convolution, then beta and gamma of the GDN1 behind it."""
    arrays: list[Tensor] = []
    for module in network:
        if isinstance(module, nn.Conv2d):
            arrays.append(module.weight)
        elif hasattr(module, "beta_reparam"):  # CompressAI's keeps both reparametrised
            reparametrised: Any = module
            arrays.append(reparametrised.beta_reparam(module.beta))
            arrays.append(reparametrised.gamma_reparam(module.gamma))
        elif isinstance(module, GDN1):
            arrays += [module.beta, module.gamma]
    return [array.detach().cpu().numpy().astype(np.float16) for array in arrays]


def load_arrays(network: nn.Sequential, arrays: Sequence[NDArray[np.floating[Any]]]) -> None:
    """What `to_arrays` gave, into a network of `GDN1`; ValueError where shapes differ."""
    parameters = list(network.parameters())
    if [tuple(p.shape) for p in parameters] != [array.shape for array in arrays]:
        raise ValueError("the shapes of weights are not those of the layers")
    with torch.no_grad():
        for parameter, array in zip(parameters, arrays, strict=True):
            parameter.copy_(torch.from_numpy(array.astype(np.float32)))


def parameters(architecture: Architecture) -> Mapping[str, int]:
    """Parameters of encoder and decoder."""
    pair = {
        "encoder": build(architecture.encoder, 3, False),
        "decoder": build(architecture.decoder, architecture.latents, True),
    }
    return {name: sum(p.numel() for p in net.parameters()) for name, net in pair.items()}
