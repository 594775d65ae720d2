"""A learned circuit as it is shipped: a tree, integer tables, and what coding derives from them.

In the hidden Chow-Liu tree (docs/circuits.md) X_i hangs under a latent Z_i of K states, and latents
form the tree. A leaf is a mixture: Z_i chooses one of M components with the weights W_i, and
components are distributions over the values of one kind of variable (a channel) that all its pixels
share.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.integers import COMPONENT_BITS, TABLE_BITS, exact_rows
from ncodec.circuit.structure import Tree
from ncodec.circuit.variables import Rows, Variables

__all__ = ["ABSENT", "STEPS_PER_OCTAVE", "Circuit", "Fallback", "Levels", "Tables", "level_weights"]

STEPS_PER_OCTAVE = 4
"""The resolution of a level: neighbouring levels are a factor of 2**(1/4) apart."""

ABSENT = 80
"""The level of a weight of zero; the smallest other weight is 2**-19.75."""

_WEIGHT_BITS = 24

_BLOCK = 64
"""The number of tables that are made at a time."""

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int32]


def level_weights() -> NDArray[np.int64]:
    """The weight of each level 0 .. ABSENT: floor(2**(24 - level / 4)), and 0."""
    exact = [isqrt(isqrt(1 << (4 * _WEIGHT_BITS - level))) for level in range(ABSENT)]
    return np.array([*exact, 0], np.int64)


@dataclass(frozen=True)
class Fallback:
    """The entries of tables where nothing better is known: products of a level a row and a level a
    column. Files are small where many entries are just that.

    Attributes:
        rows: uint8 [tables, rows].
        columns: uint8 [tables, columns].
    """

    rows: Bytes
    columns: Bytes

    @property
    def levels(self) -> Bytes:
        """All entries, uint8 [tables, rows, columns]."""
        sums = self.rows[:, :, None].astype(np.uint16) + self.columns[:, None]
        levels: Bytes = np.minimum(sums, ABSENT).astype(np.uint8)
        return levels


@dataclass(frozen=True)
class Levels:
    """The tables on a logarithmic scale, as files hold them; each row up to a factor.

    Attributes:
        root: the levels of P(z_0), uint8 [K].
        transitions: of P(z_i | z_parent) for the nodes from 1 on, uint8 [d - 1, K, K].
        mixes: of P(component | z), uint8 [tables, K, M].
        components: of P(x | component) for each kind, uint8 [M, alphabet].
        transition_fallback, mix_fallback: how the tables are packed; without them all entries
            are spelt out.
    """

    root: Bytes
    transitions: Bytes
    mixes: Bytes
    components: tuple[Bytes, ...]
    transition_fallback: Fallback | None = None
    mix_fallback: Fallback | None = None


@dataclass(frozen=True)
class Tables:
    """The tables as integers; rows sum to 2**16, those of components to 2**22.

    Attributes:
        root: int32 [K].
        transitions: int32 [d, K, K]; that of the root is not used.
        mixes: int32 [tables, K, M].
        cumulative: sums of the components' probabilities below each value, kinds one after the
            other with alphabet + 1 rows each, int32 [rows, M].
    """

    root: Integers
    transitions: Integers
    mixes: Integers
    cumulative: Integers


@dataclass(frozen=True)
class Circuit:
    """A frozen circuit.

    Attributes:
        variables: what an image consists of.
        tree: the tree of its latents.
        levels: the tables; `mixes` holds one for each node, or one for each kind.
    """

    variables: Variables
    tree: Tree
    levels: Levels

    @property
    def states(self) -> int:
        """The number of states K of every latent."""
        return len(self.levels.root)

    @cached_property
    def mix_of(self) -> Integers:
        """The number of the table of `mixes` that each node has, int32 [d]."""
        if len(self.levels.mixes) == len(self.tree.parent):
            return np.arange(len(self.tree.parent), dtype=np.int32)
        kind: Integers = self.variables.kind[self.tree.variable]
        return kind

    @cached_property
    def offsets(self) -> Integers:
        """Where each kind's rows begin in `Tables.cumulative`, int32 [kinds]."""
        sizes = np.array(self.variables.alphabets) + 1
        starts: NDArray[np.int64] = np.cumsum(sizes) - sizes
        return starts.astype(np.int32)

    @cached_property
    def tables(self) -> Tables:
        """The integers that the levels stand for."""
        weights, levels = level_weights(), self.levels
        transitions = np.zeros((len(self.tree.parent), self.states, self.states), np.int32)
        _fill(transitions[1:], levels.transitions)
        mixes = np.empty(levels.mixes.shape, np.int32)
        _fill(mixes, levels.mixes)
        parts = []
        for component in levels.components:
            rows = exact_rows(weights[component], COMPONENT_BITS, least=1)
            sums = np.cumsum(rows, axis=1, dtype=np.int32)
            parts.append(np.pad(sums, ((0, 0), (1, 0))).T)
        return Tables(
            exact_rows(weights[levels.root], TABLE_BITS),
            transitions,
            mixes,
            np.ascontiguousarray(np.concatenate(parts)),
        )

    @cached_property
    def events(self) -> Integers:
        """The depth-first walk, int32 [2 d - 1, 5]: node, depth, and flags.

        The flags: whether the node is being left (its message goes to its parent), whether the
        context that the step changes is still needed after it, and the same of the message to
        the parent's parent.
        """
        parent = self.tree.parent
        count = len(parent)
        children: list[list[int]] = [[] for _ in range(count)]
        for node in range(1, count):
            children[parent[node]].append(node)
        events: list[tuple[int, int, bool, bool, bool]] = []
        stack: list[tuple[int, int, bool]] = [(0, 0, False)]
        while stack:
            node, depth, leaving = stack.pop()
            if leaving:
                last = children[parent[node]][-1] == node
                events.append((node, depth, True, not last, depth > 1))
                continue
            events.append((node, depth, False, bool(children[node]), True))
            if node:
                stack.append((node, depth, True))
            stack.extend((child, depth + 1, False) for child in reversed(children[node]))
        return np.array(events, np.int32)

    def log_likelihood(self, rows: Rows) -> NDArray[np.float64]:
        """log2 P(row) under the integer tables, in float64 and from the leaves up, float64 [n]."""
        tables, unit = self.tables, 2.0**-TABLE_BITS
        below: list[Any] = [1.0] * len(self.tree.parent)
        bits = np.zeros(len(rows))
        for node in range(len(self.tree.parent) - 1, -1, -1):
            variable = self.tree.variable[node]
            place = self.offsets[self.variables.kind[variable]] + rows[:, variable]
            seen = (tables.cumulative[place + 1] - tables.cumulative[place]) * 2.0**-COMPONENT_BITS
            up = below.pop() * (seen @ (tables.mixes[self.mix_of[node]].T * unit))
            top = up.max(axis=1, keepdims=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                bits += np.log2(top[:, 0])
                up = np.where(top > 0, up / top, 0.0)
            if node:
                above = self.tree.parent[node]
                below[above] = below[above] * (up @ (tables.transitions[node].T * unit))
            else:
                with np.errstate(divide="ignore"):
                    bits += np.log2(up @ (tables.root * unit))
        return bits


def _fill(tables: Integers, levels: Bytes) -> None:
    """Fills `tables` from `levels`, some at a time: they pass through larger integers."""
    weights = level_weights()
    for first in range(0, len(tables), _BLOCK):
        block = slice(first, first + _BLOCK)
        tables[block] = exact_rows(weights[levels[block]], TABLE_BITS)
