"""Uniform quantisers: a step on a geometric grid, or the minimum and scale of published codecs."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST_INDEX",
    "STEPS_PER_OCTAVE",
    "AffineTensor",
    "QuantizedTensor",
    "SteppedTensor",
    "affine",
    "step_index",
    "stepped",
]

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

STEPS_PER_OCTAVE = 64
"""The number of steps from one size to twice that: one index changes a file by about 0.3 %, so that
a size can be met."""

LARGEST_INDEX = 64 * STEPS_PER_OCTAVE
"""The largest index of a step, either way: what it makes of any integer is a finite float32."""

_LARGEST = 2**30
_AXIS_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class SteppedTensor:
    """``values * 2 ** (index / STEPS_PER_OCTAVE)``: zero stays zero.

    Attributes:
        values: int32, the tensor's shape.
        index: the step's, -LARGEST_INDEX to LARGEST_INDEX.
        differences: whether each entry along the first axis is coded by its difference from the
            one before.
        predicted: whether it is coded as a grid, see `ncodec.weights.predicted`.
    """

    values: Integers
    index: int
    differences: bool = False
    predicted: bool = False

    def dequantize(self) -> Floats:
        """The tensor in float32."""
        step = np.float32(2.0 ** (self.index / STEPS_PER_OCTAVE))
        return self.values.astype(np.float32) * step


@dataclass(frozen=True, slots=True)
class AffineTensor:
    """``minimum + scale * values``, whole or along one axis.

    Attributes:
        values: int32, the tensor's shape, 0 to 2 ** bits - 1.
        minimum, scale: float16, broadcastable to the tensor's shape.
        axis: the axis that they were reduced over, or None for one pair in all.
    """

    values: Integers
    minimum: NDArray[np.float16]
    scale: NDArray[np.float16]
    axis: int | None

    def dequantize(self) -> Floats:
        """The tensor in float32."""
        minimum, scale = (a.astype(np.float32) for a in (self.minimum, self.scale))
        # float32 times int32 would be float64.
        return minimum + scale * self.values.astype(np.float32)


QuantizedTensor = SteppedTensor | AffineTensor


def step_index(step: float) -> int:
    """The index whose step is nearest to `step` > 0, with room for shifts to either side."""
    most = LARGEST_INDEX * 3 // 4
    return min(max(round(STEPS_PER_OCTAVE * log2(step)), -most), most)


def stepped(tensor: Floats, index: int) -> SteppedTensor:
    """`tensor` rounded to multiples of the step with this index."""
    values = np.rint(tensor / 2.0 ** (index / STEPS_PER_OCTAVE))
    return SteppedTensor(np.clip(values, -_LARGEST, _LARGEST).astype(np.int32), index)


def affine(tensor: Floats, bits: int) -> AffineTensor:
    """`tensor` between its extremes in 2 ** bits levels, as HNeRV's code publishes it.

    Extremes are taken over the whole tensor or along any axis that leaves few enough of them
    (under 2 % of the values); the choice with the smallest mean absolute error is kept.
    """
    axes: list[int | None] = [None]
    axes += [i for i, side in enumerate(tensor.shape) if 1 / side < _AXIS_SHARE]
    candidates = [_affine_along(tensor, axis, 2**bits - 1) for axis in axes]
    return min(candidates, key=lambda c: float(np.abs(c.dequantize() - tensor).mean()))


def _affine_along(tensor: Floats, axis: int | None, levels: int) -> AffineTensor:
    minimum = tensor.min(axis=axis, keepdims=True).astype(np.float16)
    span = tensor.max(axis=axis, keepdims=True) - minimum.astype(np.float32)
    scale = np.maximum(span / levels, 2.0**-24).astype(np.float16)
    values = np.rint((tensor - minimum.astype(np.float32)) / scale.astype(np.float32))
    return AffineTensor(np.clip(values, 0, levels).astype(np.int32), minimum, scale, axis)
