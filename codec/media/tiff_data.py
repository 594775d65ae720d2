"""The strips and tiles of a TIFF file, inflated to bytes (TIFF 6.0, sections 7 to 15)."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

__all__ = ["COMPRESSIONS", "FAX", "inflated"]

_MODIFIED_HUFFMAN, _GROUP_3, _GROUP_4 = 2, 3, 4
FAX = frozenset((_MODIFIED_HUFFMAN, _GROUP_3, _GROUP_4))
"""The compressions of two levels."""

_LZMA = 34925
_DEFLATES = (8, 32946)
_BYTES: dict[int, Callable[..., Any]] = {
    5: imagecodecs.lzw_decode,
    32773: imagecodecs.packbits_decode,
    50000: imagecodecs.zstd_decode,
}
COMPRESSIONS = frozenset((1, _LZMA, *_DEFLATES, *FAX, *_BYTES))
"""Fax, and those that know only bytes: none, LZW, PackBits, Zstandard, LZMA and two names for
deflate."""


def inflated(
    compression: int,
    chunk: bytes | memoryview,
    rows: int,
    columns: int,
    row_bytes: int,
    fax_options: int = 0,
) -> NDArray[np.uint8]:
    """The bytes (rows, row_bytes) of a strip or tile; of a fax its pixels, (rows, columns).
    `fax_options` are those of group 3: rows in two dimensions, and that they end at bytes.

    Raises:
        ValueError: it does not inflate to that many bytes.
    """
    size = rows * row_bytes
    data: Any = chunk
    try:
        if compression in FAX:
            return _faxed(compression, chunk, rows, columns, fax_options)
        if compression in _DEFLATES:
            data = zlib.decompressobj().decompress(chunk, size)
        elif compression == _LZMA:
            data = lzma.LZMADecompressor().decompress(chunk, size)
        elif compression in _BYTES:
            out = np.zeros(size, np.uint8)
            data = _BYTES[compression](chunk, out=out)
    except (zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        raise ValueError(str(error)) from None
    return np.frombuffer(data, np.uint8, size).reshape(rows, row_bytes)


def _faxed(
    compression: int, chunk: bytes | memoryview, rows: int, columns: int, options: int
) -> NDArray[np.uint8]:
    decoders: dict[int, Callable[..., Any]] = {
        _MODIFIED_HUFFMAN: imagecodecs.ccittrle_decode,
        _GROUP_3: partial(imagecodecs.ccittfax3_decode, t4options=options),
        _GROUP_4: imagecodecs.ccittfax4_decode,
    }
    decode = decoders[compression]
    levels: NDArray[np.uint8] = np.asarray(decode(chunk, height=rows, width=columns))
    if levels.shape != (rows, columns):
        raise ValueError("a fax of another size")
    return levels
