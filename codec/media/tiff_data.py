"""The strips and tiles of a TIFF file, inflated to bytes (TIFF 6.0, sections 7 to 15)."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Sequence
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from ncodec.media.tiff_ifd import Directory, shorts

__all__ = ["COMPRESSIONS", "inflated"]

_LZW, _PACKBITS, _LZMA = 5, 32773, 34925
_DEFLATES = (8, 32946)
COMPRESSIONS = frozenset((1, _LZW, _PACKBITS, _LZMA, *_DEFLATES))
"""The compressions that know only bytes: none, LZW, PackBits, LZMA and two names for deflate."""

_AT_ONCE = 1 << 25
"""The bytes that FFmpeg inflates at a time; it refuses images of more than 2 GiB / 8."""


def inflated(
    compression: int, chunks: Sequence[memoryview], rows: int, row_bytes: int
) -> NDArray[np.uint8]:
    """The bytes of `chunks` inflated, (rows, row_bytes) for each, one below the other.

    Raises:
        ValueError: a chunk does not inflate to that many bytes.
    """
    size = rows * row_bytes
    if compression in (_LZW, _PACKBITS):
        group = max(1, _AT_ONCE // size)
        parts = [
            _by_ffmpeg(compression, chunks[first : first + group], rows, row_bytes)
            for first in range(0, len(chunks), group)
        ]
        return np.concatenate(parts)
    out = np.empty((len(chunks), size), np.uint8)
    for row, chunk in zip(out, chunks, strict=True):
        data: bytes | memoryview = chunk
        try:
            if compression in _DEFLATES:
                data = zlib.decompressobj().decompress(chunk, size)
            elif compression == _LZMA:
                data = lzma.LZMADecompressor().decompress(chunk, size)
        except (zlib.error, lzma.LZMAError, EOFError) as error:
            raise ValueError(str(error)) from None
        row[:] = np.frombuffer(data, np.uint8, size)
    return out.reshape(-1, row_bytes)


def _by_ffmpeg(
    compression: int, chunks: Sequence[memoryview], rows: int, row_bytes: int
) -> NDArray[np.uint8]:
    """The chunks inflated as the strips of a grey image of bytes, whatever the bytes mean."""
    height = rows * len(chunks)
    lengths = [len(chunk) for chunk in chunks]
    starts = np.cumsum([8, *lengths]).tolist()
    tags = Directory("<")
    for tag, values in ((256, [row_bytes]), (257, [height]), (278, [rows])):
        tags.set(tag, *values)
    tags.set(273, *starts[:-1])
    tags.set(279, *lengths)
    for tag, value in ((258, 8), (259, compression), (262, 1), (277, 1)):
        tags.fields[tag] = shorts("<", value)
    end = starts[-1] + starts[-1] % 2
    start = b"II*\0" + end.to_bytes(4, "little")
    file = b"".join((start, *chunks, b"\0" * (end - starts[-1]), tags.stored(end)))
    decoder = av.CodecContext.create("tiff", "r")
    decoder.options = {"err_detect": "explode"}
    try:
        pictures = [*decoder.decode(av.Packet(file)), *decoder.decode(None)]
    except av.FFmpegError as error:
        raise ValueError(str(error)) from None
    if len(pictures) != 1 or pictures[0].format.name != "gray":
        raise ValueError("no picture")
    plane = pictures[0].planes[0]
    memory: NDArray[np.uint8] = np.frombuffer(cast(memoryview, plane), np.uint8)
    return memory.reshape(-1, plane.line_size)[:height, :row_bytes].copy()
