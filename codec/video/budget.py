"""How many values a segment's network gets, and what they will take. No torch."""

from __future__ import annotations

__all__ = [
    "BITS_A_VALUE",
    "LEAST_BITS",
    "PRESET_QUALITY",
    "QUALITY_DOUBLING",
    "SECTION_OVERHEAD",
    "default_values",
    "quality_factor",
    "section_bytes",
    "values_in",
]

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
    """On the number of values."""
    return float(2 ** ((quality - PRESET_QUALITY) / QUALITY_DOUBLING))


def section_bytes(values: int, bits: float = BITS_A_VALUE) -> int:
    """About what a segment of so many values takes."""
    return round(values * bits / 8) + SECTION_OVERHEAD


def values_in(size: int, bits: float = BITS_A_VALUE) -> float:
    """How many values a segment of `size` bytes has."""
    return (size - SECTION_OVERHEAD) * 8 / bits
