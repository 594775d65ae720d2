"""Linear predictions whose taps follow what comes (normalised least mean squares)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.dct.memory import SIGNALS, TAPS_AT
from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.signals import TAPS, follow_far, foretell_far

__all__ = ["clip", "follow_value", "foretell_value", "taps_of"]

_WIDEST, _FARTHEST = 1 << 15, 1 << 20


@inner_kernel
def taps_of(colour: Any, i: Any) -> Any:
    """Where the taps of coefficient i are."""
    return TAPS_AT + (colour * 64 + i) * TAPS


@inner_kernel
def clip(signal: Any) -> Any:
    return min(max(np.int64(signal), -_WIDEST), _WIDEST)


@inner_kernel
def foretell_value(memory: Any, taps: Any) -> Any:
    """What a coefficient should be by the signals, in the same unit, and the signals' power."""
    total, power = foretell_far(memory, SIGNALS, taps)
    return min(max(total >> 16, -_FARTHEST), _FARTHEST), power


@inner_kernel
def follow_value(memory: Any, taps: Any, error: Any, power: Any) -> None:
    """Moves the taps downhill."""
    gain = (min(max(error, -_WIDEST), _WIDEST) << 20) // (power + 256)
    follow_far(memory, SIGNALS, taps, gain)
