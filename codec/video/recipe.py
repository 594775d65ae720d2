"""How a network is fitted. No torch, so that presets can be listed quickly."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi

__all__ = ["Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is fitted.

    Attributes:
        epochs: passes over the segment, when no time budget says otherwise.
        adam_rate: peak learning rate of Adam.
        muon_rate: peak learning rate of Muon on the convolutions, or None for Adam on all.
        warmup: share of the fit in which the rate rises from a tenth to its peak; a cosine
            takes it from there to zero.
        batch: frames a step.
        mixed: run convolutions in the device's fast dtype, where it has one.
    """

    epochs: int
    adam_rate: float
    muon_rate: float | None
    warmup: float = 0.1
    batch: int = 2
    mixed: bool = True

    def rate(self, progress: float) -> float:
        """Learning rate over its peak at `progress` 0..1 of the fit."""
        if progress < self.warmup:
            return 0.1 + 0.9 * progress / self.warmup
        return 0.5 + 0.5 * cos(pi * (progress - self.warmup) / (1 - self.warmup))
