"""Writes TIFF images (TIFF 6.0)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.media.density import per_metre, shape
from ncodec.media.image import Image, Metadata
from ncodec.media.stored import colour_table, indices, packed, reduced
from ncodec.media.tiff_ifd import ByteOrder, Directory, Field, parse_tiff, rationals, shorts

__all__ = ["write_tiff"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIPS, _SAMPLES, _STRIP_ROWS, _STRIP_BYTES, _PREDICTOR = 273, 277, 278, 279, 317
_COLOURS, _EXTRA, _FORMAT, _XMP, _ICC, _PHOTOSHOP = 320, 338, 339, 700, 34675, 34377
_DENSITY_X, _DENSITY_Y, _DENSITY_UNIT = 282, 283, 296

_MIN_IS_BLACK, _RGB, _PALETTE = 1, 2, 3
_FORMATS = {"u": 1, "i": 2, "f": 3}
_DEFLATE = 8
_NO_PREDICTOR, _DIFFERENCE = 1, 2
_STRAIGHT_ALPHA = 2
_NO_UNIT, _CENTIMETRE = 1, 3
_BYTE, _UNDEFINED = 1, 7

_LEVEL = 6
_STRIP = 1 << 20
"""The bytes of samples in a strip."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """Samples as they are stored: `rows` (height, columns, channels), those of few bits packed;
    `bits` and `channels` of the samples themselves."""

    rows: NDArray[Any]
    bits: int
    channels: int
    photometric: int
    extra: tuple[int, ...] = ()

    @property
    def predicted(self) -> bool:
        """Whether the differences between neighbours are stored, which indices have none of."""
        whole = self.bits == 8 * self.rows.itemsize
        return whole and self.rows.dtype.kind != "f" and self.photometric != _PALETTE


def write_tiff(stream: BinaryIO, *pages: Image) -> None:
    """Writes images as the pages of a TIFF in deflated strips, each with its profile, EXIF and XMP
    data, density of pixels, and the palette or few bits that it came in; the byte order is that of
    the first one's EXIF data."""
    directories: list[Directory] = []
    strips: list[bytes] = []
    end = 8
    for page in pages:
        directory, own = _page(page, end, directories[0].order if directories else None)
        directories.append(directory)
        strips += own
        end += sum(map(len, own))
    order, padding = directories[0].order, b"\0" * (end % 2)
    end += len(padding)
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", end)
    stream.write(b"".join((header, *strips, padding)))
    for number, directory in enumerate(directories, 1):
        record = directory.stored(end, followed=number < len(directories))
        stream.write(record)
        end += len(record)


def _page(image: Image, start: int, order: ByteOrder | None) -> tuple[Directory, list[bytes]]:
    """The directory of an image whose strips, which come second, lie at `start`."""
    metadata, stored = image.metadata, _as_stored(image)
    try:
        tags = parse_tiff(metadata.exif).descriptive()
    except ValueError:
        tags = Directory(order or "<")
    order = order or tags.order
    tags = tags.in_order(order)
    rows = max(1, _STRIP // (stored.rows.nbytes // len(stored.rows)))
    strips = []
    for first in range(0, len(stored.rows), rows):
        part = stored.rows[first : first + rows]
        if stored.predicted:
            numbers = part.view(f"u{part.itemsize}")
            part = np.diff(numbers, axis=1, prepend=numbers.dtype.type(0))
        strips.append(zlib.compress(part.astype(part.dtype.newbyteorder(order)).tobytes(), _LEVEL))
    lengths = [len(strip) for strip in strips]
    starts = np.cumsum([start, *lengths]).tolist()
    for tag, *values in (
        (_BITS, *[stored.bits] * stored.channels),
        (_COMPRESSION, _DEFLATE),
        (_PHOTOMETRIC, stored.photometric),
        (_SAMPLES, stored.channels),
        (_PREDICTOR, _DIFFERENCE if stored.predicted else _NO_PREDICTOR),
        (_FORMAT, *[_FORMATS[stored.rows.dtype.kind]] * stored.channels),
        *([(_EXTRA, *stored.extra)] if stored.extra else []),
    ):
        tags.fields[tag] = shorts(order, *values)
    tags.set(_WIDTH, image.width)
    tags.set(_HEIGHT, len(stored.rows))
    tags.set(_STRIPS, *starts[:-1])
    tags.set(_STRIP_ROWS, rows)
    tags.set(_STRIP_BYTES, *lengths)
    if stored.photometric == _PALETTE:
        tags.fields[_COLOURS] = shorts(order, *_colours(metadata, 1 << stored.bits))
    if _DENSITY_X not in tags.fields:
        _set_density(tags, metadata)
    for tag, kind, blob in (
        (_ICC, _UNDEFINED, metadata.icc),
        (_XMP, _BYTE, metadata.xmp),
        (_PHOTOSHOP, _BYTE, metadata.photoshop),
    ):
        if blob:
            tags.fields[tag] = Field(kind, len(blob), blob)
    return tags, strips


def _as_stored(image: Image) -> _Stored:
    """The samples, in the way that the metadata says where they fit it and TIFF has it."""
    maximum, kind = image.metadata.maximum, image.metadata.samples
    bits = maximum.bit_length()
    if image.channels == 3 and (found := indices(image)) is not None:
        return _Stored(packed(found[:, :, 0], bits)[:, :, None], bits, 1, _PALETTE)
    samples = image.samples
    channels = samples.shape[2]
    natural = _RGB if channels in (3, 4) else _MIN_IS_BLACK
    straight = (_STRAIGHT_ALPHA,) if channels in (2, 4) and not kind.photometric else ()
    photometric, extra = kind.photometric or natural, kind.extra or straight
    few = None
    if kind.is_plain and bits not in (0, 8, 16) and maximum + 1 == 1 << bits:
        few = reduced(samples, maximum)
    if few is None:
        return _Stored(samples, 8 * samples.itemsize, channels, photometric, extra)
    rows = packed(few.reshape(image.height, -1), bits)
    return _Stored(rows[:, :, None], bits, channels, photometric, extra)


def _colours(metadata: Metadata, entries: int) -> list[int]:
    """The palette as TIFF has it: 16 bits of all reds, of all greens, and of all blues."""
    table = np.zeros((entries, 3), np.uint16)
    colours = colour_table(metadata.chunk("PLTE"), b"")[:entries]
    table[: len(colours)] = colours * np.uint16(metadata.colour_scale or 257)
    numbers: list[int] = table.T.ravel().tolist()
    return numbers


def _set_density(tags: Directory, metadata: Metadata) -> None:
    """Sets the tags of the density of pixels, in centimetres, where the metadata has one."""
    metres, ratio = per_metre(metadata), shape(metadata)
    for tag, number in zip((_DENSITY_X, _DENSITY_Y), metres or ratio or (), strict=False):
        tags.fields[tag] = rationals(tags.order, Fraction(number, 100 if metres else 1))
    if metres or ratio:
        tags.fields[_DENSITY_UNIT] = shorts(tags.order, _CENTIMETRE if metres else _NO_UNIT)
