"""A tile as the coefficients of the JPEG file that it was, and what differs from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.coder import decode_stripe, encode_stripe
from ncodec.errors import DamagedFile
from ncodec.photo.past.jpeg_combs import nearest_quality, standard_tables
from ncodec.photo.past.jpeg_finding import Past
from ncodec.photo.past.jpeg_layout import Layout
from ncodec.photo.past.jpeg_recovery import recover
from ncodec.photo.past.jpeg_samples import colours
from ncodec.photo.simple.coding import decode_simple, encode_simple

__all__ = ["decode_jpeg", "describe_jpeg", "encode_jpeg"]

Array = NDArray[Any]

_CLEARLY = 0.9
"""The share of what a standard table takes before searching, from which on others are used: with
true quantisers, searching corrects most."""

_MOSTLY_WRONG = 0.6
"""The share of a block's pixels that are wrong, from which on it is taken for another picture's."""

_GREY, _DOWN, _ACROSS, _ENDS_BELOW, _ENDS_RIGHT = (1 << i for i in range(5))


def encode_jpeg(pixels: NDArray[np.uint8], past: Past, searching: bool = True) -> bytes:
    """The bytes of `pixels`, uint8 [height, width, 1 or 3], that had this past.

    Args:
        searching: whether to look for coefficients that rounding does not find, which takes most of
            the time.
    """
    tables = past.tables[0]
    if len(past.tables) > 1:
        sizes = [len(_encoded(pixels, past, each, False)) for each in past.tables]
        tables = past.tables[sizes[1] < _CLEARLY * sizes[0]]
    return _encoded(pixels, past, tables, searching)


def _encoded(pixels: NDArray[np.uint8], past: Past, tables: Array, searching: bool) -> bytes:
    layout = past.layout
    found = recover(pixels, past.planes, past.kinds, layout, tables, searching)
    coefficients = np.zeros((layout.frame.blocks + 1, 64), dtype=np.int16)
    coefficients[:-1] = np.clip(np.concatenate(found), -32767, 32767)
    shown = _shown(layout, tables, coefficients, pixels.shape[2])
    if searching and _flatten(coefficients, layout, (pixels != shown).any(axis=2)):
        shown = _shown(layout, tables, coefficients, pixels.shape[2])
    streams = encode_stripe(layout.frame, _numbered(tables), coefficients, range(layout.units[0]))
    changes = encode_simple(pixels - shown)
    return _packed_head(layout, tables) + b"".join(map(_with_size, streams)) + changes


def _flatten(coefficients: NDArray[np.int16], layout: Layout, wrong: Array) -> bool:
    """Makes blocks that are wrong in most places like those to the left, without detail; says
    whether there are any. They were never in the file, and cost less so."""
    changed = False
    for component, part in zip(layout.frame.components, layout.parts, strict=True):
        rows, columns = part.blocks
        down, across = (8 * n for n in part.divisors)
        padded = np.zeros((rows * down, columns * across))
        (top, left), (height, width) = layout.phase, layout.size
        padded[top : top + height, left : left + width] = wrong
        shares = padded.reshape(rows, down, columns, across).mean(axis=(1, 3))
        blocks = coefficients[component.first :][: rows * columns].reshape(rows, columns, 64)
        for row, column in np.argwhere(shares > _MOSTLY_WRONG):
            blocks[row, column, 1:] = 0
            blocks[row, column, 0] = blocks[row, max(column - 1, 0), 0]
            changed = True
    return changed


def _packed_head(layout: Layout, tables: Array) -> bytes:
    down, across = layout.divisors or (1, 1)
    flags = (
        _GREY * (layout.divisors is None)
        | _DOWN * (down == 2)
        | _ACROSS * (across == 2)
        | _ENDS_BELOW * layout.ends[0]
        | _ENDS_RIGHT * layout.ends[1]
    )
    some = range(1 if layout.divisors is None else 2)
    return bytes([flags, *layout.phase]) + b"".join(_packed(tables[i], i > 0) for i in some)


def decode_jpeg(data: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The pixels, uint8 of `shape`.

    Raises:
        DamagedFile: `data` is no code of such pixels.
    """
    reader = _Reader(data)
    layout, tables = _head(reader, shape)
    streams = [reader.take(int.from_bytes(reader.take(4), "little")) for _ in layout.parts]
    coefficients = np.zeros((layout.frame.blocks + 1, 64), dtype=np.int16)
    rows = range(layout.units[0])
    decode_stripe(streams, layout.frame, _numbered(tables), coefficients, rows)
    shown = _shown(layout, tables, coefficients, shape[2])
    changes: NDArray[np.uint8] = decode_simple(reader.rest(), shape, np.uint8)
    return shown + changes


def describe_jpeg(data: bytes) -> str:
    """What `encode_jpeg` found, as its bytes say.

    Raises:
        DamagedFile: `data` is no code of pixels.
    """
    reader = _Reader(data)
    # What is said is the same of pixels of any size.
    layout, tables = _head(reader, (16, 16, 3))
    quality, same = nearest_quality(tables[0])
    for _ in layout.parts:
        reader.take(int.from_bytes(reader.take(4), "little"))
    changes = len(reader.rest())
    names = {None: "grey", (1, 1): "4:4:4", (1, 2): "4:2:2", (2, 2): "4:2:0", (2, 1): "4:4:0"}
    return (
        f"JPEG, quality {'' if same else 'about '}{quality}, {names[layout.divisors]}, "
        f"cut at {layout.phase[1]},{layout.phase[0]}; corrections {changes:,} bytes"
    )


def _head(reader: _Reader, shape: tuple[int, int, int]) -> tuple[Layout, Array]:
    """The grid and the quantisers, int64 [2, 64]."""
    flags, top, left = reader.take(3)
    down, across = 1 + bool(flags & _DOWN), 1 + bool(flags & _ACROSS)
    is_grey = bool(flags & _GREY)
    if top >= 8 * down or left >= 8 * across or flags >= 32 or (not is_grey and shape[2] != 3):
        raise DamagedFile(
            f"a tile says that it was a JPEG file of kind {flags}, cut at {left},{top}, and it "
            "cannot have been: get another copy of the file"
        )
    layout = Layout(
        (shape[0], shape[1]),
        (top, left),
        None if is_grey else (down, across),
        (bool(flags & _ENDS_BELOW), bool(flags & _ENDS_RIGHT)),
    )
    tables = [_unpacked(reader, number > 0) for number in range(1 if is_grey else 2)]
    return layout, np.stack([tables[0], tables[-1]])


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
        standard: Array = standard_tables(chroma)[quality - 1]
        return standard
    return np.frombuffer(reader.take(64), dtype=np.uint8).astype(np.int64)


def _with_size(stream: bytes) -> bytes:
    return len(stream).to_bytes(4, "little") + stream
