"""Samples of more than 8 bits: what of them the circuits code, and what is stored beside it.

    low bits kept apart u8 | bytes of the table u24 LE | table | circuits' words | low bits

Bits below the one that noise has made random are stored as they are. Samples that use few of
their values, as 12-bit samples stretched to 16 bits do, are replaced by ranks first; the table
holds the values as zlib of their differences, u16 LE. Samples of 8 bits have no such head.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile

__all__ = ["Levels", "pack_values", "unpack_values"]

_HEAD = 4
_DIFFERENCE = np.dtype("<u2")
_SPARSE = 2
"""Ranks pay where fewer than one in this many values is used."""
_NOISE = 8
"""The mean absolute prediction error, in steps, that samples are cut down to."""

I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Levels:
    """How the samples of a tile are taken apart.

    Attributes:
        depth: the bits of what circuits code, 8 or more.
        low: the number of bits below these.
        values: what ranks stand for, int32 ascending; None if samples are coded themselves.
        table: `values` as stored.
    """

    depth: int
    low: int = 0
    values: I32 | None = None
    table: bytes = b""

    @classmethod
    def of(cls, planes: I32, bit_depth: int) -> Levels:
        """The levels that suit `planes`, int32 (planes, height, width), below 2^bit_depth."""
        if bit_depth == 8:
            return cls(8)
        values, ranks = np.unique(planes, return_inverse=True)
        table = pack_values(values, planes.size)
        if not table:
            low = _random_bits(planes, bit_depth)
            return cls(max(8, bit_depth - low), low)
        depth = max(8, int(len(values) - 1).bit_length())
        low = _random_bits(ranks.reshape(planes.shape), depth)
        return cls(max(8, depth - low), low, values, table)

    def apart(self, planes: I32) -> tuple[I32, bytes, bytes]:
        """What circuits code of `planes`, the head, and the low bits."""
        if not self.low and self.values is None and self.depth == 8:
            return planes, b"", b""
        if self.values is not None:
            planes = np.searchsorted(self.values, planes).astype(np.int32)
        head = bytes([self.low]) + len(self.table).to_bytes(_HEAD - 1, "little") + self.table
        bits = (planes.reshape(-1, 1) >> np.arange(self.low)) & 1
        return planes >> self.low, head, np.packbits(bits.astype(np.uint8)).tobytes()

    @classmethod
    def read(cls, data: bytes, bit_depth: int, count: int) -> tuple[Levels, bytes, bytes]:
        """Reads the levels of `count` samples; returns them, the circuits' words and the low bits.

        Raises:
            DamagedFile: the bytes do not begin with such a head.
        """
        if bit_depth == 8:
            return cls(8), data, b""
        start = _HEAD + int.from_bytes(data[1:_HEAD], "little")
        low = data[0] if data else bit_depth
        end = len(data) - (count * low + 7) // 8
        if low > bit_depth - 8 or start > end:
            raise DamagedFile("the first bytes of a tile are damaged: fetch the file again")
        values = unpack_values(data[_HEAD:start], bit_depth) if start > _HEAD else None
        depth = bit_depth if values is None else max(8, int(len(values) - 1).bit_length())
        return cls(max(8, depth - low), low, values), data[start:end], data[end:]

    def together(self, high: I32, rest: bytes) -> I32:
        """The samples, from what circuits coded and the low bits."""
        planes = high << self.low
        if self.low:
            bits = np.unpackbits(np.frombuffer(rest, np.uint8), count=high.size * self.low)
            weights = np.left_shift(1, np.arange(self.low), dtype=np.int32)
            planes |= (bits.reshape(-1, self.low) @ weights).reshape(high.shape)
        if self.values is None:
            return planes
        # A damaged tile may name ranks that there are not.
        samples: I32 = self.values[np.minimum(planes, len(self.values) - 1)]
        return samples


def pack_values(values: I32, count: int) -> bytes:
    """The ascending values of `count` samples as a table; nothing if ranks do not pay."""
    table = zlib.compress(np.diff(values, prepend=0).astype(_DIFFERENCE).tobytes(), 9)
    span = int(values[-1] - values[0]) + 1
    return b"" if _SPARSE * len(values) > span or 16 * len(table) > count else table


def unpack_values(table: bytes, bit_depth: int) -> I32:
    """The values of a table.

    Raises:
        DamagedFile: it is none of samples of so many bits.
    """
    decompressor = zlib.decompressobj()
    try:
        raw = decompressor.decompress(table, _DIFFERENCE.itemsize << bit_depth)
    except zlib.error as error:
        raise DamagedFile(f"a tile's table of values is damaged ({error})") from None
    if not raw or len(raw) % _DIFFERENCE.itemsize or not decompressor.eof:
        raise DamagedFile("a tile's table of values is cut, or too long")
    values = np.cumsum(np.frombuffer(raw, _DIFFERENCE), dtype=np.int64)
    if values[-1] >> bit_depth:
        raise DamagedFile(f"a tile's table has the value {values[-1]}, over {bit_depth} bits")
    return values.astype(np.int32)


def _random_bits(planes: NDArray[np.signedinteger], depth: int) -> int:
    """How many low bits a prediction can say nothing about."""
    across = np.diff(planes, axis=2)
    mixed = np.abs(np.diff(across, axis=1))
    # A mixed difference of four samples has about twice the noise of a prediction's error.
    noise = int(mixed.mean()) // 2 if mixed.size else 0
    return min(max(0, (noise // _NOISE).bit_length() - 1), depth - 8)
