"""Message-passing coding of images with a circuit: bits are spent as P(x_i | all coded before).

    code(i, a):                      a in proportion to P(z_i, all coded outside i's subtree)
        code x_i with components weighted by a W_i;  l = W_i B[:, x_i];  a = a * l;  up = l
        for each child c:            u = code(c, a T_c);  m = T_c u;  a = a * m;  up = up * m
        return up

Every node costs four small matrix products and every symbol one interval (all conditionals for
twice the cost of one likelihood). LANES images go through the tree side by side, and all images
of a call share one range-coded stream: its length is that of their code lengths, a few bytes up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.circuit import Circuit
from ncodec.circuit.integers import (
    COMPONENT_BITS,
    LANES,
    MESSAGE_BITS,
    backward,
    forward,
    multiply,
    require_exact_arithmetic,
    rescale,
)
from ncodec.circuit.variables import Rows
from ncodec.errors import UsageError
from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.ranges import (
    TOTAL,
    advance,
    finish,
    peek,
    put,
    require_intact,
    start_decoding,
    start_encoding,
    to_bytes,
    to_words,
)

__all__ = ["code_length", "decode_rows", "encode_rows"]

_ENCODE, _DECODE, _MEASURE = range(3)
_TOTAL = np.int64(TOTAL)
_ROW = LANES + 8
"""The floats in a row of vectors: rows a power of two apart would share few sets of the cache."""

_NUMERATOR_BITS = 39
"""The bits of a cumulative weight, which times 2**24 must stay below 2**63."""


def encode_rows(circuit: Circuit, rows: Rows) -> bytes:
    """One stream for `rows`, int32 [n, variables]; threads may call this side by side.

    Raises:
        UsageError: for values outside the circuit's alphabets.
    """
    rows = _checked(circuit, rows)
    words = np.empty(rows.size + 3, np.uint32)
    state = start_encoding()
    _run(circuit, rows, state, words, _ENCODE)
    return to_bytes(words, finish(state, words))


def decode_rows(circuit: Circuit, data: bytes, count: int) -> Rows:
    """The `count` rows of a stream.

    Raises:
        DamagedFile: `encode_rows` cannot have written `data` for so many rows.
    """
    words = to_words(data)
    state = start_decoding(words)
    rows = np.empty((count, circuit.variables.count), np.int32)
    _run(circuit, rows, state, words, _DECODE)
    require_intact(state, words)
    return rows


def code_length(circuit: Circuit, rows: Rows) -> NDArray[np.float64]:
    """Bits that each symbol's interval costs, summed over each row, float64 [n]."""
    rows = _checked(circuit, rows)
    bits = np.zeros(len(rows))
    _run(circuit, rows, start_encoding(), np.empty(1, np.uint32), _MEASURE, bits)
    return bits


def _checked(circuit: Circuit, rows: Rows) -> Rows:
    rows = np.ascontiguousarray(rows, np.int32)
    alphabets = np.array(circuit.variables.alphabets)[circuit.variables.kind]
    if rows.ndim != 2 or rows.shape[1] != len(alphabets):
        raise UsageError(
            f"rows of shape {rows.shape} cannot be coded with a circuit of {len(alphabets)} "
            f"variables: give one value for each"
        )
    if ((rows < 0) | (rows >= alphabets)).any():
        raise UsageError(
            f"values from {rows.min()} to {rows.max()} cannot be coded with a circuit whose "
            f"alphabets have {min(alphabets)} to {max(alphabets)} symbols"
        )
    return rows


def _run(
    circuit: Circuit,
    rows: Rows,
    state: NDArray[np.uint64],
    words: NDArray[np.uint32],
    task: int,
    bits: NDArray[np.float64] | None = None,
) -> None:
    require_exact_arithmetic()
    tables = circuit.tables
    components = tables.cumulative.shape[1]
    shift = (components - 1).bit_length() + MESSAGE_BITS + COMPONENT_BITS - _NUMERATOR_BITS
    _walk(
        circuit.events,
        len(circuit.tree.levels),
        circuit.tree.variable,
        tables.root,
        tables.transitions,
        tables.mixes,
        circuit.mix_of,
        tables.cumulative,
        circuit.offsets[circuit.variables.kind],
        np.array(circuit.variables.alphabets)[circuit.variables.kind],
        np.int64(max(0, shift)),
        rows,
        state,
        words,
        task,
        np.zeros(len(rows)) if bits is None else bits,
    )


