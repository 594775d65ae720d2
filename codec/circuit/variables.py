"""Images as rows of discrete variables with small alphabets, and back.

A row holds a pixel's channels next to each other, pixels in raster order. Colours go through
YCoCg-R (Malvar and Sullivan 2003), which is exact in integers and needs one more bit for the two
chroma channels; 16-bit samples become a high and a low byte, so that no alphabet exceeds 512.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UsageError

__all__ = ["LARGEST_COUNT", "Rows", "Variables"]

LARGEST_COUNT = 1 << 20
"""The most variables of an image."""

Rows = NDArray[np.int32]
"""The values of the variables, int32 [images, variables]."""


@dataclass(frozen=True)
class Variables:
    """The variables of one image.

    Attributes:
        shape: (height, width, channels); 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA.
        bit_depth: 8 or 16 bits a sample.

    Raises:
        UsageError: for any other shape or depth.
    """

    shape: tuple[int, int, int]
    bit_depth: int

    def __post_init__(self) -> None:
        height, width, channels = self.shape
        sound = min(height, width) >= 1 and channels in (1, 2, 3, 4) and self.bit_depth in (8, 16)
        if not sound or self.count > LARGEST_COUNT:
            raise UsageError(
                f"images of {height}x{width}x{channels} with {self.bit_depth} bits cannot be "
                f"modelled: give at least one pixel, 1 to 4 channels of 8 or 16 bits, and at most "
                f"{LARGEST_COUNT} variables, two for a sample of 16 bits"
            )

    @property
    def kinds(self) -> int:
        """The number of variables a pixel: channels, or twice as many where samples are split in
        bytes."""
        return self.shape[2] * self.bit_depth // 8

    @property
    def count(self) -> int:
        """The number of variables of an image."""
        return prod(self.shape) * self.bit_depth // 8

    @cached_property
    def alphabets(self) -> tuple[int, ...]:
        """The alphabet size of each kind; those of a split channel come as high, low."""
        coloured = self.shape[2] >= 3
        wide = [coloured and channel in (1, 2) for channel in range(self.shape[2])]
        if self.bit_depth == 8:
            return tuple(511 if chroma else 256 for chroma in wide)
        return tuple(size for chroma in wide for size in (512 if chroma else 256, 256))

    @cached_property
    def kind(self) -> NDArray[np.int32]:
        """The kind of each variable, int32 [count]."""
        return np.tile(np.arange(self.kinds, dtype=np.int32), self.shape[0] * self.shape[1])

    @cached_property
    def position(self) -> NDArray[np.int32]:
        """The row and column of each variable's pixel, int32 [count, 2]."""
        pixel = np.arange(self.count) // self.kinds
        return np.stack(np.divmod(pixel, self.shape[1]), axis=1).astype(np.int32)

    def to_rows(self, images: NDArray[Any]) -> Rows:
        """The rows of `images`, uint8 or uint16 [n, height, width, channels].

        Raises:
            UsageError: for images of another shape or type.
        """
        expected = np.uint8 if self.bit_depth == 8 else np.uint16
        if images.shape[1:] != self.shape or images.dtype != expected:
            raise UsageError(
                f"images of shape {images.shape[1:]} and type {images.dtype} do not fit a model "
                f"of {self.shape} and {np.dtype(expected)}: encode them with a model of their own"
            )
        values = images.astype(np.int32)
        if self.shape[2] >= 3:
            values[..., :3] = _forward(values[..., :3], (1 << self.bit_depth) - 1)
        if self.bit_depth == 16:
            values = np.stack([values >> 8, values & 255], axis=-1)
        return np.ascontiguousarray(values.reshape(len(images), -1))

    def from_rows(self, rows: Rows) -> NDArray[Any]:
        """The images that `to_rows` turned into `rows`, [n, height, width, channels].

        Rows that no image has give images with samples taken modulo their range.
        """
        values = rows
        if self.bit_depth == 16:
            pairs = values.reshape(-1, 2)
            values = (pairs[:, 0] << 8) | pairs[:, 1]
        values = values.reshape(len(rows), *self.shape)
        if self.shape[2] >= 3:
            values = values.copy()
            values[..., :3] = _backward(values[..., :3], (1 << self.bit_depth) - 1)
        return values.astype(np.uint8 if self.bit_depth == 8 else np.uint16)


def _forward(rgb: NDArray[np.int32], offset: int) -> NDArray[np.int32]:
    """Y, Co + offset, Cg + offset of R, G, B along the last axis."""
    red, green, blue = (rgb[..., i] for i in range(3))
    orange = red - blue
    middle = blue + (orange >> 1)
    lime = green - middle
    return np.stack([middle + (lime >> 1), orange + offset, lime + offset], axis=-1)


def _backward(ycc: NDArray[np.int32], offset: int) -> NDArray[np.int32]:
    luma, orange, lime = ycc[..., 0], ycc[..., 1] - offset, ycc[..., 2] - offset
    middle = luma - (lime >> 1)
    blue = middle - (orange >> 1)
    return np.stack([blue + orange, lime + middle, blue], axis=-1)
