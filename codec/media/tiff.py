"""TIFF images, every sample as it is stored (TIFF 6.0)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.density import INCH, NO_UNIT, density_chunk
from ncodec.media.image import Image, Metadata, left_out
from ncodec.media.sizes import check_size
from ncodec.media.tiff_data import COMPRESSIONS, inflated
from ncodec.media.tiff_ifd import Directory, exif_data, parse_tiff

__all__ = ["BIG_TIFF", "read_tiff"]

BIG_TIFF = (b"II+\0", b"MM\0+")

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIPS, _ORIENTATION, _SAMPLES, _STRIP_ROWS, _STRIP_BYTES, _PLANAR = 273, 274, 277, 278, 279, 284
_PREDICTOR, _COLOURS, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 317, 320, 322, 323, 324, 325
_EXTRA, _FORMAT, _XMP, _ICC = 338, 339, 700, 34675
_DENSITY_X, _DENSITY_Y, _DENSITY_UNIT, _SUB_DIRECTORIES = 282, 283, 296, 330
_UNITS = {1: NO_UNIT, 2: INCH, 3: Fraction(1, 100)}

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE = range(4)
_CHANNELS = {_MIN_IS_WHITE: (1,), _MIN_IS_BLACK: (1, 2), _RGB: (3, 4), _PALETTE: (1,)}
_PHOTOMETRICS = {4: "a mask", 5: "CMYK", 6: "YCbCr", 8: "CIE L*a*b*", 9: "ICC L*a*b*", 32803: "CFA"}
_COMPRESSION_NAMES = {
    **{2: "fax", 3: "fax", 4: "fax", 6: "JPEG", 7: "JPEG", 50000: "Zstandard", 50001: "WebP"}
}
_LARGEST_TILE = 1 << 24
"""The most pixels of a tile."""
_DIFFERENCE = 2
_PREMULTIPLIED = 1
_STRAIGHT_ALPHA = 2


def read_tiff(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a TIFF file with one.

    Palettes become RGB, of 16 bits where their colours need them, and grey of 1, 2 or 4 bits 8;
    the metadata says what they were. A second or fourth channel is alpha. Tags that describe the
    image become EXIF data.

    Raises:
        InputError: the file is damaged, has several images, or a layout that is not carried.
        LimitExceeded: the image is larger than `limits` allow.
    """
    if data[:4] in BIG_TIFF:
        raise InputError(f"{name} is a BigTIFF: write it as TIFF (`tiffcp INPUT OUTPUT`)")
    try:
        tags = parse_tiff(data)
    except ValueError as error:
        raise InputError(f"{name} is a damaged TIFF ({error}): get the whole file") from None
    if tags.next_offset:
        raise InputError(
            f"{name} has several images: split it into single ones (`tiffsplit INPUT`)"
        )
    check_size(tags.integer(_WIDTH, 0), tags.integer(_HEIGHT, 0), name, limits)
    layout = _layout(tags, name)
    try:
        pixels = _pixels(data, tags, layout)
    except ValueError:
        raise InputError(
            f"{name} has TIFF image data that cannot be decoded: get the whole file"
        ) from None
    lost = ["further pictures (SubIFDs)"] if _SUB_DIRECTORIES in tags.fields else []
    chunks = _density(tags)
    maximum, scale = (1 << layout.bits) - 1 if layout.bits < 8 else 0, 0
    if layout.photometric == _PALETTE:
        table, scale = _colours(tags)
        if scale:
            chunks, maximum = (*chunks, ("PLTE", table.tobytes())), (1 << layout.bits) - 1
        else:
            maximum = 0
            lost.append("a palette of 16-bit colours")
    metadata = Metadata(
        icc=tags.blob(_ICC),
        exif=exif_data(tags),
        xmp=tags.blob(_XMP).rstrip(b"\0"),
        chunks=chunks,
        maximum=maximum,
        colour_scale=scale % 257,
    )
    return Image(pixels, metadata=metadata, notices=left_out(name, lost))


def _density(tags: Directory) -> tuple[tuple[str, bytes], ...]:
    """The density of pixels for other formats; EXIF data has it as it is."""
    x, y = tags.rational(_DENSITY_X), tags.rational(_DENSITY_Y)
    unit = _UNITS.get(tags.integer(_DENSITY_UNIT, 2), NO_UNIT)
    return density_chunk(x, y, unit) if x and y else ()


@dataclass(frozen=True, slots=True)
class _Layout:
    width: int
    height: int
    samples: int
    bits: int
    photometric: int
    planar: bool


