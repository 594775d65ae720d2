"""The arithmetic of `predicted`, value by value: what is expected at a place, and its interval.

Grids have a slice of zeros before the first here, and a border of zeros around rows and columns:
every place has neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.ranges import TOTAL, advance, peek, put

__all__ = [
    "CELLS",
    "CLASSES",
    "LARGEST_ERROR",
    "PREDICTOR",
    "THRESHOLDS",
    "WEIGHT_BITS",
    "expect",
    "padded",
    "read",
    "write",
]

PREDICTOR = 5
"""The number of weights: one of the slice before, two of the changes to the left and above, and
two of these in the first slice, which has none before."""

WEIGHT_BITS = 6
"""The fractional bits of weights, which are in 64ths."""

CELLS = 9
"""The cells of a table in a step: an odd number, so that an integer can lie in the middle of
one."""

THRESHOLDS = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60)
"""The thresholds of the sum of errors around a place; its class is how many of them that
reaches."""

CLASSES = 1 + len(THRESHOLDS)
LARGEST_ERROR = 32
"""The error that larger ones are taken as."""

_THRESHOLDS = np.array(THRESHOLDS)
_HALF = 1 << (WEIGHT_BITS - 1)
_INT32 = np.int64(np.iinfo(np.int32).max)

Values = NDArray[np.int32]
Errors = NDArray[np.int8]
Integers = NDArray[np.int64]
State = NDArray[np.uint64]
Words = NDArray[np.uint32]


def padded(values: Values, start: int) -> tuple[Values, Errors]:
    """`values` (times, channels, rows, columns) with its borders, and room for their errors, which
    are `start` in the slice before the first.
    """
    framed = np.pad(values, ((1, 0), (0, 0), (1, 1), (1, 1)))
    errors = np.zeros(framed.shape, np.int8)
    errors[0, :, 1:-1, 1:-1] = start
    return framed, errors


@kernel
def _expected(values: Values, predictor: Integers, t: int, c: int, y: int, x: int) -> Any:
    """The value that is expected at a place, in 64ths of a step."""
    now, then = values[t, c], values[t - 1, c]
    first = 3 if t == 1 else 1
    left = now[y, x - 1] - then[y, x - 1]
    above = now[y - 1, x] - then[y - 1, x]
    return predictor[0] * then[y, x] + predictor[first] * left + predictor[first + 1] * above


@kernel
def _class(errors: Errors, t: int, c: int, y: int, x: int) -> Any:
    now, then = errors[t, c], errors[t - 1, c]
    total = 2 * (then[y, x] + now[y, x - 1] + now[y - 1, x])
    total += then[y - 1, x] + then[y + 1, x] + then[y, x - 1] + then[y, x + 1]
    total += now[y - 1, x - 1] + now[y - 1, x + 1]
    return np.searchsorted(_THRESHOLDS, total, side="right")


@kernel
def _error(value: int, expected: int) -> Any:
    return min(abs(value - ((expected + _HALF) >> WEIGHT_BITS)), LARGEST_ERROR)


@kernel
def _mean(expected: int) -> Any:
    """The expected value in cells."""
    return (CELLS * expected + _HALF) >> WEIGHT_BITS


@kernel
def _edge(cells: Any, escape: int) -> Any:
    """The symbol that a cell is, of a table whose last symbol is `escape`."""
    return min(max(cells + escape // 2, 0), escape)


def expect(
    values: Values, errors: Errors, predictor: Integers
) -> tuple[Integers, NDArray[np.uint8]]:
    """The means in cells and the classes of all values, in C order, from `padded`; fills
    `errors`."""
    times, channels, rows, columns = values.shape
    size = (times - 1) * channels * (rows - 2) * (columns - 2)
    means, classes = np.empty(size, np.int64), np.empty(size, np.uint8)
    _expect(values, errors, predictor, means, classes)
    return means, classes


@kernel
def _expect(
    values: Values,
    errors: Errors,
    predictor: Integers,
    means: Integers,
    classes: NDArray[np.uint8],
) -> None:
    times, channels, rows, columns = values.shape
    i = 0
    for t in range(1, times):
        for c in range(channels):
            for y in range(1, rows - 1):
                for x in range(1, columns - 1):
                    expected = _expected(values, predictor, t, c, y, x)
                    means[i] = _mean(expected)
                    classes[i] = _class(errors, t, c, y, x)
                    errors[t, c, y, x] = _error(values[t, c, y, x], expected)
                    i += 1


@kernel
def write(
    values: Values,
    means: Integers,
    classes: NDArray[np.uint8],
    tables: Integers,
    firsts: Integers,
    state: State,
    words: Words,
) -> None:
    """Appends `values`, flat, with what `expect` gave for them.

    Args:
        tables: the cumulative frequencies of the classes' tables, one after the other.
        firsts: where each begins, and where they end.
    """
    for i in range(len(values)):
        first, escape = firsts[classes[i]], firsts[classes[i] + 1] - firsts[classes[i]] - 2
        middle = CELLS * values[i] - means[i]
        left = tables[first + _edge(middle - CELLS // 2, escape)]
        right = tables[first + _edge(middle + CELLS // 2 + 1, escape)]
        if right > left:
            put(state, words, left, right - left)
            continue
        put(state, words, tables[first + escape], TOTAL - tables[first + escape])
        for shift in range(0, 32, 8):
            put(state, words, ((values[i] >> shift) & 255) << 16, 1 << 16)


@kernel
def read(
    values: Values,
    errors: Errors,
    predictor: Integers,
    tables: Integers,
    firsts: Integers,
    state: State,
    words: Words,
) -> bool:
    """Fills in `padded` zeros from a stream; false if a value is none that was written.

    Arguments as for `write`.
    """
    times, channels, rows, columns = values.shape
    for t in range(1, times):
        for c in range(channels):
            for y in range(1, rows - 1):
                for x in range(1, columns - 1):
                    expected = _expected(values, predictor, t, c, y, x)
                    number = _class(errors, t, c, y, x)
                    table = tables[firsts[number] : firsts[number + 1]]
                    value = _value(table, _mean(expected), state, words)
                    if abs(value) > _INT32:
                        return False
                    values[t, c, y, x] = value
                    errors[t, c, y, x] = _error(value, expected)
    return True


@kernel
def _value(table: Integers, mean: int, state: State, words: Words) -> Any:
    escape = len(table) - 2
    symbol = np.searchsorted(table, np.int64(peek(state)), side="right") - 1
    if symbol == escape:
        advance(state, words, table[escape], TOTAL - table[escape])
        value = np.int64(0)
        for shift in range(0, 32, 8):
            byte = np.int64(peek(state)) >> 16
            advance(state, words, byte << 16, 1 << 16)
            value |= byte << shift
        return (value ^ (1 << 31)) - (1 << 31)
    value = (symbol - escape // 2 + mean + CELLS // 2) // CELLS
    middle = CELLS * value - mean
    left = table[_edge(middle - CELLS // 2, escape)]
    right = table[_edge(middle + CELLS // 2 + 1, escape)]
    advance(state, words, left, right - left)
    return value
