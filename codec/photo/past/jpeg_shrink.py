"""Chroma at the size that it had: the triangle filter, undone by least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel, kernel

__all__ = ["shrunk"]

Array = NDArray[Any]

_RIDGE = 1e-6
"""For samples that no pixel shows."""

_SWEEPS = 12


def shrunk(
    plane: Array,
    known: Array,
    phase: tuple[int, int],
    divisors: tuple[int, int],
    limits: tuple[int, int],
    start: Array | None = None,
) -> Array:
    """The samples, float [limits], whose enlarged plane shows `plane` from `phase` on.

    Args:
        plane: float [height, width].
        known: bool [height, width], where it is sure.
        start: samples that are nearly right, by default those of least squares.

    Returns:
        Integers if the plane was enlarged, nearly all the true ones; 0 where nothing tells.
    """
    down, across = divisors
    if down * across == 1:
        same: Array = _along(_along(plane, phase[0], 1, limits[0]).T, phase[1], 1, limits[1]).T
        return same
    bits = 2 * (down + across - 2)
    half = 1 << (bits - 1)
    rows, columns = (np.arange(n) + p for n, p in zip(plane.shape, phase, strict=True))
    if across == 1:
        turns = half - 1 + rows[:, None] % 2 + 0 * columns
    elif down == 1:
        turns = half - 1 + columns % 2 + 0 * rows[:, None]
    else:
        turns = half - columns % 2 + 0 * rows[:, None]
    if start is None:
        # Without what rounding adds on average.
        exact = plane - (turns - (half - 0.5)) / 2**bits
        start = _along(exact, phase[0], down, limits[0])
        start = _along(start.T, phase[1], across, limits[1]).T
    out: NDArray[np.int64] = np.rint(np.clip(start, 0, 255)).astype(np.int64)
    wanted = np.where(known, np.rint(plane), -1).astype(np.int64)
    _settle(out, wanted, turns, bits, down, across, phase[0], phase[1])
    return out.astype(np.float64)


@kernel
def _settle(
    small: Array,
    wanted: Array,
    turns: Array,
    bits: int,
    down: int,
    across: int,
    top: int,
    left: int,
) -> None:
    """Moves samples by one where the enlarged plane then agrees better with what is wanted."""
    height, width = small.shape
    wrong = np.zeros(wanted.shape, dtype=np.uint8)
    how = (small, wanted, turns, bits, down, across, top, left)
    _compare(wrong, *how, 0, wanted.shape[0] - 1, 0, wanted.shape[1] - 1)
    for _ in range(_SWEEPS):
        moved = False
        for y in range(height):
            first = max(down * y - (down - 1) - top, 0)
            last = min(down * y + 2 * (down - 1) - top, wanted.shape[0] - 1)
            for x in range(width):
                begin = max(across * x - (across - 1) - left, 0)
                end = min(across * x + 2 * (across - 1) - left, wanted.shape[1] - 1)
                is_right = True
                for i in range(first, last + 1):
                    for j in range(begin, end + 1):
                        is_right &= wrong[i, j] == 0
                if is_right:
                    continue
                old = small[y, x]
                best, least = old, 1 << 60
                for value in (old, old - 1, old + 1):
                    if 0 <= value <= 255:
                        small[y, x] = value
                        apart = _apart(*how, first, last, begin, end)
                        if apart < least:
                            best, least = value, apart
                small[y, x] = best
                if best != old:
                    moved = True
                    _compare(wrong, *how, first, last, begin, end)
        if not moved:
            break


@inner_kernel
def _compare(
    wrong: Array,
    small: Array,
    wanted: Array,
    turns: Array,
    bits: int,
    down: int,
    across: int,
    top: int,
    left: int,
    first: int,
    last: int,
    begin: int,
    end: int,
) -> None:
    """Marks which of the pixels in these rows and columns are not as wanted."""
    for i in range(first, last + 1):
        for j in range(begin, end + 1):
            apart = _apart(small, wanted, turns, bits, down, across, top, left, i, i, j, j)
            wrong[i, j] = apart > 0


@inner_kernel
def _apart(
    small: Array,
    wanted: Array,
    turns: Array,
    bits: int,
    down: int,
    across: int,
    top: int,
    left: int,
    first: int,
    last: int,
    begin: int,
    end: int,
) -> int:
    """The squared differences of the pixels in these rows and columns."""
    height, width = small.shape
    total = 0
    for i in range(first, last + 1):
        row = i + top
        own_y = row // down
        other_y = min(max(own_y - 1 + 2 * (row & 1), 0), height - 1)
        for j in range(begin, end + 1):
            if wanted[i, j] < 0:
                continue
            column = j + left
            own_x = column // across
            value = small[own_y, own_x]
            if down == 2:
                value = 3 * value + small[other_y, own_x]
            if across == 2:
                other_x = min(max(own_x - 1 + 2 * (column & 1), 0), width - 1)
                beside = small[own_y, other_x]
                if down == 2:
                    beside = 3 * beside + small[other_y, other_x]
                value = 3 * value + beside
            value = (value + turns[i, j]) >> bits
            total += (value - wanted[i, j]) ** 2
    return total


def _along(values: Array, phase: int, divisor: int, length: int) -> Array:
    """Along the first axis."""
    if divisor == 1:
        out = np.zeros((length, *values.shape[1:]))
        end = min(length, phase + len(values))
        out[phase:end] = values[: end - phase]
        return out
    places = np.arange(phase, phase + len(values))
    own = np.minimum(places >> 1, length - 1)
    beside = np.clip(np.where(places % 2, own + 1, own - 1), 0, length - 1)
    right = np.zeros((length, *values.shape[1:]))
    np.add.at(right, own, 0.75 * values)
    np.add.at(right, beside, 0.25 * values)
    same = own == beside
    diagonal = np.full(length, _RIDGE)
    np.add.at(diagonal, own, np.where(same, 1.0, 0.5625))
    np.add.at(diagonal, beside[~same], 0.0625)
    above = np.zeros(length)
    np.add.at(above, np.minimum(own, beside)[~same], 0.1875)
    return _tridiagonal(diagonal, above, right)


def _tridiagonal(diagonal: Array, above: Array, right: Array) -> Array:
    """Solves for the symmetric matrix with this diagonal and the one above it."""
    pivots = diagonal.copy()
    out = right.copy()
    for i in range(1, len(pivots)):
        factor = above[i - 1] / pivots[i - 1]
        pivots[i] -= factor * above[i - 1]
        out[i] -= factor * out[i - 1]
    out[-1] /= pivots[-1]
    for i in range(len(pivots) - 2, -1, -1):
        out[i] = (out[i] - above[i] * out[i + 1]) / pivots[i]
    return out
