"""A circuit in integers: tables whose rows sum to exact powers of two, and exact vectors.

Coding repeats the encoder's arithmetic in the decoder, so every value is an integer that a
float64 holds exactly: sums and products below 2**53 are the same in any order, on any machine.

    weights     rows of TABLE_BITS: they sum to 2**16; zeros are allowed
    components  rows of COMPONENT_BITS: they sum to 2**22, each entry at least 1
    messages    mantissas of MESSAGE_BITS: integers from 1 below 2**20; their common power of two
                is dropped
    products    states * 2**36 and components * 2**42 at most: 2**50 for 256 of either

`rescale` makes a message of any vector. What it rounds down to nothing becomes 1: a vector of
zeros says nothing about the states and turns into ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import VerificationFailed
from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "COMPONENT_BITS",
    "LANES",
    "LARGEST_STATES",
    "MESSAGE_BITS",
    "TABLE_BITS",
    "backward",
    "exact_rows",
    "forward",
    "multiply",
    "require_exact_arithmetic",
    "rescale",
]

TABLE_BITS = 16
COMPONENT_BITS = 22
MESSAGE_BITS = 20
LARGEST_STATES = 256
"""The most states of a latent, and components of a leaf."""

LANES = 64
"""The number of images that are coded side by side: vectors are float64 [states, LANES]."""

_MASK = np.int64((1 << 11) - 1)
_MANTISSA = np.int64(52)
_UNIT = np.int64(MESSAGE_BITS + 2 * 1023 - 1)


def exact_rows(weights: NDArray[np.int64], bits: int, least: int = 0) -> NDArray[np.int32]:
    """Rows in proportion to `weights` that sum to exactly 2**bits, int32 of the same shape.

    Cumulative sums are rounded down. A row of zeros becomes uniform.

    Args:
        weights: non-negative; a row's sum times 2**bits must stay below 2**63.
        bits: the sum's.
        least: the smallest entry; zeros stay zeros where it is 0.
    """
    weights = np.where(weights.any(axis=-1, keepdims=True), weights, 1)
    sums = np.cumsum(weights, axis=-1)
    room = (1 << bits) - least * weights.shape[-1]
    rows: NDArray[np.int64] = np.diff(sums * room // sums[..., -1:], axis=-1, prepend=0) + least
    return rows.astype(np.int32)


@kernel
def forward(message: Any, table: Any, out: Any, lanes: int) -> None:
    """``out[j] = sum over i of message[i] * table[i, j]`` in the first `lanes` lanes."""
    states, columns = table.shape
    for j in range(columns):
        for b in range(lanes):
            out[j, b] = 0.0
    whole = states - states % 4
    blocked = columns - columns % 4
    # Blocks of 4 by 4: a value that is loaded is used four times.
    for j in range(0, blocked, 4):
        for i in range(0, whole, 4):
            _block(message, table, out, lanes, i, j)
        _rest(message, table, out, lanes, whole, states, j, j + 4)
    _rest(message, table, out, lanes, 0, states, blocked, columns)


@kernel
def _block(
    message: Any,
    table: Any,
    out: Any,
    lanes: Any,
    i: Any,
    j: Any,
) -> Any:
    a0, a1 = np.float64(table[i, j]), np.float64(table[i + 1, j])
    a2, a3 = np.float64(table[i + 2, j]), np.float64(table[i + 3, j])
    b0, b1 = np.float64(table[i, j + 1]), np.float64(table[i + 1, j + 1])
    b2, b3 = np.float64(table[i + 2, j + 1]), np.float64(table[i + 3, j + 1])
    c0, c1 = np.float64(table[i, j + 2]), np.float64(table[i + 1, j + 2])
    c2, c3 = np.float64(table[i + 2, j + 2]), np.float64(table[i + 3, j + 2])
    d0, d1 = np.float64(table[i, j + 3]), np.float64(table[i + 1, j + 3])
    d2, d3 = np.float64(table[i + 2, j + 3]), np.float64(table[i + 3, j + 3])
    m0, m1, m2, m3 = message[i], message[i + 1], message[i + 2], message[i + 3]
    out0, out1, out2, out3 = out[j], out[j + 1], out[j + 2], out[j + 3]
    for lane in range(lanes):
        x0, x1, x2, x3 = m0[lane], m1[lane], m2[lane], m3[lane]
        out0[lane] += (a0 * x0 + a1 * x1) + (a2 * x2 + a3 * x3)
        out1[lane] += (b0 * x0 + b1 * x1) + (b2 * x2 + b3 * x3)
        out2[lane] += (c0 * x0 + c1 * x1) + (c2 * x2 + c3 * x3)
        out3[lane] += (d0 * x0 + d1 * x1) + (d2 * x2 + d3 * x3)


@kernel
def _rest(
    message: Any,
    table: Any,
    out: Any,
    lanes: Any,
    first_row: Any,
    last_row: Any,
    first_column: Any,
    last_column: Any,
) -> Any:
    for j in range(first_column, last_column):
        row = out[j]
        for i in range(first_row, last_row):
            weight, column = np.float64(table[i, j]), message[i]
            for b in range(lanes):
                row[b] += weight * column[b]


@kernel
def backward(table: Any, message: Any, out: Any, lanes: int) -> None:
    """``out[i] = sum over j of table[i, j] * message[j]`` in the first `lanes` lanes."""
    forward(message, table.T, out, lanes)


@kernel
def multiply(message: Any, other: Any, lanes: int) -> None:
    """``message *= other`` in the first `lanes` lanes."""
    for i in range(message.shape[0]):
        for b in range(lanes):
            message[i, b] *= other[i, b]


@kernel
def rescale(vector: Any, lanes: int) -> None:
    """Makes messages of non-negative integers: the largest of a lane gets MESSAGE_BITS bits."""
    top = np.ones(LANES)
    for i in range(vector.shape[0]):
        for b in range(lanes):
            top[b] = max(top[b], vector[i, b])
    bits = top.view(np.int64)
    for b in range(lanes):
        # The exponent field of the power of two that takes `top` to MESSAGE_BITS bits.
        bits[b] = (_UNIT - ((bits[b] >> _MANTISSA) & _MASK)) << _MANTISSA
    for i in range(vector.shape[0]):
        for b in range(lanes):
            vector[i, b] = max(np.floor(vector[i, b] * top[b]), 1.0)


@lru_cache(maxsize=1)
def require_exact_arithmetic() -> None:
    """Check this machine's float64 against integers at the full budget of bits.

    Raises:
        VerificationFailed: they differ.
    """
    random = np.random.default_rng(0)
    size = (LARGEST_STATES, LARGEST_STATES)
    weights = random.integers(0, 1 << 24, size)
    weights[0] = 0
    weights[0, -1] = 1
    table = exact_rows(weights, COMPONENT_BITS)
    message = random.integers(1, 1 << MESSAGE_BITS, (LARGEST_STATES, LANES))
    message[:, 0] = (1 << MESSAGE_BITS) - 1
    out = np.empty(message.shape)
    same = True
    for step, exact in (("down", table.T @ message), ("up", table @ message)):
        if step == "down":
            forward(message.astype(np.float64), table, out, LANES)
        else:
            backward(table, message.astype(np.float64), out, LANES)
        same &= bool((out == exact).all())
        rescale(out, LANES)
        shift = [int(column.max()).bit_length() - MESSAGE_BITS for column in exact.T]
        mantissas = exact << max(0, -min(shift)) >> np.array(shift) + max(0, -min(shift))
        same &= bool((out == np.maximum(mantissas, 1)).all())
    if not same:
        raise VerificationFailed(
            "float64 arithmetic on this machine is not exact, so images coded with a circuit "
            "would not decode elsewhere: use another machine, or unset options that make floating "
            "point inexact"
        )
