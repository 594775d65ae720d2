"""Corrections of a prediction by how those before it fared (docs/photo.md, "Prediction")."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import item, set_item
from ncodec.photo.features import MARGIN

__all__ = ["BIASES", "History", "adapt", "blend", "texture"]

BIASES = 256
"""The contexts of each of the two biases of a prediction."""

I32 = NDArray[np.int32]


class History(NamedTuple):
    """How a plane's predictions have fared.

    Attributes:
        misses: of the first and the last window, in 1/64 level, int32 [2 * samples with margins].
        bias: the mean errors of contexts, int32 [512].
    """

    misses: I32
    bias: I32

    @classmethod
    def before(cls, width: int, height: int, predictions: int = 2) -> History:
        """The history of a plane before its first row."""
        size = (width + 2 * MARGIN) * (height + 2 * MARGIN)
        return cls(np.ones(predictions * size, np.int32), np.zeros(2 * BIASES, np.int32))


@inner_kernel(forceinline=True)
def blend(guess: int, other: int, misses: I32, at: int, stride: int, size: int) -> Any:
    """The mean of two predictions, each weighted by the other's squared miss around the sample."""
    first, second = 32, 32
    for place in (at - 1, at - stride, at - stride + 1, at - stride - 1, at - 2):
        first += item(misses, place)
        second += item(misses, size + place)
    missed = min(first, second) >> 4
    first, second = first * first, second * second
    return (guess * second + other * first) // (first + second), missed


@inner_kernel(forceinline=True)
def adapt(bias: I32, context: int, error: int) -> None:
    """Moves a context's mean error, in 2^-6 of 1/64 level."""
    limited = min(max(error, -2048), 2048)
    before = item(bias, context)
    set_item(bias, context, np.int32(before + (((limited << 6) - before) >> 5)))


@inner_kernel(forceinline=True)
def texture(samples: I32, here: int, stride: int, value: int) -> int:
    """A context of 8 bits: which neighbours, and lines through two of them, lie above `value`, in
    1/64 level."""
    level = value >> 6
    north = here - stride
    texture = 0
    texture |= int(item(samples, here - 1) > level)
    texture |= int(item(samples, north) > level) << 1
    texture |= int(item(samples, north - 1) > level) << 2
    texture |= int(item(samples, north + 1) > level) << 3
    texture |= int(item(samples, here - 2) > level) << 4
    texture |= int(item(samples, north - stride) > level) << 5
    texture |= int(2 * item(samples, here - 1) - item(samples, here - 2) > level) << 6
    texture |= int(2 * item(samples, north) - item(samples, north - stride) > level) << 7
    return texture
