"""What quantised values cost, as a function that a fit can follow downhill."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from ncodec.weights.context import CLASSES, THRESHOLDS
from ncodec.weights.quantize import STEPS_PER_OCTAVE

__all__ = ["LearnedSteps", "bits", "grid_bits"]

_NARROWEST = 0.02
"""Of a scale in steps: under it every value is the same symbol."""

_LEAST = 1e-9
"""Of a probability: what lies farther out is an escape."""


class LearnedSteps:
    """Quantisation of a list of tensors inside a fit, with a step of each that is learned too.

    While the fit is coarse, uniform noise of a step's width stands for the rounding (Balle et
    al., arXiv 1611.01704, section 3.1); towards its end values are rounded, and gradients pass
    straight through.

    Attributes:
        octaves: float32 (tensors,), base-2 logarithms of the steps; to be optimised.
    """

    def __init__(self, count: int, place: torch.device) -> None:
        self.octaves = torch.zeros(count, device=place, requires_grad=True)

    def quantize(
        self, index: int, tensor: Tensor, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tensor `index` as it will be decoded, roughly or exactly.

        Args:
            index: of the tensor in the list.
            tensor: or a part of it.
            generator: of the noise; None rounds.

        Returns:
            values, their integers, and what those were before noise or rounding; all of the
            tensor's shape, all with gradients.
        """
        octaves = self.octaves[index]
        # Only the steps that a file can say.
        said = (octaves.detach() * STEPS_PER_OCTAVE).round() / STEPS_PER_OCTAVE
        step = torch.exp2(octaves + (said - octaves.detach()))
        scaled = tensor / step
        if generator is None:
            integers = scaled + (scaled.detach().round() - scaled.detach())
        else:
            noise = torch.empty_like(scaled).uniform_(-0.5, 0.5, generator=generator)
            integers = scaled + noise
        return integers * step, integers, scaled

    def values(self) -> list[float]:
        """The steps."""
        return [2.0**octaves for octaves in self.octaves.tolist()]


def bits(integers: Tensor, unrounded: Tensor) -> Tensor:
    """Bits that the coder's fixed models take for integers, noisy or rounded; a scalar.

    The better of a discretised Laplace and a discretised Gaussian with the scale of the
    unrounded values, as `ncodec.formats.entropy` chooses among its tables.
    """
    distance = integers.abs()
    laplace = _laplace_bits(distance, unrounded.abs().mean().clamp_min(_NARROWEST))
    squares = unrounded.square().mean().clamp_min(_NARROWEST**2)
    return torch.minimum(laplace.sum(), _gaussian_bits(distance, squares.sqrt()).sum())


def grid_bits(integers: Tensor, unrounded: Tensor) -> Tensor:
    """As `bits` for a grid (times, channels, rows, columns) coded with contexts: every class of
    `ncodec.weights.context` has a scale of its own.
    """
    places = _classes(integers.detach().round()).flatten()
    distance, values = integers.abs().flatten(), unrounded.flatten()
    none = torch.zeros(CLASSES, device=values.device)

    def totals(terms: Tensor) -> Tensor:
        return none.index_add(0, places, terms)

    counts = totals(torch.ones_like(values)).clamp_min(1)
    scales = (totals(values.abs()) / counts).clamp_min(_NARROWEST)
    deviations = (totals(values.square()) / counts).clamp_min(_NARROWEST**2).sqrt()
    laplace = totals(_laplace_bits(distance, scales[places]))
    gaussian = totals(_gaussian_bits(distance, deviations[places]))
    return torch.minimum(laplace, gaussian).sum()


def _classes(integers: Tensor) -> Tensor:
    """`ncodec.weights.context.classes` in torch: int64."""
    near = integers[:-1].abs().clamp_max(THRESHOLDS[-1])
    total = 2 * near
    total[..., 1:, :] += near[..., :-1, :]
    total[..., :-1, :] += near[..., 1:, :]
    total[..., 1:] += near[..., :-1]
    total[..., :-1] += near[..., 1:]
    edges = torch.tensor(THRESHOLDS, device=total.device, dtype=total.dtype)
    found = 1 + torch.bucketize(total.contiguous(), edges, right=True)
    return torch.cat([torch.zeros_like(integers[:1], dtype=torch.int64), found])


def _laplace_bits(distance: Tensor, scale: Tensor) -> Tensor:
    outer = torch.exp(-(distance + 0.5) / scale)
    # Within half a step of zero the interval has its mode inside.
    inner = torch.exp(-(distance - 0.5).abs() / scale)
    mass = torch.where(distance < 0.5, 1 - 0.5 * (inner + outer), 0.5 * (inner - outer))
    return -torch.log2(mass.clamp_min(_LEAST))


def _gaussian_bits(distance: Tensor, deviation: Tensor) -> Tensor:
    scale = 1 / (sqrt(2) * deviation)
    mass = torch.erf((distance + 0.5) * scale) - torch.erf((distance - 0.5) * scale)
    return -torch.log2((0.5 * mass).clamp_min(_LEAST))
