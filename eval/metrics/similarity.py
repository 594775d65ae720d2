"""The SSIM and MS-SSIM of one plane, in one pass.

Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural
similarity", 2004; Wang, Simoncelli and Bovik, "Multi-scale structural similarity for image quality
assessment", 2003. Windows, constants, borders and pooling are those of pytorch-msssim, which most
papers on learned compression use; its float32 sums differ from ours by less than 1e-5.

With s = x + y and d = x - y, the two factors of SSIM are

    luminance               1 - mean(d)^2 / ((mean(s)^2 + mean(d)^2) / 2 + C1)
    contrast and structure  1 - var(d)    / ((var(s)    + var(d))    / 2 + C2)

which takes four filtered planes instead of five, and loses no digits where x and y are close.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = ["LARGEST_WITHOUT_SCALES", "SMALLEST_SIDE", "Similarity", "similarity"]

SMALLEST_SIDE = 11
"""The smallest side of a plane that has an SSIM: one window."""

LARGEST_WITHOUT_SCALES = 160
"""A plane has an MS-SSIM if its sides are longer than this: a window more than fits at 1/16."""

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The weights of the scales, from full size to 1/16."""

_K1, _K2 = 0.01, 0.03

_SIGMA = 1.5

_Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Similarity:
    """The similarity of two planes.

    Attributes:
        ssim: the SSIM at full size; None if a side is below `SMALLEST_SIDE`.
        ms_ssim: the MS-SSIM over five scales; None if a side is not above `LARGEST_WITHOUT_SCALES`.
    """

    ssim: float | None
    ms_ssim: float | None


def similarity(decoded: NDArray[Any], source: NDArray[Any], peak: int) -> Similarity:
    """The SSIM and MS-SSIM of two planes of unsigned integers, equal in shape; white is `peak`."""
    side = min(source.shape)
    if side < SMALLEST_SIDE:
        return Similarity(None, None)
    left, right = decoded.astype(np.float32), source.astype(np.float32)
    # Around 0, so that the variance of flat regions is not a difference of large numbers.
    total, difference = left + right - np.float32(peak), left - right
    c1, c2 = ((k * peak) ** 2 for k in (_K1, _K2))
    ssim, structure = _compare(total, difference, peak, c1, c2, _TAPS)
    if side <= LARGEST_WITHOUT_SCALES:
        return Similarity(ssim, None)
    factors = [structure]
    last = ssim
    for _ in _WEIGHTS[1:]:
        total, difference = _halved(total, -peak), _halved(difference, 0)
        last, structure = _compare(total, difference, peak, c1, c2, _TAPS)
        factors.append(structure)
    factors[-1] = last
    scales = (max(factor, 0.0) ** w for factor, w in zip(factors, _WEIGHTS, strict=True))
    return Similarity(ssim, prod(scales))


def _taps() -> _Plane:
    """Half of the symmetric window, the middle last."""
    window = np.exp(-(np.arange(-5, 6) ** 2) / (2 * _SIGMA**2))
    half: _Plane = (window / window.sum())[:6].astype(np.float32)
    return half


_TAPS = _taps()


@kernel(fastmath=True)
def _across(row: _Plane, taps: _Plane, filtered: _Plane) -> None:
    """Filters along a row, wherever the window lies inside."""
    t0, t1, t2, t3, t4, t5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    for j in range(len(filtered)):
        filtered[j] = (
            t0 * (row[j] + row[j + 10])
            + t1 * (row[j + 1] + row[j + 9])
            + t2 * (row[j + 2] + row[j + 8])
            + t3 * (row[j + 3] + row[j + 7])
            + t4 * (row[j + 4] + row[j + 6])
            + t5 * row[j + 5]
        )


@kernel(fastmath=True)
def _down(rows: _Plane, kind: int, newest: int, taps: _Plane, filtered: _Plane) -> None:
    """Filters along the columns of the last 11 rows, a ring of which `newest` was written last."""
    for j in range(len(filtered)):
        filtered[j] = taps[5] * rows[(newest + 6) % 11, kind, j]
    for k in range(5):
        above, below = rows[(newest + 1 + k) % 11, kind], rows[(newest + 11 - k) % 11, kind]
        for j in range(len(filtered)):
            filtered[j] += taps[k] * (above[j] + below[j])


@kernel(fastmath=True)
def _compare(
    total: _Plane, difference: _Plane, peak: float, c1: float, c2: float, taps: _Plane
) -> tuple[float, float]:
    """The means of SSIM and of its contrast and structure over all windows inside.

    Args:
        total, difference: x + y - `peak` and x - y, [height, width].
    """
    height, width = total.shape
    columns = width - 10
    squares = np.empty((2, width), np.float32)
    rows = np.empty((11, 4, columns), np.float32)
    means = np.empty((4, columns), np.float32)
    offset, dark, flat = np.float32(peak), np.float32(c1), np.float32(c2)
    half, one = np.float32(0.5), np.float32(1)
    ssim = structure = 0.0
    for i in range(height):
        newest = i % 11
        s, d = total[i], difference[i]
        for j in range(width):
            squares[0, j] = s[j] * s[j]
            squares[1, j] = d[j] * d[j]
        _across(s, taps, rows[newest, 0])
        _across(d, taps, rows[newest, 1])
        _across(squares[0], taps, rows[newest, 2])
        _across(squares[1], taps, rows[newest, 3])
        if i < 10:
            continue
        for kind in range(4):
            _down(rows, kind, newest, taps, means[kind])
        mean_s, mean_d, mean_ss, mean_dd = means[0], means[1], means[2], means[3]
        for j in range(columns):
            d2 = mean_d[j] * mean_d[j]
            s2 = (mean_s[j] + offset) * (mean_s[j] + offset)
            var_d = mean_dd[j] - d2
            var_s = mean_ss[j] - mean_s[j] * mean_s[j]
            contrast = one - var_d / (half * (var_s + var_d) + flat)
            luminance = one - d2 / (half * (s2 + d2) + dark)
            structure += np.float64(contrast)
            ssim += np.float64(contrast * luminance)
    count = (height - 10) * columns
    return ssim / count, structure / count


def _halved(plane: _Plane, border: float) -> _Plane:
    """The means of 2x2 samples; an odd side has a line of `border` before its first."""
    height, width = plane.shape
    smaller = np.empty(((height + 1) // 2, (width + 1) // 2), np.float32)
    _halve(plane, border, smaller)
    return smaller


@kernel(fastmath=True)
def _halve(plane: _Plane, border: float, smaller: _Plane) -> None:
    height, width = plane.shape
    top, left = height % 2, width % 2
    quarter, outside = np.float32(0.25), np.float32(border)
    for i in range(top, smaller.shape[0]):
        upper, lower = plane[2 * i - top], plane[2 * i - top + 1]
        for j in range(left, smaller.shape[1]):
            k = 2 * j - left
            smaller[i, j] = quarter * (upper[k] + upper[k + 1] + lower[k] + lower[k + 1])
        if left:
            smaller[i, 0] = quarter * (upper[0] + lower[0] + 2 * outside)
    if top:
        for j in range(left, smaller.shape[1]):
            k = 2 * j - left
            smaller[0, j] = quarter * (plane[0, k] + plane[0, k + 1] + 2 * outside)
        if left:
            smaller[0, 0] = quarter * (plane[0, 0] + 3 * outside)
