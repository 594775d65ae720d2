"""The circuit: P(x | context) = sum_z w_z P(r | z), in integers.

w = softmax of log2 weights, the sum of one table row a feature (2^-16 units); P(r | z) as
cumulative sums over quarter levels, so that the interval of a sample is a difference of two inner
products. After each sample one gradient step on its code length moves the rows that were used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import (
    LANES,
    as_floats,
    as_integers,
    every,
    item,
    largest,
    least,
    load,
    most,
    store,
    total,
)
from ncodec.photo.features import BINS

__all__ = ["CELLS", "CENTRE", "STATES", "edge", "learn", "softmax", "weigh"]

STATES = 32
CELLS = 2048
"""The number of edges of quarter-level cells; residual r has its lower edge at r + CENTRE."""
CENTRE = 1024
_LIMIT = np.int32(1 << 24)
"""The largest magnitude of a table entry: sums of 28 of them stay within 31 bits."""

I32 = NDArray[np.int32]


@inner_kernel(forceinline=True)
def weigh(table: I32, bins: NDArray[np.int64], count: int) -> Any:
    """The weights of the states, two vectors of int32, at most 2^15 in all.

    `table` is int32 [features * 32, 32]; `bins` has the bin of each of `count` features.
    """
    low, high = every(np.int32(0)), every(np.int32(0))
    for j in range(count):
        row = STATES * (BINS * j + item(bins, j))
        low += load(table, row)
        high += load(table, row + LANES)
    low, high, whole = softmax(low, high)
    share = every(np.int32(np.int32(1 << 30) // whole))
    bits = every(np.int32(15))
    return low * share >> bits, high * share >> bits


@inner_kernel(forceinline=True)
def softmax(low: Any, high: Any) -> Any:
    """Two vectors of log2 weights in 2^-16 as weights, the largest 2^15, and their sum."""
    top = every(largest(most(low, high)))
    low, high = _power(top - low), _power(top - high)
    return low, high, total(low + high)


@inner_kernel(forceinline=True)
def _power(below: Any) -> Any:
    """2^-below, in 2^-15, of a vector in 2^-16: by a cubic that is exact for whole numbers."""
    bits = every(np.int32(15))
    f = (below & every(np.int32(0xFFFF))) >> every(np.int32(1))
    p = every(np.int32(7743)) - (f * every(np.int32(1416)) >> bits)
    p = every(np.int32(22711)) - (f * p >> bits)
    p = every(np.int32(32768)) - (f * p >> bits)
    return p >> least(below >> every(np.int32(16)), every(np.int32(31)))


@inner_kernel(forceinline=True)
def edge(weights: Any, leaves: I32, cell: int, aside: int) -> Any:
    """The weight of all residuals below an edge; it is less than 2^31.

    `weights` are of `weigh`, `leaves` is int32 [2048, 32].
    """
    row = STATES * cell
    low, high = weights
    return np.int64(
        total(low * load(leaves, row) + high * load(leaves, row + STATES * aside + LANES))
    )


@inner_kernel(forceinline=True)
def learn(
    table: I32,
    bins: NDArray[np.int64],
    count: int,
    weights: Any,
    leaves: I32,
    cell: int,
    aside: int,
    mass: int,
    rate: Any,
) -> None:
    """Takes one gradient step after a sample of cells `cell` .. `cell` + 3 and weight `mass`.

    `rate` is in units of the table.
    """
    if mass <= 0:
        return
    scale, share = every(rate / np.float32(mass)), every(rate / np.float32(32768))
    row, behind = STATES * cell, STATES * (cell + 4)
    low, high = weights
    inside = low * (load(leaves, behind) - load(leaves, row))
    low = as_integers(as_floats(inside) * scale - as_floats(low) * share)
    row += STATES * aside
    behind += STATES * aside
    inside = high * (load(leaves, behind + LANES) - load(leaves, row + LANES))
    high = as_integers(as_floats(inside) * scale - as_floats(high) * share)
    for j in range(count):
        row = STATES * (BINS * j + item(bins, j))
        store(table, row, _limited(load(table, row) + low))
        store(table, row + LANES, _limited(load(table, row + LANES) + high))


@inner_kernel(forceinline=True)
def _limited(entries: Any) -> Any:
    return least(most(entries, every(-_LIMIT)), every(_LIMIT))
