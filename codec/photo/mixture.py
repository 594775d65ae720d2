"""The circuit: P(x | context) = sum_z w_z P(r | z), in integers.

w = softmax of log2 weights, the sum of one table row a feature (2^-16 units); P(r | z) as
cumulative sums over quarter levels, so that the interval of a sample is a difference of two inner
products. After each sample one gradient step on its code length moves the rows that were used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = ["CELLS", "CENTRE", "STATES", "edge", "learn", "weigh"]

STATES = 32
CELLS = 2048
"""The number of edges of quarter-level cells; residual r has its lower edge at r + CENTRE."""
CENTRE = 1024
_LIMIT = np.int32(1 << 24)
"""The largest magnitude of a table entry: sums of 24 of them stay within 31 bits."""

I32 = NDArray[np.int32]


@kernel
def weigh(table: I32, bins: NDArray[np.int64], count: int, logits: I32, weights: I32) -> None:
    """The weights of the states, int32 [32], at most 2^15 in all.

    `table` is int32 [features * 32, 32]; `bins` names `count` of its rows. `logits`, int32 [32],
    is scratch.
    """
    for z in range(STATES):
        logits[z] = 0
    whole = count & ~3
    # Four rows at a time: the sums stay in registers between them.
    for j in range(0, whole, 4):
        a, b, c, d = bins[j], bins[j + 1], bins[j + 2], bins[j + 3]
        for z in range(STATES):
            logits[z] += table[a, z] + table[b, z] + table[c, z] + table[d, z]
    for j in range(whole, count):
        a = bins[j]
        for z in range(STATES):
            logits[z] += table[a, z]
    top = logits[0]
    for z in range(STATES):
        top = max(top, logits[z])
    total = np.int32(0)
    for z in range(STATES):
        below = np.int32(top - logits[z])
        # 2^-f by a cubic whose values at 0 and 1 are exact, in 2^-15 units.
        f = np.int32((below & np.int32(0xFFFF)) >> np.int32(1))
        p = np.int32(7743) - np.int32(np.int32(f * np.int32(1416)) >> np.int32(15))
        p = np.int32(22711) - np.int32(np.int32(f * p) >> np.int32(15))
        p = np.int32(32768) - np.int32(np.int32(f * p) >> np.int32(15))
        value = np.int32(p >> min(np.int32(below >> np.int32(16)), np.int32(31)))
        weights[z] = value
        total = np.int32(total + value)
    share = np.int32(np.int32(1 << 30) // total)
    for z in range(STATES):
        weights[z] = np.int32(np.int32(weights[z] * share) >> np.int32(15))


@kernel
def edge(weights: I32, leaves: I32, cell: int) -> Any:
    """The weight of all residuals below an edge; it is less than 2^31. `leaves` is int32 [2048,
    32]."""
    total = np.int32(0)
    for z in range(STATES):
        total = np.int32(total + np.int32(weights[z] * leaves[cell, z]))
    return np.int64(total)


@kernel
def learn(
    table: I32,
    bins: NDArray[np.int64],
    count: int,
    weights: I32,
    leaves: I32,
    cell: int,
    mass: int,
    rate: Any,
    step: I32,
) -> None:
    """Takes one gradient step after a sample of cells `cell` .. `cell` + 3 and weight `mass`.

    `rate` is in units of the table. `step`, int32 [32], is scratch.
    """
    if mass <= 0:
        return
    scale = rate / np.float32(mass)
    share = rate / np.float32(32768)
    for z in range(STATES):
        inside = np.float32(weights[z] * (leaves[cell + 4, z] - leaves[cell, z]))
        step[z] = np.int32(inside * scale - np.float32(weights[z]) * share)
    for j in range(count):
        row = bins[j]
        for z in range(STATES):
            table[row, z] = min(max(table[row, z] + step[z], -_LIMIT), _LIMIT)
