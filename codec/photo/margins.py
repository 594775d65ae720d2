"""The margins of a plane: what stands where an edge lacks samples (docs/photo.md, "Planes")."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.photo.features import MARGIN

__all__ = ["above_first", "after_row", "before_row", "below_last"]

I32 = NDArray[np.int32]


@inner_kernel
def before_row(samples: I32, start: int, stride: int) -> None:
    """Fills the margin left of a row with the sample above its first."""
    for i in range(1, MARGIN + 1):
        samples[start - i] = samples[start - stride]


@inner_kernel
def after_row(samples: I32, errors: I32, activity: I32, start: int, width: int) -> None:
    """Fills the margin right of a row with its last sample; errors extend a column either way."""
    end = start + width
    for i in range(MARGIN):
        samples[end + i] = samples[end - 1]
    errors[start - 1], errors[end] = errors[start], errors[end - 1]
    activity[start - 1], activity[end] = activity[start], activity[end - 1]


@inner_kernel
def above_first(samples: I32, start: int, stride: int) -> None:
    """Fills the margin above the first row with that row."""
    first = start - MARGIN
    for k in range(1, MARGIN + 1):
        for i in range(stride):
            samples[first - k * stride + i] = samples[first + i]


@inner_kernel
def below_last(samples: I32, errors: I32, bottom: int, stride: int) -> None:
    """Fills the margin below the last row, which begins at `bottom`, with that row."""
    for k in range(1, MARGIN + 1):
        for i in range(stride):
            samples[bottom + k * stride + i] = samples[bottom + i]
            errors[bottom + k * stride + i] = errors[bottom + i]
