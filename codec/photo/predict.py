"""Least-squares prediction from causal neighbours (docs/photo.md, "Least squares").

Weights are those that predict the samples already coded best, a sample at distance (dx, dy)
counting decay^(|dx| + |dy|), and the less the more noise surrounds it. Rows of a plane are cut
into blocks; the normal equations are accumulated a block at a time and solved once a block, from
all blocks before it:

    V[b] <- decay (V[b] + S[b])         column b, rows above; S[b] is this row's block b
    R[b] = V[b] + decay^B R[b+1]        from the right, once a row
    L[b] = decay^B (L[b-1] + V[b-1] + S[b-1])
    A[b] = L[b] + R[b]

Every operation is a float32 +, -, * or / on one element, in one order: the same bits anywhere.

A matrix is symmetric, of order up to 15 or up to 31, with the right-hand side as its last column.
Its upper triangle is kept in pieces of 16 columns: order 15 as 16 rows of 16; order 31 as 16
rows of 32, then 16 rows of the last 16 columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import LANES, aligned, every, load, store, total

__all__ = [
    "Effort",
    "Squares",
    "accumulate",
    "begin_row",
    "end_block",
    "predict",
    "solve_block",
    "squares",
]

_RIDGE = np.float32(24.0)
"""The pull of the weights towards their prior (docs/photo.md, "Least squares")."""

_LEAST_PIVOT = np.float32(12.0)
"""No pivot is below the ridge but by rounding; this keeps all values finite."""

_WIDE = 2 * LANES
_PAIR = _WIDE * _WIDE
"""The elements of one of the two systems that are solved together."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Effort:
    """How a tile is predicted.

    Attributes:
        circuits: the number of the set among the model's.
        block: samples between two solutions of the least squares.
        decays: of one or two windows of the least squares.
    """

    circuits: int
    block: int
    step: int
    decays: tuple[float, ...]


