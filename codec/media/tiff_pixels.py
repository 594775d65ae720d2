"""The samples of a TIFF file, put together from its strips or tiles."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from ncodec.media.tiff_data import FAX, inflated
from ncodec.media.tiff_ifd import Directory
from ncodec.media.tiff_layout import Layout

__all__ = ["read_samples"]

_STRIPS, _STRIP_ROWS, _STRIP_BYTES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_FAX_OPTIONS = 292
_LARGEST_TILE = 1 << 24
"""The most pixels of a tile."""
_DIFFERENCE, _FLOATING = 2, 3


def read_samples(data: bytes, tags: Directory, layout: Layout) -> NDArray[Any]:
    """The samples (height, width, samples) in their type; those of few bits in 8 or 16.

    Raises:
        ValueError: strips or tiles are missing or damaged.
    """
    tiled = _TILE_WIDTH in tags.fields
    columns = tags.integer(_TILE_WIDTH, 0) if tiled else layout.width
    rows = tags.integer(_TILE_HEIGHT, 0) if tiled else tags.integer(_STRIP_ROWS, layout.height)
    # A tile is whole even where it reaches beyond the image, a strip is not.
    rows = rows if tiled else min(rows, layout.height)
    if not columns or not rows or (tiled and columns * rows > _LARGEST_TILE):
        raise ValueError("a tile without a reasonable size")
    across, down = -(-layout.width // columns), -(-layout.height // rows)
    planes = layout.samples if layout.planar else 1
    chunks = _chunks(data, tags, tiled)
    if len(chunks) != across * down * planes:
        raise ValueError("missing strips or tiles")
    dtype = np.dtype(layout.kind.type or ("u1" if layout.bits <= 8 else "u2"))
    samples = layout.samples // planes
    out = np.empty((layout.height, layout.width, layout.samples), dtype)
    for number, stored in enumerate(chunks):
        chunk: bytes | memoryview = stored
        plane, place = divmod(number, across * down)
        top, left = place // across * rows, place % across * columns
        height = rows if tiled else min(rows, layout.height - top)
        if layout.reversed_bits:
            chunk = bytes(imagecodecs.bitorder_decode(bytes(stored)))
        row_bytes = -(-columns * samples * layout.bits // 8)
        options = tags.integer(_FAX_OPTIONS, 0)
        raw = inflated(layout.compression, chunk, height, columns, row_bytes, options)
        part = _part(raw, tags.order, layout, columns, samples).view(dtype)
        seen = out[top : top + height, left : left + columns, plane * samples :][..., :samples]
        seen[...] = part[: seen.shape[0], : seen.shape[1]]
    return out


def _chunks(data: bytes, tags: Directory, tiled: bool) -> list[memoryview]:
    # Some writers give tiles the tags of strips, and a single strip no length.
    offsets = (tags.integers(_TILES) if tiled else ()) or tags.integers(_STRIPS)
    lengths = (tags.integers(_TILE_BYTES) if tiled else ()) or tags.integers(_STRIP_BYTES)
    view = memoryview(data)
    if len(offsets) == 1 and not lengths:
        lengths = (max(0, len(data) - offsets[0]),)
    if len(lengths) != len(offsets):
        raise ValueError("strips or tiles without their length")
    pairs = list(zip(offsets, lengths, strict=True))
    if any(at + length > len(data) for at, length in pairs):
        raise ValueError("strips or tiles outside the file")
    return [view[at : at + length] for at, length in pairs]


def _part(
    raw: NDArray[np.uint8], order: str, layout: Layout, columns: int, samples: int
) -> NDArray[Any]:
    """The unsigned numbers (rows, columns, samples) of the bytes of a strip or tile."""
    bits, rows = layout.bits, len(raw)
    if layout.compression in FAX:
        return raw[:, :, None]
    if bits not in (8, 16, 32, 64):
        kind = "u1" if bits < 8 else "u2"
        run = columns * samples
        return np.asarray(
            imagecodecs.packints_decode(raw.tobytes(), kind, bits, runlen=run)
        ).reshape(rows, columns, samples)
    size = bits // 8
    if layout.predictor == _FLOATING:
        # Differences of bytes, after all first bytes of a row, all second ones and so on.
        summed = np.cumsum(raw.reshape(rows, -1, samples), axis=1, dtype=np.uint8)
        parts = summed.reshape(rows, size, -1).transpose(0, 2, 1)
        stored = np.ascontiguousarray(parts).view(f">u{size}")
    else:
        stored = raw.view(f"{order}u{size}")
    numbers = stored.astype(f"u{size}", copy=False).reshape(rows, columns, samples)
    if layout.predictor == _DIFFERENCE:
        numbers = np.cumsum(numbers, axis=1, dtype=numbers.dtype)
    return numbers
