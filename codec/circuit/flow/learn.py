"""Learning the flow: float networks, straight-through rounding, a discretised logistic prior."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ncodec.circuit.flow.couplings import (
    ACTIVATION_BITS,
    CENTRE,
    LARGEST_BIAS,
    LARGEST_WEIGHT,
    WEIGHT_BITS,
    Coupling,
    Flow,
    mask,
)
from ncodec.device import resolve_device, threads
from ncodec.errors import Interrupted
from ncodec.plugin import Context

__all__ = ["FlowRecipe", "learn_flow"]

_SPREAD = 4.0
"""The scale of the prior at the start, in grey levels."""


@dataclass(frozen=True, slots=True)
class FlowRecipe:
    """The size of a flow and its training: couplings a scale, hidden channels, epochs, batch size
    and peak learning rate (Adam)."""

    couplings: int = 6
    hidden: int = 48
    epochs: int = 20
    batch: int = 64
    rate: float = 2e-3


class _Coupling(nn.Module):
    def __init__(self, changed: NDArray[np.bool_], hidden: int) -> None:
        super().__init__()
        self.changed = changed
        kept, moved = int((~changed).sum()), int(changed.sum())
        widths = [kept, hidden, hidden, moved]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))
        # The flow starts as the identity.
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.layers[-1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        values = x[:, torch.from_numpy(~self.changed)]
        for layer in self.layers[:-1]:
            values = functional.relu(layer(values))
        shift = self.layers[-1](values)
        rounded = shift + (torch.round(shift * 256) / 256 - shift).detach()
        out = x.clone()
        out[:, torch.from_numpy(self.changed)] = x[:, torch.from_numpy(self.changed)] + rounded
        return out


class _Network(nn.Module):
    """The flow in floats. Samples are centred and in units of 256 grey levels, as latents are."""

    def __init__(self, shape: tuple[int, int, int], recipe: FlowRecipe, scales: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.scales = nn.ModuleList()
        for _ in range(scales):
            masks = [mask(i, channels) for i in range(recipe.couplings)]
            self.scales.append(nn.ModuleList(_Coupling(m, recipe.hidden) for m in masks))
            channels, height, width = 4 * channels, height // 2, width // 2
        self.mean = nn.Parameter(torch.zeros(channels, height, width))
        spread = torch.full((channels, height, width), _SPREAD / 256)
        self.log_scale = nn.Parameter(spread.log())

    def forward(self, x: Tensor) -> Tensor:
        for couplings in self.scales:
            x = functional.pixel_unshuffle(x, 2)
            for coupling in couplings:  # type: ignore[attr-defined]
                x = coupling(x)
        return x

    def bits(self, z: Tensor) -> Tensor:
        """The mean bits a dimension under the discretised logistic prior."""
        scale = self.log_scale.exp()
        upper = torch.sigmoid((z + 0.5 / 256 - self.mean) / scale)
        lower = torch.sigmoid((z - 0.5 / 256 - self.mean) / scale)
        return -(upper - lower).clamp_min(1e-9).log2().mean()


def learn_flow(
    images: NDArray[np.uint8],
    held_out: NDArray[np.uint8],
    recipe: FlowRecipe,
    context: Context,
) -> Flow:
    """A flow for images like these.

    Args:
        images: uint8 [n, channels, height, width], height and width even.
        held_out: more of them, to report how the flow does on what it has not seen.
        recipe: how large, how long.
        context: device, threads, seed of weights and batches, whom to report epochs to.

    Raises:
        Interrupted: `context.stopping()` came true.
    """
    with threads(context.threads):
        return _fitted(images, held_out, recipe, context)


def _fitted(
    images: NDArray[np.uint8], held_out: NDArray[np.uint8], recipe: FlowRecipe, context: Context
) -> Flow:
    seed, place = context.seed, resolve_device(context.device).place
    generator = torch.Generator().manual_seed(seed)
    shape = (images.shape[1], images.shape[2], images.shape[3])
    scales = 2 if shape[1] % 4 == 0 and shape[2] % 4 == 0 else 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _Network(shape, recipe, scales).to(place)
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.rate)
    steps = recipe.epochs * -(-len(images) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    data = torch.from_numpy(images)
    for epoch in range(1, recipe.epochs + 1):
        order = torch.randperm(len(images), generator=generator)
        for batch in order.split(recipe.batch):  # type: ignore[no-untyped-call]
            if context.stopping():
                raise Interrupted("stopped by the user")
            loss = network.bits(network(_centred(data[batch], place)))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            parts = torch.from_numpy(held_out).split(256)  # type: ignore[no-untyped-call]
            sums = [
                float(network.bits(network(_centred(p, place)))) * len(p) for p in parts if len(p)
            ]
        context.report(
            fraction=epoch / recipe.epochs,
            epoch=epoch,
            epochs=recipe.epochs,
            flow_bpd=float(loss.detach()),
            flow_held_out_bpd=sum(sums) / max(1, len(held_out)),
        )
    return Flow([[_quantised(c) for c in scale] for scale in network.scales])  # type: ignore[attr-defined]


def _centred(samples: Tensor, place: torch.device) -> Tensor:
    return (samples.to(place).float() - CENTRE) / 256


def _quantised(coupling: Any) -> Coupling:
    """Fixed-point weights; samples become grey levels, so biases grow by 256."""
    weights: list[NDArray[np.int64]] = []
    biases: list[NDArray[np.int64]] = []
    for layer in coupling.layers:
        weight = layer.weight.detach().cpu().double().numpy() * (1 << WEIGHT_BITS)
        bias = layer.bias.detach().cpu().double().numpy()
        bias = bias * 256 * (1 << ACTIVATION_BITS)
        limited = np.clip(np.rint(weight), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        weights.append(limited.astype(np.int64))
        biases.append(np.clip(np.rint(bias), -LARGEST_BIAS, LARGEST_BIAS).astype(np.int64))
    return Coupling(coupling.changed, weights, biases)
