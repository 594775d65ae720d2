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

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "LANES", "Squares", "accumulate", "begin_row", "end_block", "predict", "solve", "solve_block",
    "squares",
]  # fmt: skip

LANES = 16
_RIDGE = np.float32(24.0)
"""The pull of the weights towards their prior (docs/photo.md, "Least squares")."""

_LEAST_PIVOT = np.float32(12.0)
"""No pivot is below the ridge but by rounding; this keeps all values finite."""

F32 = NDArray[np.float32]


class Squares(NamedTuple):
    """The normal equations of a plane, by the names above; windows have equations of their own.

    Attributes:
        above: V, float32 [windows, blocks + 1, elements].
        right: R, float32 [windows, blocks + 1, elements].
        left: L, float32 [windows, elements].
        current: S of the block at hand, float32 [elements]; it is the same in all windows.
        weights: those of the block at hand, float32 [windows, 16 or 32].
        prior: the weights before there is anything to learn from, float32 [32].
        decays: the decay of a sample or a row in each window, float32 [windows].
        across: the decay of a whole block, float32 [windows].
        system, lower: scratch of `solve_block`.
        block: the samples between two solutions.
    """

    above: F32
    right: F32
    left: F32
    current: F32
    weights: F32
    prior: F32
    decays: F32
    across: F32
    system: F32
    lower: F32
    block: int


def squares(order: int, width: int, block: int, decays: tuple[float, ...], prior: F32) -> Squares:
    """The equations of order 1 .. 31 before the first row of a plane of this width."""
    elements = LANES * LANES if order < LANES else 3 * LANES * LANES
    windows, blocks = len(decays), -(-width // block)
    factors = np.array(decays, dtype=np.float32)
    across = np.ones(windows, dtype=np.float32)
    for _ in range(block):
        across *= factors
    return Squares(
        above=np.zeros((windows, blocks + 1, elements), dtype=np.float32),
        right=np.zeros((windows, blocks + 1, elements), dtype=np.float32),
        left=np.zeros((windows, elements), dtype=np.float32),
        current=np.zeros(elements, dtype=np.float32),
        weights=np.zeros((windows, LANES if order < LANES else 2 * LANES), dtype=np.float32),
        prior=prior,
        decays=factors,
        across=across,
        system=np.zeros(elements, dtype=np.float32),
        lower=np.zeros(32 * 32, dtype=np.float32),
        block=block,
    )


@kernel
def begin_row(equations: Squares) -> None:
    """Makes R of every block from V, from the right."""
    above, right, across = equations.above, equations.right, equations.across
    equations.left[:] = np.float32(0.0)
    for k in range(len(across)):
        for b in range(above.shape[1] - 2, -1, -1):
            _decay_add(right[k, b], above[k, b], right[k, b + 1], across[k])


@kernel
def solve_block(equations: Squares, b: int, order: int) -> Any:
    """Finds the weights of block `b`; returns the first window's residual energy."""
    left, right, system = equations.left, equations.right, equations.system
    first = np.float32(0.0)
    for k in range(len(left)):
        for i in range(len(system)):
            system[i] = left[k, i] + right[k, b, i]
        energy = solve(system, order, equations.prior, equations.weights[k], equations.lower)
        if k == 0:
            first = energy
    equations.current[:] = np.float32(0.0)
    return first


@kernel
def end_block(equations: Squares, b: int) -> None:
    """Takes S of block `b` into L and V."""
    above, left, current = equations.above, equations.left, equations.current
    across, decays = equations.across, equations.decays
    for k in range(len(left)):
        for i in range(len(current)):
            left[k, i] = across[k] * (left[k, i] + above[k, b, i] + current[i])
            above[k, b, i] = decays[k] * (above[k, b, i] + current[i])


@kernel
def accumulate(sums: F32, sample: F32, share: Any, wide: bool) -> None:
    """Add `share` times the outer product of `sample`, float32 [16 or 32], to `sums`."""
    if wide:
        for i in range(LANES):
            value = share * sample[i]
            base = 2 * LANES * i
            for j in range(2 * LANES):
                sums[base + j] += value * sample[j]
        for i in range(LANES):
            value = share * sample[LANES + i]
            base = LANES * (2 * LANES + i)
            for j in range(LANES):
                sums[base + j] += value * sample[LANES + j]
    else:
        for i in range(LANES):
            value = share * sample[i]
            for j in range(LANES):
                sums[LANES * i + j] += value * sample[j]


@kernel
def _decay_add(out: F32, first: F32, second: F32, decay: Any) -> None:
    """out = first + decay * second."""
    for i in range(len(out)):
        out[i] = first[i] + decay * second[i]


@kernel
def solve(a: F32, order: int, prior: F32, weights: F32, lower: F32) -> Any:
    """The weights that `a` asks for, drawn towards `prior`; returns the residual energy.

    `a` is overwritten. `lower`, float32 [32 * 32], is scratch.
    """
    wide = order >= LANES
    stride = 2 * LANES if wide else LANES
    for i in range(order):
        base = stride * i if i < LANES else LANES * (LANES + i) - LANES
        diagonal = base + i
        last = base + order
        a[diagonal] += _RIDGE
        a[last] += _RIDGE * prior[i]
    for k in range(order):
        row = stride * k if k < LANES else LANES * (LANES + k) - LANES
        inverse = np.float32(1.0) / max(a[row + k], _LEAST_PIVOT)
        first = k + 1
        if k < LANES:
            for i in range(first, min(LANES, order + 1)):
                factor = a[row + i] * inverse
                lower[32 * i + k] = factor
                base = stride * i
                for j in range(LANES):
                    a[base + j] -= factor * a[row + j]
                if wide:
                    for j in range(LANES):
                        a[base + LANES + j] -= factor * a[row + LANES + j]
            first = LANES
        for i in range(first, order + 1):
            factor = a[row + i] * inverse
            lower[32 * i + k] = factor
            base = LANES * (LANES + i)
            for j in range(LANES):
                a[base + j] -= factor * a[row + LANES + j]
    # lower[order] now holds D^-1 L^-1 times the right-hand side; L' is left to undo.
    for i in range(order):
        weights[i] = lower[32 * order + i]
    for i in range(order - 1, 0, -1):
        value = weights[i]
        for k in range(i):
            weights[k] -= value * lower[32 * i + k]
    base = stride * order if order < LANES else LANES * (LANES + order) - LANES
    return a[base + order]


@kernel
def predict(sample: F32, weights: F32) -> Any:
    """The inner product of two vectors, float32 [16 or 32], as four interleaved sums."""
    zero = np.float32(0.0)
    a, b, c, d = zero, zero, zero, zero
    for i in range(0, len(sample), 4):
        a += sample[i] * weights[i]
        b += sample[i + 1] * weights[i + 1]
        c += sample[i + 2] * weights[i + 2]
        d += sample[i + 3] * weights[i + 3]
    return (a + b) + (c + d)
