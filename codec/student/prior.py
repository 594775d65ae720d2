"""How a student's latents are coded: integer tables, chosen by what is decoded already.

A channel's values lie around its median; of some the differences from place to place are coded.
What is large at a place in channels decoded before makes it likely that a value there is, too:
every value has a class, and every class a table. Symbol s of n - 1 stands for `first + s`, symbol
n - 1 for an escape. Knows neither torch nor CompressAI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.coder import Decoder, Encoder, Table
from ncodec.formats.entropy.integers import decode_integers, encode_integers, integer_bits

__all__ = ["LARGEST_WEIGHT", "Channel", "Prior", "differences", "nearby"]

LARGEST_WEIGHT = 63

_LARGEST = 15
"""The magnitude over which a neighbour tells no more."""

_BEYOND = 1 << 30


@dataclass(frozen=True)
class Channel:
    """The prior of one channel.

    Attributes:
        first: the smallest value with a symbol of its own.
        sources: numbers of earlier channels that tell about this one.
        weights: the weight of each of them, 1 to `LARGEST_WEIGHT`.
        thresholds: ascending, up to 255; a value's class is how many of them its sum reaches.
        tables: one for each class, all of one length; there is one more than thresholds.
        differences: whether differences of the values are coded, not the values.
    """

    first: int
    sources: Sequence[int]
    weights: Sequence[int]
    thresholds: Sequence[int]
    tables: Sequence[Table]
    differences: bool

    def classes(self, near: NDArray[np.int64]) -> NDArray[np.int64]:
        """The class of every value, [places], from `nearby` of the channels before."""
        places = near[0].size
        if not self.thresholds:
            return np.zeros(places, np.int64)
        total = np.zeros(places, np.int64)
        for source, weight in zip(self.sources, self.weights, strict=True):
            total += weight * near[source].reshape(-1)
        return np.searchsorted(np.array(self.thresholds, np.int64), total, side="right")

    def groups(self, near: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], Table]]:
        """The places of each class, ascending, and its table; none of a class without places."""
        classes = self.classes(near).astype(np.uint8)  # which are sorted in no time
        order = np.argsort(classes, kind="stable")
        ends = np.cumsum(np.bincount(classes, minlength=len(self.tables)))
        parts = np.split(order, ends[:-1])
        return [(part, table) for part, table in zip(parts, self.tables, strict=True) if len(part)]

    def symbols(self, values: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Symbols of values [places], and what the escapes stand for, folded to 0, 1, 2, ..."""
        moved = values.reshape(-1) - self.first
        count = len(self.tables[0]) - 1
        outside = (moved < 0) | (moved >= count)
        beyond = moved[outside]
        folded = np.where(beyond < 0, -2 * beyond - 1, 2 * (beyond - count))
        return np.where(outside, count, moved).astype(np.int32), folded

    def decode(self, decoder: Decoder, near: NDArray[np.int64]) -> NDArray[np.int64]:
        """The next values or differences, [places]; DamagedFile where none can be there."""
        symbols = np.empty(near[0].size, np.int32)
        for places, table in self.groups(near):
            symbols[places] = decoder.decode(len(places), table)
        values = symbols.astype(np.int64) + self.first
        count = len(self.tables[0]) - 1
        escapes = np.flatnonzero(symbols == count)
        folded = decode_integers(decoder, len(escapes))
        below = folded % 2 == 1
        beyond = np.where(below, self.first - 1 - folded // 2, self.first + count + folded // 2)
        values[escapes] = beyond
        return values


@dataclass(frozen=True)
class Prior:
    """The prior of one rate.

    Attributes:
        medians: the values that are taken off before rounding, float32 [channels].
        channels: in the order in which they are coded.
    """

    medians: NDArray[np.float32]
    channels: Sequence[Channel]

    def encode(self, values: NDArray[np.int32]) -> bytes:
        """Integers [channels, height, width] below 2^30 as a stream of 32-bit words."""
        encoder, coded = Encoder(), self._coded(values)
        near = nearby(coded)
        for channel, row in zip(self.channels, coded, strict=True):
            symbols, escaped = channel.symbols(row)
            for places, table in channel.groups(near):
                encoder.encode(symbols[places], table)
            encode_integers(encoder, escaped)
        return encoder.finish()

    def decode(self, data: bytes, height: int, width: int) -> NDArray[np.int32]:
        """Reads the integers that `encode` was given.

        Raises:
            DamagedFile: the bytes are no such stream.
        """
        decoder = Decoder(data)
        values = np.empty((len(self.channels), height, width), np.int32)
        near = np.zeros(values.shape, np.int64)
        for number, channel in enumerate(self.channels):
            plane = channel.decode(decoder, near).reshape(height, width)
            near[number] = nearby(plane)
            if channel.differences:
                plane = _summed(plane)
            if np.abs(plane).max() >= _BEYOND:
                raise DamagedFile("a latent is no integer below 2^30: send it again")
            values[number] = plane
        decoder.finish()
        return values

    def bits(self, values: NDArray[np.int32]) -> float:
        """The bits that `encode` takes, by the tables."""
        total, coded = 0.0, self._coded(values)
        near = nearby(coded)
        for channel, row in zip(self.channels, coded, strict=True):
            classes, (symbols, escaped) = channel.classes(near), channel.symbols(row)
            costs = np.stack([table.bits for table in channel.tables])
            total += float(costs[classes, symbols].sum() + integer_bits(escaped).sum())
        return total

    def _coded(self, values: NDArray[np.int32]) -> NDArray[np.int64]:
        coded = values.astype(np.int64)
        for number, channel in enumerate(self.channels):
            if channel.differences:
                coded[number] = differences(values[number])
        return coded


def differences(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """The differences of [..., rows, columns] from the left, in the first column from above."""
    steps = values.astype(np.int64)
    steps[..., 1:] -= values[..., :-1]
    steps[..., 1:, 0] -= values[..., :-1, 0]
    return steps


def _summed(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values that `differences` was given."""
    values = steps.copy()
    values[..., 0] = values[..., 0].cumsum(axis=-1)
    return values.cumsum(axis=-1)


def nearby(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Twice the magnitude at a place and that of its four neighbours, of [..., rows, columns]."""
    magnitudes = np.minimum(np.abs(values.astype(np.int64)), _LARGEST)
    total = 2 * magnitudes
    total[..., 1:, :] += magnitudes[..., :-1, :]
    total[..., :-1, :] += magnitudes[..., 1:, :]
    total[..., 1:] += magnitudes[..., :-1]
    total[..., :-1] += magnitudes[..., 1:]
    return total
