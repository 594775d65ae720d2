"""Least-squares prediction from what is known around a sample (docs/photo.md, "Least squares").

Weights are those that predict the samples already coded best, a sample at distance (dx, dy)
counting decay^(|dx| + |dy|), and the less the more noise surrounds it. Two decays make two
windows. Rows of a plane are cut into blocks, by which the normal equations are accumulated:

    V[b] <- decay (V[b] + S[b])         column b, rows above; S[b] is this row's block b
    R[b] = V[b] + decay^B R[b+1]        from the right, once a row
    L[b] = decay^B (L[b-1] + V[b-1] + S[b-1])
    A[b] = L[b] + R[b] + S[b]

Every operation is a float32 +, -, * or / on one element, in one order: the same bits anywhere.

A matrix is symmetric, of order up to 15 or up to 31, with the right-hand side as its last column.
Its upper triangle is kept in pieces of 16 columns: up to order 15 as rows of 16; beyond it as 16
rows of 32, then rows of the last 16 columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import LANES, aligned, every, item, load, store, total

__all__ = [
    "SYSTEM", "WIDE", "WINDOWS", "Effort", "Squares", "accumulate", "begin_row", "end_block",
    "predict", "squares",
]  # fmt: skip

_RIDGE = np.float32(24.0)
"""The pull of the weights towards their prior (docs/photo.md, "Least squares")."""

WINDOWS = 2
WIDE = 2 * LANES
SYSTEM = WIDE * WIDE
"""The elements of one of the systems that are solved together, in rows of WIDE."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Effort:
    """How a tile is predicted.

    Attributes:
        circuits: the number of the set among the model's.
        block: samples whose equations are kept together.
        step: samples between two solutions; no more than a block.
        decays: of the two windows of the least squares.
    """

    circuits: int
    block: int
    step: int
    decays: tuple[float, float]


class Squares(NamedTuple):
    """The normal equations of a plane, by the names above; windows have equations of their own.

    Attributes:
        above: V, float32 [2 * (blocks + 1) * elements].
        right: R, likewise.
        left: L, float32 [2 * elements].
        current: S of the block at hand, float32 [elements]; it is the same in all windows.
        weights: those of the latest solutions, float32 [2 * 32].
        ridge: what every system has besides, a row of 32 elements for each of its own.
        decays: the decay of a sample or a row in each window, float32 [2].
        across: the decay of a whole block, float32 [2].
        scaled: scratch of `accumulate`.
        rows, factors, lower: scratch of `solve_block`: of both systems, the rows once they are
            reduced, the same divided by their pivots, and the transpose of these.
        order: the number of weights, 1 .. 31.
        block, step: as of the effort.
        blocks: in a row.
    """

    above: F32
    right: F32
    left: F32
    current: F32
    weights: F32
    ridge: F32
    decays: F32
    across: F32
    scaled: F32
    rows: F32
    factors: F32
    lower: F32
    order: int
    block: int
    step: int
    blocks: int


def squares(order: int, width: int, effort: Effort, prior: F32) -> Squares:
    """The equations of order 1 .. 31 before the first row of a plane of this width.

    Args:
        prior: the weights before there is anything to learn from, float32 [order].
    """
    elements = LANES * (order + 1) if order < LANES else LANES * (LANES + order + 1)
    block, step, decays = effort.block, effort.step, effort.decays
    blocks = -(-width // block)
    factors = np.array(decays, dtype=np.float32)
    across = np.ones(WINDOWS, dtype=np.float32)
    for _ in range(block):
        across *= factors
    ridge = aligned(SYSTEM, np.float32)
    for i in range(order):
        ridge[WIDE * i + i] = _RIDGE
        ridge[WIDE * i + order] = _RIDGE * prior[i]
    return Squares(
        above=aligned(WINDOWS * (blocks + 1) * elements, np.float32),
        right=aligned(WINDOWS * (blocks + 1) * elements, np.float32),
        left=aligned(WINDOWS * elements, np.float32),
        current=aligned(elements, np.float32),
        weights=aligned(WINDOWS * WIDE, np.float32),
        ridge=ridge,
        decays=factors,
        across=across,
        scaled=aligned(WIDE, np.float32),
        rows=aligned(WINDOWS * SYSTEM, np.float32),
        factors=aligned(WINDOWS * SYSTEM, np.float32),
        lower=aligned(WINDOWS * SYSTEM, np.float32),
        order=order,
        block=block,
        step=step,
        blocks=blocks,
    )


@inner_kernel(forceinline=True)
def begin_row(equations: Squares) -> None:
    """Makes R of every block from V, from the right."""
    above, right, left = equations.above, equations.right, equations.left
    elements = len(equations.current)
    for i in range(0, len(left), LANES):
        store(left, i, every(np.float32(0.0)))
    for k in range(WINDOWS):
        across = every(equations.across[k])
        start = k * (equations.blocks + 1) * elements
        for i in range(start + equations.blocks * elements - LANES, start - 1, -LANES):
            store(right, i, load(above, i) + across * load(right, i + elements))


@inner_kernel(forceinline=True)
def end_block(equations: Squares, b: int) -> None:
    """Takes S of block `b` into L and V."""
    above, left, current = equations.above, equations.left, equations.current
    elements = len(current)
    for k in range(WINDOWS):
        across, decay = every(equations.across[k]), every(equations.decays[k])
        there = (k * (equations.blocks + 1) + b) * elements
        for i in range(0, elements, LANES):
            new, old = load(current, i), load(above, there + i)
            store(left, k * elements + i, across * (load(left, k * elements + i) + old + new))
            store(above, there + i, decay * (old + new))
    for i in range(0, elements, LANES):
        store(current, i, every(np.float32(0.0)))


@inner_kernel(forceinline=True)
def accumulate(equations: Squares, low: Any, high: Any, share: Any) -> None:
    """Adds `share` times the outer product of a sample, 32 float32 in two vectors, to S."""
    sums, scaled = equations.current, equations.scaled
    store(scaled, 0, every(share) * low)
    if equations.order < LANES:
        for i in range(equations.order + 1):
            at = LANES * i
            store(sums, at, load(sums, at) + every(item(scaled, i)) * low)
        return
    store(scaled, LANES, every(share) * high)
    for i in range(LANES):
        value, at = every(item(scaled, i)), WIDE * i
        store(sums, at, load(sums, at) + value * low)
        store(sums, at + LANES, load(sums, at + LANES) + value * high)
    for i in range(equations.order + 1 - LANES):
        at = WIDE * LANES + LANES * i
        store(sums, at, load(sums, at) + every(item(scaled, LANES + i)) * high)


@inner_kernel(forceinline=True)
def predict(equations: Squares, low: Any, high: Any) -> Any:
    """The inner products of a sample's neighbours with the weights of the first and the last
    window."""
    weights = equations.weights
    one = low * load(weights, 0) + high * load(weights, LANES)
    two = low * load(weights, WIDE) + high * load(weights, WIDE + LANES)
    return total(one), total(two)
