"""Integer tables of the latents: what a student's prior is once training is over.

A channel's values lie around its median; symbol s of n - 1 stands for `first + s`, symbol n - 1
for an escape, whose value follows the others. Knows neither torch nor CompressAI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.coder import TOTAL, Decoder, Encoder, Table
from ncodec.formats.entropy.integers import decode_integers, encode_integers, integer_bits

__all__ = ["Prior", "quantised"]

_TAIL = 2.0**-20
"""Mass on either side that a table leaves to its escape."""


@dataclass(frozen=True)
class Prior:
    """The factorised prior of one rate.

    Attributes:
        medians: what is taken off before rounding, float32 [channels].
        firsts: the smallest value with a symbol of its own, of each channel.
        tables: of each channel.
    """

    medians: NDArray[np.float32]
    firsts: Sequence[int]
    tables: Sequence[Table]

    def encode(self, values: NDArray[np.int32]) -> bytes:
        """Integers [channels, height, width] as a stream of 32-bit words."""
        encoder = Encoder()
        for symbols, escaped, table in self._symbols(values):
            encoder.encode(symbols, table)
            encode_integers(encoder, escaped)
        return encoder.finish()

    def decode(self, data: bytes, height: int, width: int) -> NDArray[np.int32]:
        """What `encode` was given.

        Raises:
            DamagedFile: the bytes are no such stream.
        """
        decoder = Decoder(data)
        values = np.empty((len(self.tables), height * width), np.int32)
        for channel, (first, table) in enumerate(zip(self.firsts, self.tables, strict=True)):
            symbols = decoder.decode(height * width, table)
            row = symbols + np.int32(first)
            escapes = np.flatnonzero(symbols == len(table) - 1)
            folded = decode_integers(decoder, len(escapes))
            below = folded % 2 == 1
            beyond = np.where(below, first - 1 - folded // 2, first + len(table) - 1 + folded // 2)
            if len(beyond) and np.abs(beyond).max() >= 1 << 31:
                raise DamagedFile("an escaped latent is no 32-bit integer: send it again")
            row[escapes] = beyond
            values[channel] = row
        decoder.finish()
        return values.reshape(-1, height, width)

    def bits(self, values: NDArray[np.int32]) -> float:
        """What the tables say that `encode` takes, in bits."""
        return sum(
            float(table.bits[symbols].sum() + integer_bits(escaped).sum())
            for symbols, escaped, table in self._symbols(values)
        )

    def _symbols(
        self, values: NDArray[np.int32]
    ) -> list[tuple[NDArray[np.int32], NDArray[np.int64], Table]]:
        """Symbols of each channel, and what its escapes stand for, folded to 0, 1, 2, ..."""
        found = []
        for row, first, table in zip(values, self.firsts, self.tables, strict=True):
            moved = row.reshape(-1).astype(np.int64) - first
            count = len(table) - 1
            outside = (moved < 0) | (moved >= count)
            beyond = moved[outside]
            folded = np.where(beyond < 0, -2 * beyond - 1, 2 * (beyond - count))
            symbols = np.where(outside, count, moved).astype(np.int32)
            found.append((symbols, folded, table))
        return found


def quantised(masses: NDArray[np.float64], medians: NDArray[np.float32]) -> Prior:
    """A prior from the masses of the values -k..k around each median, [channels, 2k + 1]."""
    middle = masses.shape[1] // 2
    firsts, tables = [], []
    for row in masses:
        below, above = np.cumsum(row), np.cumsum(row[::-1])
        low = min(int((below < _TAIL).sum()), middle)
        high = max(len(row) - int((above < _TAIL).sum()), middle + 1)
        listed = row[low:high]
        weights = np.append(listed, max(1 - listed.sum(), 0))
        shares = np.floor(weights / weights.sum() * (TOTAL - len(weights))).astype(np.int64)
        frequencies = 1 + shares
        frequencies[int(frequencies.argmax())] += TOTAL - int(frequencies.sum())
        firsts.append(low - middle)
        tables.append(Table(frequencies))
    return Prior(medians, firsts, tables)
