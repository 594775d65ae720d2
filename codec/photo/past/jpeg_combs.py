"""Quantisers from the values that coefficients have: multiples of one number, and noise.

A coefficient that was divided, rounded and multiplied lies within the noise of rounded samples of
a multiple of its quantiser. How much likelier that makes the values than a smooth density near
them does is the evidence for a quantiser.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "MOST",
    "SAMPLES",
    "best_standard",
    "dct",
    "evidence",
    "nearest_quality",
    "standard_tables",
    "tables_for",
]

Array = NDArray[Any]

MOST = 255
"""The largest quantiser of baseline files."""

_UNIT = 8
"""Values are counted in cells of 1/8."""

_REACH = 320
"""Values from here on are left out: they are few."""

_ODD = 1e-10
"""The share of values that may be anything."""

_PEAK = 300.0
"""The share of values at 0 by that of values in a unit beside it, as is usual."""

_DOUBT = 40.0
"""Evidence in nats against each quantiser of a standard table, up to which it is taken."""

_LACK = 0.02
"""The share of evidence that it may lack."""

_SHAPE = 4.0
"""What a quantiser costs, in nats, that is e times the standard one."""

_ORDERED_LUMA = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 "
    "62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 "
    "98 112 100 103 99"
)
_LUMA = np.array(_ORDERED_LUMA.split(), dtype=np.int64)
_CHROMA = np.full((8, 8), 99, dtype=np.int64)
_CHROMA[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]


_KINDS = np.minimum(np.add.outer(np.arange(8) > 0, 1 * (np.arange(8) > 0)), 2).ravel()
_ALIKE = ((0.4, 8.0), (0.4, 3.0), (0.03, 3.0))
"""The share of blocks whose samples are rounded alike, since they do not change along a row or a
column or both, and how much more noise that is: in DC, coefficients of one frequency, others."""


def _basis() -> Array:
    k, n = np.mgrid[:8, :8]
    rows: Array = np.cos((2 * n + 1) * k * np.pi / 16) / 2
    rows[0] /= np.sqrt(2)
    return rows


BASIS = _basis()
"""The orthonormal transform, [frequency, sample]."""

SAMPLES = np.einsum("vy,ux->yxvu", BASIS, BASIS).reshape(64, 64)
"""What each coefficient adds to each sample, [sample, coefficient]."""


def dct(blocks: Array) -> Array:
    """The coefficients [..., 8, 8] of blocks of samples [..., 8, 8]."""
    values: Array = BASIS @ (blocks - 128) @ BASIS.T
    return values


def standard_tables(chroma: bool) -> Array:
    """int64 [100, 64]: the tables of JPEG's annex K as libjpeg scales them to qualities 1 to
    100."""
    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    base = _CHROMA.ravel() if chroma else _LUMA
    tables: Array = np.clip((base * scale + 50) // 100, 1, MOST)
    return tables


def nearest_quality(table: Array) -> tuple[int, bool]:
    """The quality whose standard table of luma comes nearest, and whether it is this table."""
    standard = standard_tables(chroma=False)
    apart = np.abs(np.log(standard / np.maximum(table, 1))).sum(axis=1)
    return int(np.argmin(apart)) + 1, bool(apart.min() == 0)


@cache
def _likelihoods(noise: float, most: int, alike: tuple[float, float]) -> Array:
    """float32 [cells, most + 1]: the logarithm of how much likelier each quantiser makes a value in
    each cell, with some times the noise at a share of the values."""
    values = (np.arange(_REACH * _UNIT) / _UNIT)[:, None]
    steps = np.arange(1, most + 1)[None, :]
    counts = np.rint(values / steps)
    apart = values - counts * steps
    share, times = alike
    wide = times * noise

    def density(apart: Array) -> Array:
        narrow = (1 - share) / noise * np.exp(-0.5 * (apart / noise) ** 2)
        broad = share / wide * np.exp(-0.5 * (apart / wide) ** 2)
        both: Array = (narrow + broad) / np.sqrt(2 * np.pi)
        return both

    gains = np.log(steps * sum(density(apart + steps * k) for k in range(-4, 5)) + _ODD)
    # Near 0 no density is smooth: only that values are too far from it says something.
    nothing = np.minimum(np.log(_PEAK * density(values) + _ODD), 0)
    gains = np.where(counts == 0, nothing, gains)
    return np.concatenate([np.zeros((len(gains), 1)), gains], axis=1).astype(np.float32)


def evidence(values: Array, noise: float, most: int = MOST) -> Array:
    """float [64, most + 1]: that each coefficient had each quantiser, in nats.

    Args:
        values: float [blocks, 64].
        noise: the standard deviation of what rounding samples did to a coefficient.
        most: the largest quantiser of interest.
    """
    cells = np.rint(np.abs(values) * _UNIT).astype(np.int64)
    width = _REACH * _UNIT
    places = (cells + width * np.arange(64))[cells < width]
    counts = np.bincount(places, minlength=64 * width).reshape(64, width)
    scores = np.zeros((64, most + 1))
    for kind, alike in enumerate(_ALIKE):
        _add(counts, np.flatnonzero(kind == _KINDS), _likelihoods(noise, most, alike), scores)
    return scores


@kernel
def _add(counts: Array, rows: Array, gains: Array, scores: Array) -> None:
    """scores += counts @ gains in some rows, of few counts that are not 0."""
    for i in rows:
        for j in range(counts.shape[1]):
            if counts[i, j]:
                for k in range(gains.shape[1]):
                    scores[i, k] += counts[i, j] * gains[j, k]


def best_standard(scores: Array) -> float:
    """The evidence for the standard table of chroma that has most."""
    return float(scores[np.arange(64), standard_tables(chroma=True)].sum(axis=1).max())


def tables_for(scores: Array, chroma: bool, quality: int | None = None) -> tuple[int, list[Array]]:
    """The quantisers that `scores` of `evidence` speak for.

    Args:
        quality: that of the other table, if it is a standard one; taken where nothing says more.

    Returns:
        The standard table's quality that comes nearest, and the tables worth trying, int64 [64]:
        this one and, unless it is all that the scores ask for, the best single quantisers.
    """
    standard = standard_tables(chroma)
    each = scores[np.arange(64), standard]
    sums = each.sum(axis=1)
    if quality is not None:
        sums[quality - 1] += _DOUBT
    best = int(np.argmax(sums))
    lacks = float((scores.max(axis=1) - each[best]).sum())
    if (each[best] > -_DOUBT).all() and lacks < _LACK * float(each[best].sum()) + _DOUBT:
        return best + 1, [standard[best]]
    # Few values say as much for multiples of a quantiser as for itself.
    steps = np.log(np.maximum(np.arange(scores.shape[1]), 1))
    liked = scores - _SHAPE * (steps[None, :] - np.log(standard[best])[:, None]) ** 2
    return best + 1, [standard[best], np.argmax(liked[:, 1:], axis=1) + 1]
