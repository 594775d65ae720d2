"""Numbers as decisions, and what is known of a block while its coefficients are coded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.bits import code_bit, code_plain
from ncodec.dct.memory import TURNED, VALUES
from ncodec.formats.entropy.kernels import inner_kernel

__all__ = [
    "COLUMN",
    "DC",
    "EDGE",
    "FACTS",
    "MASS",
    "NZ",
    "ROW",
    "Plane",
    "code_count",
    "code_size",
    "code_tail",
    "fine",
    "level",
    "ratio",
    "settle",
    "signed",
    "size_of",
]

EDGE = np.array([5793, 8035, 7568, 6811, 5793, 4551, 3135, 1598], dtype=np.int64)
"""c(k) cos(k pi / 16) in 1/8192: what a coefficient adds to the first sample of a row; to the
last, with the sign (-1)^k."""

_LEVELS = 4096


def _levels() -> NDArray[np.uint8]:
    values = np.zeros(_LEVELS, dtype=np.uint8)
    for x in range(_LEVELS):
        n = x.bit_length()
        values[x] = x if x < 2 else 2 * (n - 1) + (x >> (n - 2) & 1)
    return values


LEVEL = _levels()
"""0, 1, 2, 3, then two levels an octave."""


class Plane(NamedTuple):
    """What coding the blocks of a component takes.

    Attributes:
        colour: 0 for the first component, 1 and 2 for the next.
        steps: int64 [64], the quantisers in natural order.
        inverse: int64 [10, 64], 2**33 by the product of a step and EDGE[j] at [j], 8192 at [8], 1
            at [9].
        facts: int64 [blocks + 1, FACTS] of all blocks so far, the last one of none.
        known: int64 [80], the block's coefficients as far as they are coded, and zeros behind them.
        above, left: int64 [8], what the coefficients of each horizontal (vertical) frequency have
            to add up to at the upper (left) edge, less what those that are known do.
    """

    colour: int
    steps: NDArray[np.int64]
    inverse: NDArray[np.int64]
    facts: NDArray[np.int64]
    known: NDArray[np.int64]
    above: NDArray[np.int64]
    left: NDArray[np.int64]
    above2: NDArray[np.int64]
    left2: NDArray[np.int64]


MOST_BITS = 17
"""Of a DC coefficient less its prediction; others have 15 at most."""

SIZES = np.array([value.bit_length() for value in range(1 << MOST_BITS)], dtype=np.uint8)

FACTS = 5
NZ, ROW, COLUMN, MASS, DC = range(FACTS)


@inner_kernel
def level(value: Any) -> Any:
    return np.int64(LEVEL[min(abs(value), _LEVELS - 1) & (_LEVELS - 1)])


def _fine_levels() -> NDArray[np.uint8]:
    values = np.zeros(_LEVELS, dtype=np.uint8)
    for x in range(2, _LEVELS):
        n = x.bit_length()
        values[x] = min(4 * (n - 2) + ((x << 2 >> (n - 1)) & 3) + 1, 31)
    values[1] = 1
    return values


FINE = _fine_levels()
"""Four levels an octave, 31 at most."""


@inner_kernel
def fine(value: Any) -> Any:
    return np.int64(FINE[min(max(value, 0), _LEVELS - 1)])


@inner_kernel
def signed(value: Any, most: Any) -> Any:
    """A level with a sign, 0 .. 2 most."""
    # Without a branch, which would be guessed wrong as often as right.
    sign = np.int64(value) >> 63
    return most + ((min(level(value), most) ^ sign) - sign)


@inner_kernel
def size_of(value: Any) -> Any:
    """The bits of a magnitude."""
    return np.int64(SIZES[abs(value) & ((1 << MOST_BITS) - 1)])


@inner_kernel
def ratio(value: Any, divisor: Any) -> Any:
    """value // divisor, of a positive divisor, without a branch on the sign."""
    sign = np.int64(value) >> 63
    whole = ((value ^ sign) - sign + (sign & (divisor - 1))) // divisor
    return (whole ^ sign) - sign


@inner_kernel(forceinline=True)
def code_count(coder: Any, lines: Any, bits: Any, sets: Any, refine: Any, value: Any) -> Any:
    """Codes a number of `bits` bits, highest first."""
    a, b, c, d = sets
    node = 1
    for i in range(bits):
        bit = (value >> (bits - 1 - i)) & 1
        bit = code_bit(coder, lines, node, (a + node, b, c + node, d), refine + i, bit)
        node = node << 1 | bit
    return node - (1 << bits)


@inner_kernel(forceinline=True)
def code_size(coder: Any, lines: Any, start: Any, sets: Any, refine: Any, wanted: Any) -> Any:
    """Codes the bits that a magnitude has, 0 .. MOST_BITS, going up or down from `start`.

    Nodes: 0 is "more than start?", 1 .. 3 go up from there, 4 .. 7 go down; the last of each is
    for all further steps.
    """
    a, b, c, d = sets
    at, node, way = start, 0, 0
    while 0 <= at < MOST_BITS:
        here = (a + node, b + node, c + node, d + node)
        more = code_bit(coder, lines, node, here, refine + node, np.int64(wanted > at))
        if node == 0:
            way = 1 if more else -1
            node = 1 if more else 4
        elif more != (way > 0):
            break
        else:
            node += node & 3 != 3
        at += way
    return at + (way < 0)


@inner_kernel(forceinline=True)
def code_tail(coder: Any, slot: Any, size: Any, value: Any) -> Any:
    """Codes the bits of a magnitude of `size` bits below the highest; returns the magnitude.

    Args:
        slot: the first of four plain ones: for the second bit, for the third after either, and for
            all others.
    """
    result = 1
    for i in range(size - 2, -1, -1):
        node = min(result, 4) - 1
        result = result << 1 | code_plain(coder, slot + node, (value >> i) & 1)
    return result


@inner_kernel
def settle(memory: Any, plane: Any, i: Any, value: Any) -> None:
    """Takes a coefficient as known: what the others of its row and column add up to changes."""
    plane.known[i] = value
    u, v = i & 7, i >> 3
    amount = value * plane.steps[i]
    memory[VALUES + i] = amount
    memory[TURNED + (u << 3) + v] = amount
    plane.above[u] -= amount * EDGE[v]
    plane.left[v] -= amount * EDGE[u]
    plane.above2[u] -= amount * (5793 if v == 0 else 8192)
    plane.left2[v] -= amount * (5793 if u == 0 else 8192)
