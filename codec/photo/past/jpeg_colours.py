"""The YCbCr that pixels were: libjpeg's way to RGB, walked back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.past.jpeg_samples import colour_shifts

__all__ = ["CLIPPED", "KNOWN", "OTHER", "luma_bounds", "share_known", "ycc_of"]

Array = NDArray[Any]

OTHER, KNOWN, CLIPPED = range(3)
"""A pixel is the colour of no YCbCr; of the one given; or has a sample at an end of its range."""

_SAMPLES = 2048
_OFFSET = 512


def _inverse(scale: int) -> NDArray[np.int16]:
    """Which chroma adds a difference d, at [d + _OFFSET]; -1 if none."""
    table = np.full(2 * _OFFSET, -1, dtype=np.int16)
    chroma = np.arange(256)
    table[((scale * (chroma - 128) + (1 << 15)) >> 16) + _OFFSET] = chroma
    return table


_RED, _BLUE = _inverse(91881), _inverse(116130)


def ycc_of(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Y, Cb and Cr of RGB pixels.

    Args:
        pixels: uint8 [height, width, 3].

    Returns:
        float32 [3, height, width], integers where they are known and estimates elsewhere; and
        KNOWN, OTHER or CLIPPED for each pixel.
    """
    height, width, _ = pixels.shape
    planes = np.empty((3, height, width), dtype=np.float32)
    kinds = np.empty((height, width), dtype=np.uint8)
    _convert(pixels, planes, kinds, _RED, _BLUE)
    return planes, kinds


def share_known(pixels: NDArray[np.uint8]) -> float:
    """Which share of some pixels, those that are not clipped, has a YCbCr; by chance it is 0.24."""
    flat = pixels.reshape(-1, 3)
    some = flat[:: max(1, len(flat) // _SAMPLES) | 1][None]
    kinds: Any = ycc_of(np.ascontiguousarray(some))[1]
    able = np.count_nonzero(kinds != CLIPPED)
    return float(np.count_nonzero(kinds == KNOWN) / able) if able else 0.0


def luma_bounds(pixels: NDArray[np.uint8], chroma: Sequence[Any]) -> tuple[Any, Any]:
    """Between which values luma gives these pixels, with the Cb and Cr given; float
    [height, width] each, the lower one above the other where none does.

    Args:
        pixels: uint8 [height, width, 3], or of any channels if they are all luma.
        chroma: Cb and Cr, or nothing for grey.
    """
    shifts: list[Any] = colour_shifts(*chroma) if chroma else [0]
    lowest, highest = np.full(pixels.shape[:2], -np.inf), np.full(pixels.shape[:2], np.inf)
    for channel, shift in enumerate(shifts):
        values = pixels[:, :, channel].astype(np.float64)
        lowest = np.maximum(lowest, np.where(values == 0, -np.inf, values - shift))
        highest = np.minimum(highest, np.where(values == 255, np.inf, values - shift))
    return lowest, highest


@kernel
def _convert(pixels: Array, planes: Array, kinds: Array, reds: Array, blues: Array) -> None:
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            red: Any = np.int64(pixels[y, x, 0])
            green: Any = np.int64(pixels[y, x, 1])
            blue: Any = np.int64(pixels[y, x, 2])
            luma = 0.299 * red + 0.587 * green + 0.114 * blue
            planes[0, y, x] = luma
            planes[1, y, x] = 128 + (blue - luma) / 1.772
            planes[2, y, x] = 128 + (red - luma) / 1.402
            if min(red, green, blue) == 0 or max(red, green, blue) == 255:
                kinds[y, x] = CLIPPED
                continue
            kinds[y, x] = OTHER
            middle: Any = np.int64(luma + 0.5)
            for guess in range(max(middle - 1, 0), min(middle + 1, 255) + 1):
                cb = np.int64(blues[blue - guess + 512])
                cr = np.int64(reds[red - guess + 512])
                shift = (-22554 * (cb - 128) + 32768 - 46802 * (cr - 128)) >> 16
                if cb >= 0 and cr >= 0 and guess + shift == green:
                    planes[0, y, x] = guess
                    planes[1, y, x] = cb
                    planes[2, y, x] = cr
                    kinds[y, x] = KNOWN
                    break