class Squares(NamedTuple):
    """The normal equations of a plane, by the names above; windows have equations of their own.

    Attributes:
        above: V, float32 [windows * (blocks + 1) * elements].
        right: R, likewise.
        left: L, float32 [windows * elements].
        current: S of the block at hand, float32 [elements]; it is the same in all windows.
        weights: those of the block at hand, float32 [2 * 32], of the first and the last window.
        ridge: what every system has besides, a row of 32 elements for each of its own.
        decays: the decay of a sample or a row in each window, float32 [windows].
        across: the decay of a whole block, float32 [windows].
        scaled: scratch of `accumulate`.
        rows, factors, lower: scratch of `solve_block`: of both systems, the rows once they are
            reduced, the same divided by their pivots, and the transpose of these.
        order: the number of weights, 1 .. 31.
        block: the samples between two solutions.
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
    windows, blocks = len(decays), -(-width // block)
    factors = np.array(decays, dtype=np.float32)
    across = np.ones(windows, dtype=np.float32)
    for _ in range(block):
        across *= factors
    ridge = aligned(_PAIR, np.float32)
    for i in range(order):
        ridge[_WIDE * i + i] = _RIDGE
        ridge[_WIDE * i + order] = _RIDGE * prior[i]
    return Squares(
        above=aligned(windows * (blocks + 1) * elements, np.float32),
        right=aligned(windows * (blocks + 1) * elements, np.float32),
        left=aligned(windows * elements, np.float32),
        current=aligned(elements, np.float32),
        weights=aligned(2 * _WIDE, np.float32),
        ridge=ridge,
        decays=factors,
        across=across,
        scaled=aligned(_WIDE, np.float32),
        rows=aligned(2 * _PAIR, np.float32),
        factors=aligned(2 * _PAIR, np.float32),
        lower=aligned(2 * _PAIR, np.float32),
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
    for k in range(len(equations.across)):
        across = every(equations.across[k])
        start = k * (equations.blocks + 1) * elements
        for i in range(start + equations.blocks * elements - LANES, start - 1, -LANES):
            store(right, i, load(above, i) + across * load(right, i + elements))


@inner_kernel
def solve_block(equations: Squares, b: int) -> Any:
    """Finds the weights of block `b`; returns the first window's residual energy.

    The two windows go side by side: what waits for one goes on with the other.
    """
    factors, lower = equations.factors, equations.lower
    order, weights = equations.order, equations.weights
    if order >= LANES:
        _reduce_upper(equations, b)
    energy = _reduce_lower(equations, b)
    _substitute(equations)
    return energy


@inner_kernel(forceinline=True)
def _reduce_upper(equations: Squares, b: int) -> None:
    """Reduces the first 16 rows, of 32 elements, of two systems."""
    left, right, ridge = equations.left, equations.right, equations.ridge
    rows, factors, lower = equations.rows, equations.factors, equations.lower
    current, elements = equations.current, len(equations.current)
    last = len(equations.across) - 1
    here, there = b * elements, (last * (equations.blocks + 1) + b) * elements
    nothing = every(np.float32(0.0))
    e, f, g, h = nothing, nothing, nothing, nothing
    one, two = np.float32(0.0), np.float32(0.0)
    for k in range(LANES):
        at = _WIDE * k
        low = load(ridge, at) + load(current, at)
        high = load(ridge, at + LANES) + load(current, at + LANES)
        a = load(left, at) + load(right, here + at) + low
        b_ = load(left, at + LANES) + load(right, here + at + LANES) + high
        c = load(left, last * elements + at) + load(right, there + at) + low
        d = load(left, last * elements + at + LANES) + load(right, there + at + LANES) + high
        for i in range(k - 1):
            one_, two_ = factors[_WIDE * i + k], factors[_PAIR + _WIDE * i + k]
            lower[at + i], lower[_PAIR + at + i] = one_, two_
            a -= every(one_) * load(rows, _WIDE * i)
            b_ -= every(one_) * load(rows, _WIDE * i + LANES)
            c -= every(two_) * load(rows, _PAIR + _WIDE * i)
            d -= every(two_) * load(rows, _PAIR + _WIDE * i + LANES)
        if k > 0:
            one *= rows[at - _WIDE + k]
            two *= rows[_PAIR + at - _WIDE + k]
            lower[at + k - 1], lower[_PAIR + at + k - 1] = one, two
            a -= every(one) * e
            b_ -= every(one) * f
            c -= every(two) * g
            d -= every(two) * h
        e, f, g, h = a, b_, c, d
        store(rows, at, a)
        store(rows, at + LANES, b_)
        store(rows, _PAIR + at, c)
        store(rows, _PAIR + at + LANES, d)
        one = np.float32(1.0) / max(rows[at + k], _LEAST_PIVOT)
        two = np.float32(1.0) / max(rows[_PAIR + at + k], _LEAST_PIVOT)
        store(factors, at, a * every(one))
        store(factors, at + LANES, b_ * every(one))
        store(factors, _PAIR + at, c * every(two))
        store(factors, _PAIR + at + LANES, d * every(two))


@inner_kernel(forceinline=True)
def _reduce_lower(equations: Squares, b: int) -> Any:
    """Reduces the rows of 16 elements of two systems; returns the residual energy of the first."""
    left, right, ridge = equations.left, equations.right, equations.ridge
    rows, factors, lower = equations.rows, equations.factors, equations.lower
    current, elements, order = equations.current, len(equations.current), equations.order
    first = LANES if order >= LANES else 0
    last = len(equations.across) - 1
    here, there = b * elements, (last * (equations.blocks + 1) + b) * elements
    e, g = every(np.float32(0.0)), every(np.float32(0.0))
    one, two = np.float32(0.0), np.float32(0.0)
    if first:
        before = _WIDE * (LANES - 1)
        e, g = load(rows, before + LANES), load(rows, _PAIR + before + LANES)
        one = np.float32(1.0) / max(rows[before + LANES - 1], _LEAST_PIVOT)
        two = np.float32(1.0) / max(rows[_PAIR + before + LANES - 1], _LEAST_PIVOT)
    for k in range(first, order + 1):
        at = _WIDE * k + first
        from_ = _WIDE * first + LANES * (k - first)
        extra = load(ridge, at) + load(current, from_)
        a = load(left, from_) + load(right, here + from_) + extra
        c = load(left, last * elements + from_) + load(right, there + from_) + extra
        for i in range(k - 1):
            one_, two_ = factors[_WIDE * i + k], factors[_PAIR + _WIDE * i + k]
            lower[_WIDE * k + i], lower[_PAIR + _WIDE * k + i] = one_, two_
            a -= every(one_) * load(rows, _WIDE * i + first)
            c -= every(two_) * load(rows, _PAIR + _WIDE * i + first)
        if k > 0:
            one *= rows[_WIDE * (k - 1) + k]
            two *= rows[_PAIR + _WIDE * (k - 1) + k]
            lower[_WIDE * k + k - 1], lower[_PAIR + _WIDE * k + k - 1] = one, two
            a -= every(one) * e
            c -= every(two) * g
        e, g = a, c
        store(rows, at, a)
        store(rows, _PAIR + at, c)
        one = np.float32(1.0) / max(rows[_WIDE * k + k], _LEAST_PIVOT)
        two = np.float32(1.0) / max(rows[_PAIR + _WIDE * k + k], _LEAST_PIVOT)
        store(factors, at, a * every(one))
        store(factors, _PAIR + at, c * every(two))
    return rows[_WIDE * order + order]


@inner_kernel(forceinline=True)
def _substitute(equations: Squares) -> None:
    """Finds the weights once both systems are reduced.

    Row `order` of `lower` holds D^-1 L^-1 times the right-hand side; L' is left to undo.
    """
    lower, weights, order = equations.lower, equations.weights, equations.order
    start = _WIDE * order
    a, b = load(lower, start), load(lower, start + LANES)
    c, d = load(lower, _PAIR + start), load(lower, _PAIR + start + LANES)
    one, two = lower[start + order - 1], lower[_PAIR + start + order - 1]
    for i in range(order - 1, 0, -1):
        at = _WIDE * i
        store(weights, 0, a)
        store(weights, LANES, b)
        store(weights, _WIDE, c)
        store(weights, _WIDE + LANES, d)
        a -= every(one) * load(lower, at)
        b -= every(one) * load(lower, at + LANES)
        c -= every(two) * load(lower, _PAIR + at)
        d -= every(two) * load(lower, _PAIR + at + LANES)
        # The next weight on its own, before the vectors are through.
        one = weights[i - 1] - one * lower[at + i - 1]
        two = weights[_WIDE + i - 1] - two * lower[_PAIR + at + i - 1]
    store(weights, 0, a)
    store(weights, LANES, b)
    store(weights, _WIDE, c)
    store(weights, _WIDE + LANES, d)


@inner_kernel(forceinline=True)
def end_block(equations: Squares, b: int) -> None:
    """Takes S of block `b` into L and V."""
    above, left, current = equations.above, equations.left, equations.current
    elements = len(current)
    for k in range(len(equations.across)):
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
            store(sums, at, load(sums, at) + every(scaled[i]) * low)
        return
    store(scaled, LANES, every(share) * high)
    for i in range(LANES):
        value, at = every(scaled[i]), _WIDE * i
        store(sums, at, load(sums, at) + value * low)
        store(sums, at + LANES, load(sums, at + LANES) + value * high)
    for i in range(equations.order + 1 - LANES):
        at = _WIDE * LANES + LANES * i
        store(sums, at, load(sums, at) + every(scaled[LANES + i]) * high)


@inner_kernel(forceinline=True)
def predict(equations: Squares, low: Any, high: Any) -> Any:
    """The inner products of a sample's neighbours with the weights of the first and the last
    window."""
    weights = equations.weights
    one = low * load(weights, 0) + high * load(weights, LANES)
    two = low * load(weights, _WIDE) + high * load(weights, _WIDE + LANES)
    return total(one), total(two)