@kernel
def _walk(
    events: Any,
    depth: Any,
    variable: Any,
    root: Any,
    transitions: Any,
    mixes: Any,
    mix_of: Any,
    cumulative: Any,
    offsets: Any,
    alphabets: Any,
    shift: Any,
    rows: Any,
    state: Any,
    words: Any,
    task: Any,
    bits: Any,
) -> Any:
    """Codes or decodes all rows, LANES at a time. `events` is `Circuit.events`."""
    states, components = mixes.shape[1:]
    context = np.empty((depth, states, _ROW))
    up = np.empty((depth, states, _ROW))
    message = np.empty((states, _ROW))
    weights = np.empty((components, _ROW))
    likelihood = np.empty((components, _ROW))
    symbols = np.empty(LANES, np.int32)
    for first in range(0, len(rows), LANES):
        lanes = min(LANES, len(rows) - first)
        for event in range(len(events)):
            node, level, leaving, keep_context, keep_up = events[event]
            if leaving:
                backward(transitions[node], up[level], message, lanes)
                rescale(message, lanes)
                if keep_context:
                    multiply(context[level - 1], message, lanes)
                    rescale(context[level - 1], lanes)
                if keep_up:
                    multiply(up[level - 1], message, lanes)
                    rescale(up[level - 1], lanes)
                continue
            here = context[level]
            if level:
                forward(context[level - 1], transitions[node], here, lanes)
            else:
                for i in range(states):
                    for b in range(lanes):
                        here[i, b] = root[i]
            rescale(here, lanes)
            mix = mixes[mix_of[node]]
            forward(here, mix, weights, lanes)
            rescale(weights, lanes)
            place = variable[node]
            table = cumulative[offsets[place] :]
            for b in range(lanes):
                symbols[b] = rows[first + b, place]
            _symbols(
                weights, table, alphabets[place], shift, symbols, lanes, state, words, task,
                bits[first:],
            )  # fmt: skip
            for b in range(lanes):
                rows[first + b, place] = symbols[b]
                low, high = table[symbols[b]], table[symbols[b] + 1]
                for m in range(components):
                    likelihood[m, b] = high[m] - low[m]
            backward(mix, likelihood, up[level], lanes)
            rescale(up[level], lanes)
            if keep_context:
                multiply(here, up[level], lanes)
                rescale(here, lanes)


@kernel(error_model="numpy")
def _symbols(
    weights: Any,
    table: Any,
    alphabet: Any,
    shift: Any,
    symbols: Any,
    lanes: Any,
    state: Any,
    words: Any,
    task: Any,
    bits: Any,
) -> Any:
    """Code the symbol of every lane.

    Symbol v has the interval from s(v) to s(v + 1), s(v) = C(v) (2**24 - V) // C(V) + v for V
    symbols, C the cumulative weight: monotone, and each is at least 1 wide.
    """
    components = len(weights)
    spread = _TOTAL - alphabet
    column = np.empty(components)
    for b in range(lanes):
        for m in range(components):
            column[m] = weights[m, b]
        total = _cumulative(column, table[alphabet], shift)
        if task == _DECODE:
            point = np.int64(peek(state))
            low, high = np.int64(0), alphabet
            left, right = np.int64(0), _TOTAL
            while high - low > 1:
                middle = (low + high) >> 1
                bound = _cumulative(column, table[middle], shift) * spread // total + middle
                if bound <= point:
                    low, left = middle, bound
                else:
                    high, right = middle, bound
            symbols[b] = low
            advance(state, words, left, right - left)
            continue
        symbol = np.int64(symbols[b])
        left = _cumulative(column, table[symbol], shift) * spread // total + symbol
        right = _cumulative(column, table[symbol + 1], shift) * spread // total + symbol + 1
        if task == _ENCODE:
            put(state, words, left, right - left)
        else:
            bits[b] += np.log2(_TOTAL / (right - left))


# Sums of integers below 2**53 are exact in any order, so they may be reordered into vectors.
@kernel(fastmath={"reassoc"})
def _cumulative(column: Any, row: Any, shift: Any) -> Any:
    total = 0.0
    for m in range(len(column)):
        total += column[m] * row[m]
    return np.int64(total) >> shift