def _layout(tags: Directory, name: str) -> _Layout:
    """How the samples are stored; InputError where they cannot be read exactly."""
    samples = tags.integer(_SAMPLES, 1)
    photometric = tags.integer(_PHOTOMETRIC, -1)
    depths = set(tags.integers(_BITS)) or {1}
    formats = set(tags.integers(_FORMAT)) or {1}
    bits = max(depths)
    compression, predictor = tags.integer(_COMPRESSION, 1), tags.integer(_PREDICTOR, 1)
    obstacle = ""
    if photometric not in _CHANNELS:
        obstacle = _PHOTOMETRICS.get(photometric, f"photometric interpretation {photometric}")
    elif formats != {1}:
        obstacle = f"{bits}-bit {'floating-point' if 3 in formats else 'signed or unknown'} samples"
    elif samples not in _CHANNELS[photometric]:
        obstacle = f"{samples} channels"
    elif (
        len(depths) > 1
        or bits not in (1, 2, 4, 8, 16)
        or (bits < 8 and samples > 1)
        or (bits > 8 and photometric == _PALETTE)
    ):
        obstacle = f"samples of {'/'.join(map(str, sorted(depths)[:4]))} bits"
    elif tags.integer(_EXTRA, _STRAIGHT_ALPHA) == _PREMULTIPLIED:
        obstacle = "premultiplied alpha"
    elif compression not in COMPRESSIONS:
        obstacle = f"{_COMPRESSION_NAMES.get(compression, 'unknown')} compression"
    elif predictor not in (1, _DIFFERENCE) or (predictor == _DIFFERENCE and bits < 8):
        obstacle = f"predictor {predictor}"
    elif tags.integer(_FILL_ORDER, 1) != 1:
        obstacle = "bits in reversed order"
    if obstacle:
        raise InputError(
            f"{name} is a TIFF with {obstacle}: convert it to grey, RGB or a palette of up to 8, or"
            " 16, bits with or without straight alpha (for example `tiffcp -c lzw INPUT OUTPUT`)"
        )
    planar = samples > 1 and tags.integer(_PLANAR, 1) == 2
    size = tags.integer(_WIDTH, 0), tags.integer(_HEIGHT, 0)
    return _Layout(*size, samples, bits, photometric, planar)


def _pixels(data: bytes, tags: Directory, layout: _Layout) -> NDArray[Any]:
    """The image's samples.

    Raises:
        ValueError: strips or tiles are missing or damaged.
    """
    tiled = _TILES in tags.fields
    columns = tags.integer(_TILE_WIDTH, 0) if tiled else layout.width
    rows = tags.integer(_TILE_HEIGHT, 0) if tiled else tags.integer(_STRIP_ROWS, layout.height)
    # A tile is whole even where it reaches beyond the image, a strip is not.
    rows = rows if tiled else min(rows, layout.height)
    if not columns or not rows or (tiled and columns * rows > _LARGEST_TILE):
        raise ValueError("a tile without a reasonable size")
    across, down = -(-layout.width // columns), -(-layout.height // rows)
    chunks = _chunks(data, tags, tiled)
    planes = layout.samples if layout.planar else 1
    samples = layout.samples // planes
    if len(chunks) != across * down * planes:
        raise ValueError("missing strips or tiles")
    row_bytes = -(-columns * samples * layout.bits // 8)
    parts = []
    for first in range(0, len(chunks), across * down):
        plane = chunks[first : first + across * down]
        left = layout.height - (down - 1) * rows
        compression = tags.integer(_COMPRESSION, 1)
        if tiled or left == rows:
            raw = inflated(compression, plane, rows, row_bytes)
        else:
            raw = inflated(compression, plane[-1:], left, row_bytes)
            if down > 1:
                above = inflated(compression, plane[:-1], rows, row_bytes)
                raw = np.concatenate((above, raw))
        stored = _samples(raw, tags, layout.bits)[:, : columns * samples]
        if tags.integer(_PREDICTOR, 1) == _DIFFERENCE:
            runs = stored.reshape(-1, columns, samples)
            stored = np.cumsum(runs, axis=1, dtype=runs.dtype)
        if tiled:
            grid = stored.reshape(down, across, rows, columns * samples)
            stored = grid.transpose(0, 2, 1, 3).reshape(down * rows, -1)
        whole = stored.reshape(-1, across * columns, samples)
        parts.append(whole[: layout.height, : layout.width])
    pixels = parts[0] if planes == 1 else np.concatenate(parts, axis=2)
    if layout.photometric == _PALETTE:
        table, _ = _colours(tags)
        if int(pixels.max()) >= len(table):
            raise ValueError("an index outside the palette")
        return np.ascontiguousarray(table[pixels[:, :, 0]])
    if layout.bits < 8:
        pixels = pixels * np.uint8(255 // ((1 << layout.bits) - 1))
    if layout.photometric == _MIN_IS_WHITE:
        pixels = np.invert(pixels)
    return np.ascontiguousarray(pixels)


def _chunks(data: bytes, tags: Directory, tiled: bool) -> list[memoryview]:
    offsets = tags.integers(_TILES if tiled else _STRIPS)
    lengths = tags.integers(_TILE_BYTES if tiled else _STRIP_BYTES)
    if len(lengths) != len(offsets):
        raise ValueError("strips or tiles without their length")
    view = memoryview(data)
    return [view[at : at + length] for at, length in zip(offsets, lengths, strict=True)]


def _samples(raw: NDArray[np.uint8], tags: Directory, bits: int) -> NDArray[Any]:
    """The native samples of rows of bytes, those of few bits unpacked."""
    if bits == 16:
        return raw.view(f"{tags.order}u2").astype(np.uint16, copy=False)
    if bits == 8:
        return raw
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    unpacked = (raw[:, :, None] >> shifts) & np.uint8((1 << bits) - 1)
    return unpacked.reshape(len(raw), -1)


def _colours(tags: Directory) -> tuple[NDArray[Any], int]:
    """The palette (entries, 3), of 8 bits where those hold its colours, and what they were
    multiplied by, else 0."""
    table = np.array(tags.integers(_COLOURS), np.uint16).reshape(3, -1).T
    for scale in (257, 256):
        if not (table % scale).any():
            return (table // scale).astype(np.uint8), scale
    return table, 0
