"""BMP images: what their headers say, and files of them (Microsoft's BITMAPINFOHEADER and on).

Rows are stored from the bottom up, each of a multiple of four bytes.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.media.density import METRE, density_chunk, per_metre
from ncodec.media.image import Image, Metadata
from ncodec.media.stored import colour_table, indices, packed, reduced

__all__ = ["bmp_metadata", "write_bmp"]

_FILE_HEADER, _OLD_HEADER, _HEADER, _V5_HEADER = 14, 12, 40, 124
_EMBEDDED = b"DEBM"
"""The colour space of a file with a profile: "MBED" as a little-endian number."""
_DEPTHS = {1: 1, 3: 4, 15: 4, 255: 8}
"""The bits in which samples up to a maximum are stored."""


def bmp_metadata(data: bytes, *, grey: bool) -> Metadata:
    """What the headers of a BMP file that decodes say, with its palette.

    Args:
        data: the whole file.
        grey: whether the palette is what every grey image has, which goes without saying.
    """
    size = int.from_bytes(data[14:18], "little")
    old = size == _OLD_HEADER
    (depth,) = struct.unpack_from("<H", data, 24 if old else 28)
    chunks: tuple[tuple[str, bytes], ...] = ()
    used, icc = 0, b""
    if not old:
        x, y, used = struct.unpack_from("<iiI", data, 38)
        chunks = density_chunk(Fraction(x), Fraction(y), METRE)
    if size == _V5_HEADER and data[70:74] == _EMBEDDED:
        start, length = struct.unpack_from("<II", data, 126)
        icc = data[_FILE_HEADER + start :][:length]
    if depth > 8:
        return Metadata(icc=icc, chunks=chunks)
    maximum = (1 << depth) - 1
    if grey:
        return Metadata(icc=icc, chunks=chunks, maximum=maximum % 255)
    # Masks of bits follow a header of 40 bytes only where there is no palette.
    entry, start = 3 if old else 4, _FILE_HEADER + size
    entries = min(used or maximum + 1, maximum + 1)
    stored = np.frombuffer(data[start : start + entry * entries], np.uint8).reshape(-1, entry)
    palette = np.ascontiguousarray(stored[:, 2::-1])
    return Metadata(icc=icc, chunks=(*chunks, ("PLTE", palette.tobytes())), maximum=maximum)


def write_bmp(stream: BinaryIO, image: Image) -> None:
    """Writes grey or RGB of 8 bits, with the palette or of the two levels that it came in."""
    metadata = image.metadata
    found = indices(image)
    if found is not None:
        depth = _DEPTHS[metadata.maximum]
        palette = colour_table(metadata.chunk("PLTE"), b"")
    elif image.channels == 1:
        levels = reduced(image.pixels, 1) if metadata.maximum == 1 else None
        depth, top = (8, 255) if levels is None else (1, 1)
        found = image.pixels if levels is None else levels
        ramp = np.arange(0, 256, 255 // top, dtype=np.uint8)
        palette = np.repeat(ramp[:, None], 3, axis=1)
    else:
        depth, palette = 24, np.zeros((0, 3), np.uint8)
    rows = image.pixels[:, :, ::-1] if found is None else packed(found[:, :, 0], depth)
    body = _bottom_up(rows.reshape(image.height, -1))
    table = np.pad(palette[:, ::-1], ((0, 0), (0, 1))).tobytes()
    x, y = (number if number < 1 << 31 else 0 for number in per_metre(metadata) or (0, 0))
    start = _FILE_HEADER + _HEADER + len(table)
    sizes = image.width, image.height, 1, depth, 0, len(body), x, y, len(palette), 0
    stream.write(b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start))
    stream.write(struct.pack("<IiiHHIIiiII", _HEADER, *sizes) + table)
    stream.write(body)


def _bottom_up(rows: NDArray[Any]) -> bytes:
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))[::-1].tobytes()
