"""Counts that both sides keep: a table that starts from a prior and learns what was coded.

The table is a Dirichlet posterior mean: a prior table worth `strength` observations, plus the
counts so far. It is frozen for a block, so that coding runs at the speed of a fixed table; a
block is an eighth of what came before, so a million symbols take fewer than a hundred tables.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.coder import PRECISION, TOTAL, Decoder, Encoder, Table

__all__ = ["decode_adaptive", "encode_adaptive"]

_FIRST_BLOCK = 8


def encode_adaptive(
    encoder: Encoder, symbols: NDArray[np.int32], prior: Table, strength: int
) -> None:
    """Appends `symbols`, int32 [n], each in 0 .. len(prior)-1."""
    counts = np.zeros(len(prior), dtype=np.int64)
    for block in _blocks(len(symbols)):
        encoder.encode(symbols[block], _posterior(prior, strength, counts, block.start))
        counts += np.bincount(symbols[block], minlength=len(prior))


def decode_adaptive(decoder: Decoder, count: int, prior: Table, strength: int) -> NDArray[np.int32]:
    """The next `count` symbols, int32 [count].

    Raises:
        DamagedFile: as `Decoder.decode` does.
    """
    counts = np.zeros(len(prior), dtype=np.int64)
    symbols = np.empty(count, dtype=np.int32)
    for block in _blocks(count):
        table = _posterior(prior, strength, counts, block.start)
        symbols[block] = decoder.decode(block.stop - block.start, table)
        counts += np.bincount(symbols[block], minlength=len(prior))
    return symbols


def _blocks(count: int) -> Iterator[slice]:
    start = 0
    while start < count:
        stop = min(count, start + max(_FIRST_BLOCK, start // 8))
        yield slice(start, stop)
        start = stop


def _posterior(prior: Table, strength: int, counts: NDArray[np.int64], seen: int) -> Table:
    """The table after `seen` symbols. Cumulative sums are rounded, so that the total is exact."""
    mass = np.cumsum(strength * prior.frequencies + (counts << PRECISION)) // (strength + seen)
    shared = mass * (TOTAL - len(prior)) >> PRECISION
    return Table(1 + np.diff(shared, prepend=0))
