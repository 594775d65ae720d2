"""What quantised values cost, as a function that a fit can follow downhill."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from ncodec.weights.quantize import STEPS_PER_OCTAVE

__all__ = ["LearnedSteps", "bits"]

_NARROWEST = 0.02
"""Of a scale in steps: under it every value is the same symbol."""


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
    ) -> tuple[Tensor, Tensor]:
        """Tensor `index` as it will be decoded, roughly or exactly, and its integers.

        Args:
            index: of the tensor in the list.
            tensor: or a part of it.
            generator: of the noise; None rounds.

        Returns:
            two tensors of the same shape that gradients pass through.
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
        return integers * step, integers

    def values(self) -> list[float]:
        """The steps."""
        return [2.0**octaves for octaves in self.octaves.tolist()]


def bits(integers: Tensor) -> Tensor:
    """Bits that the coder's fixed models take for integers, rounded or not; a scalar.

    The better of a discretised Laplace and a discretised Gaussian whose scale fits these values
    best, as `ncodec.formats.entropy` chooses among its tables. The choice is the tensor's, the
    gradient that of the chosen one.
    """
    distance = integers.abs()
    return torch.minimum(_laplace_bits(distance), _gaussian_bits(distance))


def _laplace_bits(distance: Tensor) -> Tensor:
    rate = 1 / distance.mean().clamp_min(_NARROWEST)
    outer = torch.exp(-rate * (distance + 0.5))
    # Within half a step of zero the interval has its mode inside.
    inner = torch.exp(-rate * (distance - 0.5).abs())
    mass = torch.where(distance < 0.5, 1 - 0.5 * (inner + outer), 0.5 * (inner - outer))
    return -torch.log2(mass.clamp_min(1e-9)).sum()


def _gaussian_bits(distance: Tensor) -> Tensor:
    scale = 1 / (sqrt(2) * distance.square().mean().sqrt().clamp_min(_NARROWEST))
    mass = torch.erf((distance + 0.5) * scale) - torch.erf((distance - 0.5) * scale)
    return -torch.log2((0.5 * mass).clamp_min(1e-9)).sum()
