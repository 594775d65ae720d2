"""Steering a fit to a size or to a quality by the weight of its rate."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Aim"]

GAIN = 0.05
LEAST, MOST = 0.02, 8.0
"""How fast and how far the weight is moved."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a fit should come to.

    Attributes:
        bits: the bits that weights and embeddings should take, or None.
        error: weighted mean squared error, or None.
    """

    bits: float | None = None
    error: float | None = None

    def steer(self, weight: Tensor, rate: Tensor, error: Tensor) -> None:
        """Raises or lowers the weight of the rate, in place.

        Args:
            weight: the rate's weight in the loss.
            rate: bits of the fit as it is.
            error: the error of the fit as it is.
        """
        if self.bits is not None:
            off = torch.log(rate.clamp_min(1) / self.bits)
        elif self.error is not None:
            off = torch.log(self.error / error)
        else:
            return
        weight.mul_(torch.exp(GAIN * off.clamp(-1, 1))).clamp_(LEAST, MOST)
