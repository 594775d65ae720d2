"""From quantised coefficients to pixels, as libjpeg and libjpeg-turbo compute them: integers.

The inverse transform is their `islow` (jidctint.c), enlarging is their "fancy upsampling"
(jdsample.c), colour their YCbCr to RGB (jdcolor.c). All figures here are theirs; the code is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["colour_shifts", "colours", "enlarge", "samples_of_blocks"]

Planes = NDArray[Any]

_PASS1 = 2
_BITS = 13
_CENTRE = 128

_CR_RED, _CB_BLUE = 91881, 116130
_CR_GREEN, _CB_GREEN = -46802, -22554
"""1.402, 1.772, -0.71414 and -0.34414 in 1/65536."""


def samples_of_blocks(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """The samples of blocks, 0 to 255.

    Args:
        values: int32 [8, 8, ...], coefficients times quantisers at [vertical, horizontal
            frequency].

    Returns:
        int32 [8, 8, ...] at [row, column].
    """
    columns = _pass(values, _BITS - _PASS1)
    rows = _pass(columns.swapaxes(0, 1), _BITS + _PASS1 + 3).swapaxes(0, 1)
    samples: NDArray[np.int32] = np.clip(rows + _CENTRE, 0, 255)
    return samples


def _pass(x: Planes, shift: int) -> Planes:
    """Eight points along the first axis by the method of Loeffler, Ligtenberg and Moschytz."""
    z1 = (x[2] + x[6]) * 4433
    low, high = (x[0] + x[4]) << _BITS, (x[0] - x[4]) << _BITS
    turned, kept = z1 - x[6] * 15137, z1 + x[2] * 6270
    even = (low + kept, high + turned, high - turned, low - kept)
    z3, z4 = x[7] + x[3], x[5] + x[1]
    z5 = (z3 + z4) * 9633
    z1, z2 = (x[7] + x[1]) * -7373, (x[5] + x[3]) * -20995
    z3, z4 = z5 - z3 * 16069, z5 - z4 * 3196
    odd = (
        x[1] * 12299 + z1 + z4,
        x[3] * 25172 + z2 + z3,
        x[5] * 16819 + z2 + z4,
        x[7] * 2446 + z1 + z3,
    )
    half = 1 << (shift - 1)
    sums = [(a + b + half) >> shift for a, b in zip(even, odd, strict=True)]
    differences = [(a - b + half) >> shift for a, b in zip(even, odd, strict=True)]
    return np.stack(sums + differences[::-1])


def enlarge(plane: Planes, across: int, down: int) -> Planes:
    """A plane at twice its width, its height or both (`across`, `down` are 1 or 2) by the
    triangle filter; beyond its edges a plane goes on as they are.

    Both directions are rounded once: what is added before takes turns, so that no side is
    favoured.
    """
    if down == 2:
        plane = _stretched(plane.T).T
    if across == 2:
        plane = _stretched(plane)
    if across * down == 1:
        return plane
    bits = 2 * (across + down - 2)
    half = 1 << (bits - 1)
    height, width = plane.shape
    if across == 1:
        turns = (half - 1 + np.arange(height) % 2)[:, None]
    elif down == 1:
        turns = (half - 1 + np.arange(width) % 2)[None, :]
    else:
        turns = (half - np.arange(width) % 2)[None, :]
    return (plane + turns) >> bits


def _stretched(plane: Planes) -> Planes:
    """Four times a plane that is enlarged along its rows."""
    padded = np.pad(plane, ((0, 0), (1, 1)), "edge")
    own = 3 * plane
    out = np.empty((plane.shape[0], 2 * plane.shape[1]), dtype=plane.dtype)
    out[:, ::2] = own + padded[:, :-2]
    out[:, 1::2] = own + padded[:, 2:]
    return out


def colours(luma: Planes, blue: Planes, red: Planes) -> NDArray[np.uint8]:
    """RGB, uint8 [height, width, 3], of Y, Cb and Cr of one size, 0 to 255."""
    planes = [luma + shift for shift in colour_shifts(blue, red)]
    pixels: NDArray[np.uint8] = np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)
    return pixels


def colour_shifts(blue: Planes, red: Planes) -> list[Planes]:
    """What Cb and Cr add to Y in R, G and B."""
    blue, red = blue - _CENTRE, red - _CENTRE
    half = 1 << 15
    return [
        (_CR_RED * red + half) >> 16,
        (_CB_GREEN * blue + half + _CR_GREEN * red) >> 16,
        (_CB_BLUE * blue + half) >> 16,
    ]
