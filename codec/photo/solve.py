"""Solving the normal equations of two windows side by side.

    A = L D L', from the first row to the last; D^-1 L^-1 times the right-hand side comes with it,
    since that is a column of its own; then L' is undone

Each step waits for the one before: the other window fills the time. A row takes all that the rows
before it leave, in their order, while it stays in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import LANES, every, item, load, set_item, store
from ncodec.photo.predict import SYSTEM, WIDE, Squares

__all__ = ["solve_block"]

_LEAST_PIVOT = np.float32(12.0)
"""No pivot is below the ridge but by rounding; this keeps all values finite."""


@inner_kernel(forceinline=True)
def solve_block(equations: Squares, b: int) -> Any:
    """Finds the weights for what follows in block `b`; returns the first one's residual energy."""
    if equations.order >= LANES:
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
    here, there = b * elements, (equations.blocks + 1 + b) * elements
    nothing = every(np.float32(0.0))
    e, f, g, h = nothing, nothing, nothing, nothing
    one, two = np.float32(0.0), np.float32(0.0)
    for k in range(LANES):
        at = WIDE * k
        low = load(ridge, at) + load(current, at)
        high = load(ridge, at + LANES) + load(current, at + LANES)
        a = load(left, at) + load(right, here + at) + low
        b2 = load(left, at + LANES) + load(right, here + at + LANES) + high
        c = load(left, elements + at) + load(right, there + at) + low
        d = load(left, elements + at + LANES) + load(right, there + at + LANES) + high
        for i in range(k - 1):
            f1, f2 = item(factors, WIDE * i + k), item(factors, SYSTEM + WIDE * i + k)
            set_item(lower, at + i, f1)
            set_item(lower, SYSTEM + at + i, f2)
            a -= every(f1) * load(rows, WIDE * i)
            b2 -= every(f1) * load(rows, WIDE * i + LANES)
            c -= every(f2) * load(rows, SYSTEM + WIDE * i)
            d -= every(f2) * load(rows, SYSTEM + WIDE * i + LANES)
        if k > 0:
            one *= item(rows, at - WIDE + k)
            two *= item(rows, SYSTEM + at - WIDE + k)
            set_item(lower, at + k - 1, one)
            set_item(lower, SYSTEM + at + k - 1, two)
            a -= every(one) * e
            b2 -= every(one) * f
            c -= every(two) * g
            d -= every(two) * h
        e, f, g, h = a, b2, c, d
        store(rows, at, a)
        store(rows, at + LANES, b2)
        store(rows, SYSTEM + at, c)
        store(rows, SYSTEM + at + LANES, d)
        one = np.float32(1.0) / max(item(rows, at + k), _LEAST_PIVOT)
        two = np.float32(1.0) / max(item(rows, SYSTEM + at + k), _LEAST_PIVOT)
        store(factors, at, a * every(one))
        store(factors, at + LANES, b2 * every(one))
        store(factors, SYSTEM + at, c * every(two))
        store(factors, SYSTEM + at + LANES, d * every(two))


@inner_kernel(forceinline=True)
def _reduce_lower(equations: Squares, b: int) -> Any:
    """Reduces the rows of 16 elements of two systems; returns the residual energy of the first."""
    left, right, ridge = equations.left, equations.right, equations.ridge
    rows, factors, lower = equations.rows, equations.factors, equations.lower
    current, elements, order = equations.current, len(equations.current), equations.order
    first = LANES if order >= LANES else 0
    here, there = b * elements, (equations.blocks + 1 + b) * elements
    e, g = every(np.float32(0.0)), every(np.float32(0.0))
    one, two = np.float32(0.0), np.float32(0.0)
    if first:
        before = WIDE * (LANES - 1)
        e, g = load(rows, before + LANES), load(rows, SYSTEM + before + LANES)
        one = np.float32(1.0) / max(item(rows, before + LANES - 1), _LEAST_PIVOT)
        two = np.float32(1.0) / max(item(rows, SYSTEM + before + LANES - 1), _LEAST_PIVOT)
    for k in range(first, order + 1):
        at = WIDE * k + first
        start = WIDE * first + LANES * (k - first)
        extra = load(ridge, at) + load(current, start)
        a = load(left, start) + load(right, here + start) + extra
        c = load(left, elements + start) + load(right, there + start) + extra
        for i in range(k - 1):
            f1, f2 = item(factors, WIDE * i + k), item(factors, SYSTEM + WIDE * i + k)
            set_item(lower, WIDE * k + i, f1)
            set_item(lower, SYSTEM + WIDE * k + i, f2)
            a -= every(f1) * load(rows, WIDE * i + first)
            c -= every(f2) * load(rows, SYSTEM + WIDE * i + first)
        if k > 0:
            one *= item(rows, WIDE * (k - 1) + k)
            two *= item(rows, SYSTEM + WIDE * (k - 1) + k)
            set_item(lower, WIDE * k + k - 1, one)
            set_item(lower, SYSTEM + WIDE * k + k - 1, two)
            a -= every(one) * e
            c -= every(two) * g
        e, g = a, c
        store(rows, at, a)
        store(rows, SYSTEM + at, c)
        one = np.float32(1.0) / max(item(rows, WIDE * k + k), _LEAST_PIVOT)
        two = np.float32(1.0) / max(item(rows, SYSTEM + WIDE * k + k), _LEAST_PIVOT)
        store(factors, at, a * every(one))
        store(factors, SYSTEM + at, c * every(two))
    return item(rows, WIDE * order + order)


@inner_kernel(forceinline=True)
def _substitute(equations: Squares) -> None:
    """Finds the weights once both systems are reduced.

    Row `order` of `lower` holds D^-1 L^-1 times the right-hand side; L' is left to undo.
    """
    lower, weights, order = equations.lower, equations.weights, equations.order
    start = WIDE * order
    a, b = load(lower, start), load(lower, start + LANES)
    c, d = load(lower, SYSTEM + start), load(lower, SYSTEM + start + LANES)
    one, two = item(lower, start + order - 1), item(lower, SYSTEM + start + order - 1)
    for i in range(order - 1, 0, -1):
        at = WIDE * i
        store(weights, 0, a)
        store(weights, LANES, b)
        store(weights, WIDE, c)
        store(weights, WIDE + LANES, d)
        a -= every(one) * load(lower, at)
        b -= every(one) * load(lower, at + LANES)
        c -= every(two) * load(lower, SYSTEM + at)
        d -= every(two) * load(lower, SYSTEM + at + LANES)
        # The next weight on its own, before the vectors are through.
        one = item(weights, i - 1) - one * item(lower, at + i - 1)
        two = item(weights, WIDE + i - 1) - two * item(lower, SYSTEM + at + i - 1)
    store(weights, 0, a)
    store(weights, LANES, b)
    store(weights, WIDE, c)
    store(weights, WIDE + LANES, d)
