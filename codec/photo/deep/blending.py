"""The prediction of a deep sample: two windows' least squares and an edge-preserving one, by how
they fared nearby. Logarithms of misses are added, so that a few large ones, at the edges of
surfaces, do not count for much."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import item, set_item

__all__ = ["PREDICTIONS", "blend", "edge_of", "note_miss", "scale_of"]

PREDICTIONS = 3

_HANDICAP = 40
"""What the edge's logarithms have added: it has to be better than least squares, not as good."""
_HALVING = 20
"""The sum of five logarithms, in 1/16, that halves a prediction's share: its fourth power."""
_LEAST_MISS = 16
_MOST_MISS = (1 << 23) - 1
_CALM = 30
"""Surroundings whose errors have at most so many bits, in eighths, have scale 0."""


@inner_kernel(forceinline=True)
def scale_of(errors: Any, here: int, stride: int, depth: int) -> Any:
    """By how many bits the steps here are coarser than a level: so that noise spans few of them."""
    north = here - stride
    total = 2 * _size(item(errors, here - 1)) + 2 * _size(item(errors, north))
    total += _size(item(errors, north - 1)) + _size(item(errors, north + 1))
    total += _size(item(errors, here - 2)) + _size(item(errors, north - stride))
    return min(max((total - _CALM) >> 3, 0), depth - 8)


@inner_kernel(forceinline=True)
def edge_of(samples: Any, plane: int, here: int, stride: int, size: int, top: int) -> Any:
    """The median of W, N and W + N - NW, of differences from the plane before if there is one."""
    north = here - stride
    w, n = np.int64(item(samples, here - 1)), np.int64(item(samples, north))
    nw, there = np.int64(item(samples, north - 1)), np.int64(0)
    if plane > 0:
        there = np.int64(item(samples, here - size))
        w -= item(samples, here - size - 1)
        n -= item(samples, north - size)
        nw -= item(samples, north - size - 1)
    median = min(max(w, n), max(min(w, n), w + n - nw))
    return min(max(median + there, 0), top)


@inner_kernel(forceinline=True)
def blend(
    guess: int, other: int, edge: int, misses: Any, at: int, stride: int, size: int
) -> tuple[Any, Any, Any]:
    """The mean of three predictions by their shares, in 1/64 level.

    Returns:
        The mean, how far the best one missed nearby, as `history.blend` has it, and whether the
        edge is better than the second window.
    """
    first, second, third = 0, 0, _HANDICAP
    for place in (at - 1, at - stride, at - stride + 1, at - stride - 1, at - 2):
        first += item(misses, place)
        second += item(misses, size + place)
        third += item(misses, 2 * size + place)
    best = min(first, second, third)
    share1, share2, share3 = _share(first - best), _share(second - best), _share(third - best)
    moved = (other - guess) * share2 + (edge - guess) * share3
    mean = best // 5
    missed = (((16 + (mean & 15)) << (mean >> 4)) * 5) >> 8
    return guess + moved // (share1 + share2 + share3), missed, third < second


@inner_kernel(forceinline=True)
def note_miss(misses: Any, place: int, miss: Any) -> None:
    """Notes 16 log2 of a miss in 1/64 level, a quarter level more, along straight lines between
    powers of two."""
    value = min(abs(miss), _MOST_MISS) + _LEAST_MISS
    bits = _size(value) - 1
    set_item(misses, place, np.int32(16 * bits + (((value << 4) >> bits) & 15)))


@inner_kernel(forceinline=True)
def _share(later: Any) -> Any:
    """The share, in 1/4096, of a prediction whose logarithms exceed the best one's by `later`."""
    halvings = later // _HALVING
    rest = later - _HALVING * halvings
    return (4096 * (2 * _HALVING - rest) // (2 * _HALVING)) >> min(halvings, 31)


@inner_kernel(forceinline=True)
def _size(value: Any) -> Any:
    """The number of bits of |value|, which is below 2^32."""
    rest, bits = abs(value), 0
    for step in (16, 8, 4, 2, 1):
        more = (rest >> step) > 0
        bits += step * more
        rest >>= step * more
    return bits + (rest > 0)
