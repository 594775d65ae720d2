"""The short form of a modelled tile: a header of two bytes, mostly, and a stream that is cut.

    kinds u8 | how u8 | [colours u24] | samples of flat channels | stream

Two bits a channel say what it is; `how` holds the references, whether pixels are guessed, and the
number of colours if it is less than 15. The stream's words are big-endian and end with the last
byte that matters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncodec.photo.simple.plan import CODED, COPY, FLAT, Plan, damaged

__all__ = ["cut_stream", "pack_short", "uncut_stream", "unpack_short"]

_CODED, _ZERO, _FLAT, _COPY = range(4)
"""The kinds of channel: _ZERO is a flat one of zeros, _COPY a copy of the first coded one."""

_MANY = 15
"""In place of the number of colours: it follows."""


def pack_short(plan: Plan, size: int) -> bytes | None:
    """The header, for samples of `size` bytes; None if it cannot say what the plan does."""
    kinds, levels, stored = 0, iter(plan.levels), b""
    for i, plane in enumerate(plan.planes):
        kind = _CODED
        if plane == FLAT:
            level = next(levels)
            kind = _FLAT if level else _ZERO
            stored += level.to_bytes(size, "little") if level else b""
        elif plane >= COPY:
            if plane - COPY != plan.coded[0]:
                return None
            kind = _COPY
        kinds |= kind << 2 * i
    few = min(plan.colours, _MANY)
    head = bytes([kinds, plan.how | few << 4])
    return head + (plan.colours.to_bytes(3, "little") if few == _MANY else b"") + stored


def unpack_short(data: bytes, channels: int, size: int) -> tuple[Plan, bytes]:
    """The header of pixels of so many channels and bytes a sample, and what follows it.

    Raises:
        DamagedFile: it is none.
    """
    if len(data) < 2:
        raise damaged(f"it ends within its header, after {len(data)} bytes")
    few, place = data[1] >> 4, 2
    if few == _MANY:
        few, place = int.from_bytes(data[2:5], "little"), 5
    kinds = [data[0] >> 2 * i & 3 for i in range(channels)]
    planes, levels = [], []
    for kind in kinds:
        planes.append(FLAT if kind in (_ZERO, _FLAT) else CODED)
        if kind == _COPY:
            if CODED not in planes[:-1]:
                raise damaged("a channel is a copy of none")
            planes[-1] = COPY + planes.index(CODED)
        if kind == _FLAT:
            levels.append(int.from_bytes(data[place : place + size], "little"))
            place += size
        elif kind == _ZERO:
            levels.append(0)
    if len(data) < place:
        raise damaged(f"it ends within its header, after {len(data)} bytes")
    return Plan.checked(planes, levels, data[1] & 15, few), data[place:]


def cut_stream(state: NDArray[np.uint64], words: NDArray[np.uint32]) -> bytes:
    """The stream of an encoder that has not finished, as few bytes as identify it."""
    lower, size, count = (int(part) for part in state)
    if size == (1 << 64) - 1:
        return b""
    number = int.from_bytes(words[:count].astype(">u4").tobytes(), "big") << 64 | lower
    for bits in range(64, -1, -8):
        point = -(-number >> bits) << bits
        if point - number < size:
            break
    return point.to_bytes(4 * count + 8, "big").rstrip(b"\0")


def uncut_stream(data: bytes) -> NDArray[np.uint32]:
    """The words of a cut stream, as `ranges.to_words` gives them, uint32 [n + 1]."""
    padded = data + bytes(-len(data) % 4 + 4)
    return np.frombuffer(padded, dtype=">u4").astype(np.uint32)
