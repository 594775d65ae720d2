"""Coefficients whose samples are within given bounds, found near those that are almost so.

Where quantisers are small, rounding a block's coefficients to the nearest integers gets a few of
them wrong. The right ones give samples that all round to those of the picture; the search changes
up to three coefficients at a time as long as that takes samples nearer to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel, kernel
from ncodec.photo.past.jpeg_combs import SAMPLES

__all__ = ["settle_blocks"]

Array = NDArray[Any]

_SLACK = 0.52
"""How far from an integer a sample may be that rounds to it: a half, and what the integer transform
is off."""

_CANDIDATES = 24
_ATTEMPTS = 5
_NOTHING = 1e-9

_HOPELESS = 64.0
"""The sum of squares of what is over the bounds, from which on a block was none of the JPEG's."""


def settle_blocks(
    found: Array, lowest: Array, highest: Array, table: Array, only_wholly: bool = False
) -> Array:
    """`found`, int64 [blocks, 64], changed so that samples are within bounds in more places.

    Args:
        lowest, highest: float [blocks, 64], of the samples, integers or infinite.
        table: int64 [64], the quantisers.
        only_wholly: whether to leave blocks as they are unless all their samples come within
            bounds.
    """
    out = np.ascontiguousarray(found, dtype=np.int64).copy()
    steps = np.ascontiguousarray((SAMPLES * table).T)
    _settle(out, lowest - 128 - _SLACK, highest - 128 + _SLACK, steps, only_wholly)
    return out


@kernel
def _settle(found: Array, lowest: Array, highest: Array, steps: Array, only_wholly: bool) -> None:
    values = np.empty(64)
    kept = np.empty(64)
    original = np.empty(64, dtype=np.int64)
    counts = np.empty(64, dtype=np.int64)
    places = np.empty(_CANDIDATES, dtype=np.int64)
    signs = np.empty(_CANDIDATES)
    chosen = np.empty((_CANDIDATES, 64))
    costs = np.empty(64)
    leaning = np.empty(64)
    state: Any = np.uint64(88172645463325252)
    for block in range(found.shape[0]):
        low, high = lowest[block], highest[block]
        values[:] = 0
        for k in range(64):
            if found[block, k]:
                values += found[block, k] * steps[k]
        best = _excess(values, low, high)
        original[:] = found[block]
        for attempt in range(_ATTEMPTS):
            if best < _NOTHING or best > _HOPELESS:
                break
            kept[:] = values
            counts[:] = found[block]
            _order(values, low, high, steps, costs, leaning)
            order = np.argsort(costs)
            for j in range(_CANDIDATES):
                places[j] = order[j]
                signs[j] = leaning[order[j]]
                chosen[j] = signs[j] * steps[order[j]]
            if attempt:
                for _ in range(3):
                    state ^= state << np.uint64(13)
                    state ^= state >> np.uint64(7)
                    state ^= state << np.uint64(17)
                    kick = np.int64(state % np.uint64(_CANDIDATES))
                    values += chosen[kick]
                    found[block, places[kick]] += np.int64(signs[kick])
                    chosen[kick] *= -1
                    signs[kick] *= -1
            least = _descend(values, low, high, chosen, signs, places, found[block])
            if least <= best:
                best = least
            else:
                values[:] = kept
                found[block] = counts
        if only_wholly and best >= _NOTHING:
            found[block] = original


@inner_kernel
def _order(
    values: Array, low: Array, high: Array, steps: Array, costs: Array, leaning: Array
) -> None:
    """What a change of each coefficient by one would do to the distance from the bounds' middle."""
    for k in range(64):
        lean = 0.0
        size = 0.0
        for i in range(64):
            middle = min(max(values[i], low[i]), high[i])
            if high[i] - low[i] < 2:
                middle = 0.5 * (low[i] + high[i])
            lean += (middle - values[i]) * steps[k, i]
            size += steps[k, i] * steps[k, i]
        leaning[k] = 1.0 if lean > 0 else -1.0
        costs[k] = size - 2 * abs(lean)


@inner_kernel
def _excess(values: Array, low: Array, high: Array) -> float:
    total = 0.0
    for i in range(64):
        over = max(values[i] - high[i], low[i] - values[i], 0.0)
        total += over * over
    return total


@inner_kernel
def _descend(
    values: Array,
    low: Array,
    high: Array,
    chosen: Array,
    signs: Array,
    places: Array,
    found: Array,
) -> float:
    """Makes the one or two changes that help most until none does; returns the excess."""
    count = chosen.shape[0]
    least = _excess(values, low, high)
    while least > _NOTHING:
        first, second, before = -1, -1, least
        for a in range(count):
            for b in range(a, count):
                excess = 0.0
                for i in range(64):
                    value = values[i] + chosen[a, i]
                    if b > a:
                        value += chosen[b, i]
                    over = max(value - high[i], low[i] - value, 0.0)
                    excess += over * over
                if excess < least:
                    first, second, least = a, b, excess
        if least >= before:
            break
        for j in (first, second):
            for i in range(64):
                values[i] += chosen[j, i]
                chosen[j, i] *= -1
            found[places[j]] += np.int64(signs[j])
            signs[j] *= -1
            if first == second:
                break
    return least
