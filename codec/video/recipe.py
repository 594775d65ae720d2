"""How a network is fitted. No torch, so that presets can be listed quickly."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Literal

__all__ = ["COUNTED", "Preset", "Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is fitted.

    Attributes:
        epochs: passes over the segment, when no time budget says otherwise.
        adam_rate: peak learning rate of Adam.
        muon_rate: peak learning rate of Muon on the convolutions, or None for Adam on all.
        warmup: share of the fit in which the rate rises from a tenth to its peak; a cosine
            takes it from there to zero.
        batch: frames a step, at most.
        fewest: frames a step, at least.
        steps: of a pass, at least: of short segments a step takes fewer frames.
        positions: of pictures that a step takes, at most: fewer frames of larger ones, and of a
            single one that is too large a patch, if the network has patches. None for no limit.
        mixed: run convolutions in the device's fast dtype, where it has one.
        betas: of Adam.
        loss: ``squares`` is the squared error of the planes as they are scored; ``l1-ssim`` is
            NeRV's 0.7 L1 + 0.3 (1 - SSIM).
        chroma: what the squared error of each chroma plane counts in packed pictures, of 1 in all.
        rate_weight: per cent of squared error that a fit gives up for a per cent of bits; 0
            leaves quantisation to what comes after the fit.
        rate_from: progress from which quantisation is part of the fit, as noise.
        round_from: progress from which it is rounding.
        steps_rate: peak learning rate of the steps' logarithms, in octaves.
        embeddings_rate: peak learning rate of embeddings from `rate_from` on, when they are no
            longer an encoder's but parameters.
        grids_rate: peak learning rate of Adam for grids along time.
    """

    epochs: int
    adam_rate: float
    muon_rate: float | None
    warmup: float = 0.1
    batch: int = 2
    fewest: int = 1
    steps: int = 1
    positions: int | None = None
    mixed: bool = True
    betas: tuple[float, float] = (0.9, 0.999)
    loss: Literal["squares", "l1-ssim"] = "squares"
    chroma: float = 1 / 8
    rate_weight: float = 0.0
    rate_from: float = 0.5
    round_from: float = 0.6
    steps_rate: float = 0.02
    embeddings_rate: float = 5e-3
    grids_rate: float = 4e-2

    def frames_a_step(self, frames: int, positions: int) -> int:
        """The batch for a segment of so many frames of so many positions each.

        What a step costs besides its frames (the optimisers', quantisation, starting threads) is
        shared by more of them where they are small; but an epoch of few steps learns little.
        """
        fitting = self.batch if self.positions is None else self.positions // positions
        return max(min(self.batch, fitting, frames // self.steps), self.fewest)

    def rate(self, progress: float) -> float:
        """Learning rate over its peak at `progress` 0..1 of the fit."""
        if progress < self.warmup:
            return 0.1 + 0.9 * progress / self.warmup
        return 0.5 + 0.5 * cos(pi * (progress - self.warmup) / (1 - self.warmup))


COUNTED = Recipe(
    epochs=100,
    adam_rate=1e-2,
    muon_rate=1e-2,
    batch=16,
    fewest=2,
    steps=16,
    positions=102_400,
    rate_weight=0.66,
)
"""A fit that counts bits: where codecs start from."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A trade of time against quality.

    Attributes:
        recipe: how the network is fitted.
        size: factor on the default number of values.
        published: fit RGB and quantise as the paper's code does.
    """

    recipe: Recipe
    size: float
    published: bool = False
