"""How a codec fits: presets, what a user can choose, and how many values a segment gets.

No torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Literal

from ncodec.plugin import Option

__all__ = [
    "BITS_A_VALUE",
    "COUNTED",
    "LEAST_BITS",
    "PRESET_QUALITY",
    "QUALITY_DOUBLING",
    "SECTION_OVERHEAD",
    "Preset",
    "Recipe",
    "default_values",
    "inr_options",
    "quality_factor",
    "section_bytes",
    "values_in",
]


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
        steps: steps that a pass takes at least: for short segments a step takes fewer frames.
        positions: positions of pictures that a step takes at most, None for no limit: fewer frames
            of larger ones, and a patch of one that is too large, if the network has patches.
        mixed: run convolutions in the device's fast dtype, where it has one.
        betas: Adam's decay rates.
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
"""A fit that counts bits, from which codecs start; why 0.66: docs/hnerv.md, "Fit"; what its parts
are worth: the ablation in docs/ngrid.md, "Against others"."""


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


def inr_options(presets: Iterable[str], default: str) -> Sequence[Option]:
    """The options, with these presets to choose from."""
    return (
        Option(
            "preset",
            str,
            default,
            "trade of time against quality",
            choices=tuple(presets),
        ),
        Option(
            "model_size",
            float,
            None,
            "millions of weights and embedding values a segment",
            minimum=1e-3,
        ),
        Option(
            "quality",
            float,
            PRESET_QUALITY,
            "ten more double the values; the preset's or --model-size is at 50",
            minimum=0,
        ),
        Option(
            "target_psnr",
            float,
            None,
            "PSNR in dB that every segment's decoded frames reach, RGB, mean over frames",
            minimum=1,
        ),
        Option("epochs", int, None, "passes over each segment", minimum=1),
        Option(
            "compile",
            bool,
            False,
            "compile the networks first (torch.compile, a minute or two), with graphs on CUDA",
        ),
    )


BITS_A_VALUE = 4.5
"""What weights and embeddings take when a target size decides how many there are."""

LEAST_BITS = 2.0
"""Coarser than this the picture falls apart: a target size that asks for it is refused."""

SECTION_OVERHEAD = 96
"""About what a segment adds to its weights and embeddings: mini-header, configuration, hash."""

PRESET_QUALITY = 50.0
"""The quality whose network has as many values as the preset or the user says."""

QUALITY_DOUBLING = 10.0
"""Points of quality that double the values."""


def default_values(pixels: int) -> float:
    """Weights and embedding values for a segment of so many pixels, at preset size 1.

    Grows slower than the clip, as the published sizes do (0.35 to 3 M at 108 M pixels).
    """
    return float(13 * pixels**0.6)


def quality_factor(quality: float) -> float:
    """What the number of values is multiplied by at this quality."""
    return float(2 ** ((quality - PRESET_QUALITY) / QUALITY_DOUBLING))


def section_bytes(values: int, bits: float) -> int:
    """About what a segment of so many values takes."""
    return round(values * bits / 8) + SECTION_OVERHEAD


def values_in(size: int, bits: float = BITS_A_VALUE) -> float:
    """How many values a segment of `size` bytes has."""
    return (size - SECTION_OVERHEAD) * 8 / bits
