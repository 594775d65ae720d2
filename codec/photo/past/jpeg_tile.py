"""A tile as the coefficients of the JPEG file that it was, and what differs from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.jpeg.coder import decode_stripe, encode_stripe
from ncodec.photo.past.jpeg_combs import standard_tables
from ncodec.photo.past.jpeg_finding import Past
from ncodec.photo.past.jpeg_layout import Layout
from ncodec.photo.past.jpeg_recovery import recover
from ncodec.photo.past.jpeg_samples import colours
from ncodec.photo.simple.coding import decode_simple, encode_simple

__all__ = ["decode_past", "encode_past"]

Array = NDArray[Any]

_GREY, _DOWN, _ACROSS, _ENDS_BELOW, _ENDS_RIGHT = (1 << i for i in range(5))


def encode_past(pixels: NDArray[np.uint8], past: Past) -> bytes:
    """The bytes of `pixels`, uint8 [height, width, 1 or 3], that had this past."""
    return min((_encoded(pixels, past, tables) for tables in past.tables), key=len)


def _encoded(pixels: NDArray[np.uint8], past: Past, tables: Array) -> bytes:
    layout = past.layout
    found = recover(pixels, past.planes, past.kinds, layout, tables)
    coefficients = np.zeros((layout.frame.blocks + 1, 64), dtype=np.int16)
    coefficients[:-1] = np.clip(np.concatenate(found), -32767, 32767)
    streams = encode_stripe(
        layout.frame, _numbered(tables), coefficients, range(layout.units[0])
    )
    shown = _shown(layout, tables, coefficients, pixels.shape[2])
    changes = encode_simple(pixels - shown)
    global LAST; LAST=(sum(map(len,streams)),len(changes),round(float((pixels!=shown).any(2).mean()),4))
    down, across = layout.divisors or (1, 1)
    flags = (
        _GREY * (layout.divisors is None)
        | _DOWN * (down == 2)
        | _ACROSS * (across == 2)
        | _ENDS_BELOW * layout.ends[0]
        | _ENDS_RIGHT * layout.ends[1]
    )
    head = bytes([flags, *layout.phase])
    for number in range(1 if layout.divisors is None else 2):
        head += _packed(tables[number], number > 0)
    return head + b"".join(_with_size(stream) for stream in streams) + changes


def decode_past(data: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The pixels, uint8 of `shape`.

    Raises:
        DamagedFile: `data` is no code of such pixels.
    """
    reader = _Reader(data)
    flags, top, left = reader.take(3)
    down, across = 1 + bool(flags & _DOWN), 1 + bool(flags & _ACROSS)
    is_grey = bool(flags & _GREY)
    if top >= 8 * down or left >= 8 * across or flags >= 32 or (not is_grey and shape[2] != 3):
        raise DamagedFile(f"a tile says that it was a JPEG file of kind {flags}, cut at {top}, {left}")
    layout = Layout(
        (shape[0], shape[1]),
        (top, left),
        None if is_grey else (down, across),
        (bool(flags & _ENDS_BELOW), bool(flags & _ENDS_RIGHT)),
    )
    tables = [_unpacked(reader, number > 0) for number in range(1 if is_grey else 2)]
    both = np.stack([tables[0], tables[-1]])
    streams = [reader.take(int.from_bytes(reader.take(4), "little")) for _ in layout.parts]
    coefficients = np.zeros((layout.frame.blocks + 1, 64), dtype=np.int16)
    rows = range(layout.units[0])
    decode_stripe(streams, layout.frame, _numbered(both), coefficients, rows)
    shown = _shown(layout, both, coefficients, shape[2])
    changes: NDArray[np.uint8] = decode_simple(reader.rest(), shape, np.uint8)
    return shown + changes


class _Reader:
    """Takes the parts of a tile one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise DamagedFile(f"a tile of {len(self._data)} bytes ends within its coefficients")
        return self._data[self._at - size : self._at]

    def rest(self) -> bytes:
        return self._data[self._at :]


def _shown(layout: Layout, tables: Array, coefficients: Array, channels: int) -> Array:
    """The pixels that the coefficients give."""
    planes = []
    components = layout.frame.components
    for number, component in enumerate(components):
        blocks = slice(component.first, component.first + component.stride * component.padded)
        values = coefficients[blocks].astype(np.int32) * tables[min(number, 1)].astype(np.int32)
        planes.append(layout.plane(number, values))
    if len(planes) == 3:
        return colours(*planes)
    return np.repeat(planes[0][:, :, None], channels, axis=2).astype(np.uint8)


def _numbered(tables: Array) -> dict[int, NDArray[np.int32]]:
    return {number: table.astype(np.int32) for number, table in enumerate(tables)}


def _packed(table: Array, chroma: bool) -> bytes:
    """The quality of a standard table, or 0 and the table."""
    same = np.flatnonzero((standard_tables(chroma) == table).all(axis=1))
    if len(same):
        return bytes([int(same[0]) + 1])
    return bytes([0]) + table.astype(np.uint8).tobytes()


def _unpacked(reader: _Reader, chroma: bool) -> Array:
    quality = reader.take(1)[0]
    if quality > 100:
        raise DamagedFile(f"a tile was a JPEG file of quality {quality}, where 100 is the highest")
    if quality:
        return standard_tables(chroma)[quality - 1]
    return np.frombuffer(reader.take(64), dtype=np.uint8).astype(np.int64)


def _with_size(stream: bytes) -> bytes:
    return len(stream).to_bytes(4, "little") + stream
