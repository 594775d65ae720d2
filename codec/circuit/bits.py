"""Table entries as bits whose probabilities are counts in a context: how circuits are packed.

A symbol of `BITS` bits is coded from its highest bit; each bit has, for its context and the bits
above it, counts of the zeros and ones so far, and the probability (2 n0 + 1) / (2 n0 + 2 n1 + 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.ranges import TOTAL, get_bit, put_bit

__all__ = ["BITS", "code_dense", "code_sparse"]

BITS = 7
"""The bits of a symbol, which is 0 to 127."""

_TOTAL = np.int64(TOTAL)
_LARGEST_COUNT = 1 << 12

_BUCKET = 2
_BUCKETS = 11
"""The number of buckets of levels as contexts: steps of two, and one for all from 20 on."""

_KEPT = 8
"""The steps of the recent frequency with which an entry was present."""


@kernel(error_model="numpy")
def _bit(counts: Any, bit: Any, state: Any, words: Any, decoding: Any) -> Any:
    """Code one bit with its two counts, and count it."""
    zeros = (_TOTAL * (2 * counts[0] + 1)) // (2 * (np.int64(counts[0]) + counts[1]) + 2)
    if decoding:
        bit = np.int64(get_bit(state, words, zeros))
    else:
        put_bit(state, words, zeros, bit)
    counts[bit] += 1
    if counts[bit] >= _LARGEST_COUNT:
        counts[0] >>= 1
        counts[1] >>= 1
    return bit


@kernel
def _symbol(counts: Any, symbol: Any, state: Any, words: Any, decoding: Any) -> Any:
    """Code a symbol with the counts of its context, int32 [2**BITS, 2]."""
    node = 1
    for place in range(BITS - 1, -1, -1):
        node = 2 * node + _bit(counts[node], (symbol >> place) & 1, state, words, decoding)
    return node - (1 << BITS)


@kernel
def code_dense(symbols: Any, above: Any, state: Any, words: Any, decoding: bool) -> None:
    """Code uint8 [n, m]; the context of ``symbols[i, j]`` is ``symbols[above[i], j]``.

    Where ``above[i]`` is negative it is the symbol before in the row. `decoding` fills `symbols`.
    """
    counts = np.zeros((2 * _BUCKETS + 1, 1 << BITS, 2), np.int32)
    for i in range(symbols.shape[0]):
        for j in range(symbols.shape[1]):
            context = 0
            if above[i] >= 0:
                context = 1 + min(symbols[above[i], j] // _BUCKET, _BUCKETS - 1)
            elif j:
                context = 1 + _BUCKETS + min(symbols[i, j - 1] // _BUCKET, _BUCKETS - 1)
            symbols[i, j] = _symbol(
                counts[context], np.int64(symbols[i, j]), state, words, decoding
            )


@kernel
def code_sparse(
    symbols: Any,
    rows: Any,
    columns: Any,
    group: Any,
    groups: Any,
    state: Any,
    words: Any,
    decoding: Any,
) -> Any:
    """Code uint8 [n, r, c], mostly zeros.

    Whether an entry is zero is coded in the context of the levels `rows` [n, r] and `columns`
    [n, c], and of how often the tables before it of its group (`group` [n], 0 to groups - 1) had
    one that is not; its value in that of its column's level and of the last value there.
    """
    present = np.zeros((_BUCKETS, _BUCKETS, _KEPT, 2), np.int32)
    values = np.zeros((_BUCKETS, _BUCKETS + 1, 1 << BITS, 2), np.int32)
    often = np.zeros((groups, symbols.shape[1], symbols.shape[2]), np.uint8)
    last = np.zeros((groups, symbols.shape[1], symbols.shape[2]), np.uint8)
    for i in range(symbols.shape[0]):
        kept, before = often[group[i]], last[group[i]]
        for j in range(symbols.shape[1]):
            row = min(rows[i, j] // _BUCKET, _BUCKETS - 1)
            for k in range(symbols.shape[2]):
                column = min(columns[i, k] // _BUCKET, _BUCKETS - 1)
                symbol = np.int64(symbols[i, j, k])
                counts = present[row, column, kept[j, k] >> 5]
                flag = _bit(counts, np.int64(symbol > 0), state, words, decoding)
                kept[j, k] += (255 * flag - np.int64(kept[j, k])) // 4
                if flag:
                    near = 0
                    if before[j, k]:
                        near = 1 + min(before[j, k] // _BUCKET, _BUCKETS - 1)
                    symbol = _symbol(values[column, near], symbol, state, words, decoding)
                    before[j, k] = symbol
                symbols[i, j, k] = symbol if flag else 0
