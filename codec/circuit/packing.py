"""Circuits as bytes: a header, then one range-coded stream of counted bits.

    height, width u32 | channels, bits a sample, tied u8 | K, M u16
    parents: of each variable (the root: itself), minus the variable's number, as
        `ncodec.formats.entropy` codes an array of integers, after its length in bytes u32
    one stream (`ncodec.circuit.bits`): for transitions and mixes, the fallback's rows, its
        columns, and the entries: 0 where the fallback holds, else the level plus 1;
        then root, components

All little-endian. Without fallbacks all of their levels are ABSENT.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.bits import code_dense, code_sparse
from ncodec.circuit.circuit import ABSENT, Circuit, Fallback, Levels
from ncodec.circuit.integers import LARGEST_STATES
from ncodec.circuit.structure import Tree, displacements, tree_of_parents
from ncodec.circuit.variables import Variables
from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Limits
from ncodec.formats.entropy.ranges import (
    finish,
    require_intact,
    start_decoding,
    start_encoding,
    to_bytes,
    to_words,
)
from ncodec.formats.entropy.tensor import decode_arrays, encode_arrays

__all__ = ["pack_circuit", "unpack_circuit"]

_HEADER = struct.Struct("<IIBBBHHI")

Bytes = NDArray[np.uint8]


def pack_circuit(circuit: Circuit) -> bytes:
    """The bytes of `circuit`."""
    variables, levels = circuit.variables, circuit.levels
    own = np.arange(variables.count, dtype=np.int32)
    parents = circuit.tree.parents
    tree = encode_arrays([np.where(parents < 0, own, parents) - own])
    tied = len(levels.mixes) != variables.count
    header = _HEADER.pack(
        *variables.shape,
        variables.bit_depth,
        tied,
        circuit.states,
        levels.mixes.shape[2],
        len(tree),
    )
    coder = _Tables(circuit.tree, variables, tied)
    coder.encode(levels)
    return header + tree + coder.finish()


def unpack_circuit(data: bytes, limits: Limits | None = None) -> Circuit:
    """What `pack_circuit` packed.

    Raises:
        DamagedFile: `data` is no circuit.
        LimitExceeded: it asks for more parameters than `limits` allow.
    """
    try:
        height, width, channels, depth, tied, states, mixed, size = _HEADER.unpack_from(data)
        variables = Variables((height, width, channels), depth)
        if not (min(states, mixed) >= 1 and max(states, mixed) <= LARGEST_STATES and tied <= 1):
            raise ValueError(f"{states} states and {mixed} components")
    except (struct.error, ValueError, UsageError) as error:
        raise DamagedFile(f"a circuit's header is damaged: {error}") from None
    count = variables.count
    tables = variables.kinds if tied else count
    parameters = count + (count - 1) * states * states + tables * states * mixed
    (limits or Limits()).check("parameters", parameters + mixed * sum(variables.alphabets))
    body = data[_HEADER.size :]
    (differences,) = decode_arrays(body[:size], [count])
    if np.abs(differences).max() >= count:
        raise DamagedFile("a circuit's tree is damaged: a parent is no variable of the image")
    own = np.arange(count, dtype=np.int32)
    tree = tree_of_parents(np.where(differences == 0, -1, own + differences).astype(np.int32))
    coder = _Tables(tree, variables, bool(tied), body[size:])
    return Circuit(variables, tree, coder.decode(states, mixed))


class _Tables:
    """The stream of a circuit's levels, to be written or (where `data` is given) read."""

    def __init__(
        self, tree: Tree, variables: Variables, tied: bool, data: bytes | None = None
    ) -> None:
        self._variables = variables
        self._decoding = data is not None
        self._words = to_words(data) if data is not None else np.empty(0, np.uint32)
        self._state = start_decoding(self._words) if self._decoding else start_encoding()
        self._parts: list[tuple[Bytes, Bytes, Bytes]] = []
        kinds = variables.kinds
        group, self._groups = displacements(tree, variables)
        self._group = group[1:]
        self._above = np.maximum(tree.parent[1:] - 1, -1)
        self._kind = np.arange(kinds) if tied else variables.kind[tree.variable].astype(np.int64)
        self._above_mix = np.full(kinds, -1) if tied else tree.parent.astype(np.int64)

    def encode(self, levels: Levels) -> None:
        """Writes all levels."""
        size = sum(a.size for a in (levels.root, levels.transitions, levels.mixes))
        size += sum(a.size for a in levels.components)
        # A bit is at most 14 bits dear, a symbol at most 8 of them; fallbacks are no larger.
        self._words = np.empty(4 * (2 * size + 64), np.uint32)
        for table, fallback in (
            (levels.transitions, levels.transition_fallback),
            (levels.mixes, levels.mix_fallback),
        ):
            fallback = fallback or Fallback(
                np.full(table.shape[:2], ABSENT, np.uint8),
                np.full((table.shape[0], table.shape[2]), ABSENT, np.uint8),
            )
            entries = np.where(table == fallback.levels, 0, table + 1).astype(np.uint8)
            self._sparse(entries, fallback, table is levels.transitions)
        for dense in (levels.root[None], *levels.components):
            self._dense(np.ascontiguousarray(dense).copy())

    def finish(self) -> bytes:
        """The bytes of the stream."""
        return to_bytes(self._words, finish(self._state, self._words))

    def decode(self, states: int, mixed: int) -> Levels:
        """Reads all levels.

        Raises:
            DamagedFile: the stream cannot be of such levels.
        """
        tables: list[tuple[Bytes, Fallback]] = []
        for shape in (
            (len(self._group), states, states),
            (len(self._kind), states, mixed),
        ):
            fallback = Fallback(np.empty(shape[:2], np.uint8), np.empty(shape[::2], np.uint8))
            entries = np.empty(shape, np.uint8)
            self._sparse(entries, fallback, not tables)
            levels = np.where(entries, entries - 1, fallback.levels)
            tables.append((_valid(levels), fallback))
        sizes = [(1, states), *((mixed, alphabet) for alphabet in self._variables.alphabets)]
        dense = []
        for size in sizes:
            symbols = np.empty(size, np.uint8)
            self._dense(symbols)
            dense.append(_valid(symbols))
        require_intact(self._state, self._words)
        (transitions, first), (mixes, second) = tables
        return Levels(dense[0][0], transitions, mixes, tuple(dense[1:]), first, second)

    def _sparse(self, entries: Bytes, fallback: Fallback, transitions: bool) -> None:
        above = self._above if transitions else self._above_mix
        group, groups = self._group, self._groups
        if not transitions:
            group, groups = self._kind, self._variables.kinds
        stream = self._state, self._words, self._decoding
        code_dense(fallback.rows, above, *stream)
        code_dense(fallback.columns, above, *stream)
        code_sparse(entries, fallback.rows, fallback.columns, group, groups, *stream)

    def _dense(self, symbols: Bytes) -> None:
        above = np.full(len(symbols), -1)
        code_dense(symbols, above, self._state, self._words, self._decoding)


def _valid(levels: Bytes) -> Bytes:
    if levels.size and int(levels.max()) > ABSENT:
        raise DamagedFile(f"a circuit's tables are damaged: levels go from 0 to {ABSENT}")
    return levels
