"""The encoder's choice of a model, by what each would cost, from the histogram of an array.

Only the encoder runs this, so it may use floats: the file carries the choice, not the reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log, log2

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.coder import TOTAL, Table
from ncodec.formats.entropy.integers import integer_bits, signed_bits
from ncodec.formats.entropy.tables import SCALES, gaussian, laplace

__all__ = ["ADAPTIVE", "CONSTANT", "GAUSSIAN", "LAPLACE", "MODELS", "STRENGTHS", "Choice", "choose"]

CONSTANT, ADAPTIVE, LAPLACE, GAUSSIAN = range(4)
MODELS = 4

STRENGTHS = (4, 64, 1024, 16384)
"""The numbers of observations that the adaptive model's prior may be worth."""

_SPARSE = 1 << 16


@dataclass(frozen=True, slots=True)
class Choice:
    """A model with its side information.

    Attributes:
        model: CONSTANT, ADAPTIVE, LAPLACE or GAUSSIAN.
        offset: the value at the table's centre; the value itself for CONSTANT.
        scale: the scale index of the table, or of the adaptive model's prior.
        strength: the index in STRENGTHS, for ADAPTIVE.
        bits: the array's cost with side information, in bits; an estimate for ADAPTIVE.
    """

    model: int
    offset: int
    scale: int = 0
    strength: int = 0
    bits: float = 0.0


def choose(values: NDArray[np.int32]) -> Choice:
    """The cheapest model of `values`, int32 [n], n >= 1."""
    bins, counts = _histogram(values)
    if len(bins) == 1:
        offset = int(bins[0])
        return Choice(CONSTANT, offset, bits=log2(MODELS) + signed_bits(offset))
    median = int(bins[np.searchsorted(np.cumsum(counts), len(values) / 2)])
    choices = [
        _parametric(LAPLACE, laplace, bins, counts, offset) for offset in sorted({0, median})
    ]
    best = min(choices, key=lambda choice: choice.bits)
    choices.append(_parametric(GAUSSIAN, gaussian, bins, counts, best.offset))
    choices.extend(_adaptive(bins, counts, best))
    return min(choices, key=lambda choice: choice.bits)


def _histogram(values: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct values in ascending order and how often each occurs."""
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * len(values) + _SPARSE:
        bins, counts = np.unique(values.astype(np.int64), return_counts=True)
        return bins, counts
    every = np.bincount(values.astype(np.int64) - low)
    present = np.flatnonzero(every)
    return present + low, every[present]


def _parametric(
    model: int,
    table_of: Callable[[int], Table],
    bins: NDArray[np.int64],
    counts: NDArray[np.int64],
    offset: int,
) -> Choice:
    """The cheapest scale of a table, found downhill from the mean absolute deviation."""
    distances = np.abs(bins - offset)
    side = log2(MODELS) + log2(SCALES) + signed_bits(offset)
    cost = partial(_table_bits, table_of, bins - offset, distances, counts)
    deviation = float(np.dot(distances, counts)) / float(counts.sum())
    index = min(SCALES - 1, max(0, round(8 * (log2(deviation + 1e-9) + 3))))
    bits = cost(index)
    for step in (-1, 1):
        while 0 <= index + step < SCALES and (next_bits := cost(index + step)) < bits:
            index, bits = index + step, next_bits
    return Choice(model, offset, index, bits=side + bits)


def _table_bits(
    table_of: Callable[[int], Table],
    centred: NDArray[np.int64],
    distances: NDArray[np.int64],
    counts: NDArray[np.int64],
    index: int,
) -> float:
    table = table_of(index)
    radius = len(table) // 2 - 1
    inside = distances <= radius
    total = float(np.dot(counts[inside], table.bits[centred[inside] + radius]))
    if not inside.all():
        beyond, often = distances[~inside], counts[~inside]
        total += float(table.bits[-1]) * float(often.sum()) + _escape_bits(beyond, often, radius)
    return total


def _adaptive(bins: NDArray[np.int64], counts: NDArray[np.int64], prior: Choice) -> list[Choice]:
    """The adaptive model from a Laplace prior, at every strength.

    The cost is that of a table renewed after each symbol, which does not depend on their order.
    """
    table = laplace(prior.scale)
    radius = len(table) // 2 - 1
    inside = np.abs(bins - prior.offset) <= radius
    beyond, often = np.abs(bins[~inside] - prior.offset), counts[~inside]
    symbols = bins[inside] - prior.offset + radius
    seen = counts[inside].astype(np.float64)
    if len(beyond):
        symbols, seen = np.append(symbols, 2 * radius + 1), np.append(seen, often.sum())
    shape = table.frequencies[symbols] / TOTAL
    side = log2(MODELS) + log2(len(STRENGTHS)) + log2(SCALES) + signed_bits(prior.offset)
    side += _escape_bits(beyond, often, radius)
    choices = []
    for index, strength in enumerate(STRENGTHS):
        start = np.append(strength * shape, strength)
        rise = _log_gamma(start + np.append(seen, seen.sum())) - _log_gamma(start)
        bits = float(rise[-1] - rise[:-1].sum()) / log(2)
        choices.append(Choice(ADAPTIVE, prior.offset, prior.scale, index, side + bits))
    return choices


def _escape_bits(distances: NDArray[np.int64], counts: NDArray[np.int64], radius: int) -> float:
    # The sign is the lowest bit of an escaped value; it hardly moves the class.
    return float(np.dot(counts, integer_bits(2 * (distances - radius - 1))))


def _log_gamma(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln gamma(x), x > 0, to about 1e-9: Stirling's series after eight steps of recurrence."""
    y = x + 8
    steps = np.log(np.prod(x[:, None] + np.arange(8), axis=1))
    tail = 1 / (12 * y) - 1 / (360 * y**3)
    result: NDArray[np.float64] = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + tail - steps
    return result
