"""PNG images, every sample as it is stored (PNG third edition)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.image import Image, left_out
from ncodec.media.png_chunks import (
    SIGNATURE,
    chunk,
    lost_chunks,
    metadata_of,
    read_chunks,
)
from ncodec.media.sizes import check_size
from ncodec.media.stored import colour_table, keyed

__all__ = ["read_png"]

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_DEPTHS = {
    _GREY: (1, 2, 4, 8, 16),
    _RGB: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _GREY_ALPHA: (8, 16),
    _RGBA: (8, 16),
}
_CRITICAL = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)),
    (0, 1, 1, 2),
)
"""The first column and row, and the steps of columns and rows, of each pass of an interlaced
image."""

_BAND_BYTES = 1 << 20
"""The bytes that are inflated at a time."""


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def channels(self) -> int:
        return _CHANNELS[self.colour]

    def filtered_bytes(self) -> int:
        """The bytes of all scan lines with their filter types."""
        passes = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        total = 0
        for column, row, columns, rows in passes:
            width = max(0, -(-(self.width - column) // columns))
            height = max(0, -(-(self.height - row) // rows))
            if width:
                total += height * (1 + -(-width * self.depth * self.channels // 8))
        return total


def read_png(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a PNG file.

    Palettes become RGB, transparency alpha, and grey of 1, 2 or 4 bits 8 (section 13.12); the
    metadata says what they were.

    Raises:
        InputError: the file is damaged, cut short, animated or not a valid PNG.
        LimitExceeded: the image is larger than `limits` allow.
    """
    chunks = read_chunks(data, name)
    header = _header(chunks[0][0], bytes(chunks[0][1]), name)
    check_size(header.width, header.height, name, limits)
    by_kind = dict(reversed(chunks))
    unknown = next((k for k, _ in chunks if k[:1].isupper() and k not in _CRITICAL), None)
    if unknown:
        raise InputError(f"{name} has the PNG chunk {unknown!r}, which no decoder here knows")
    if int.from_bytes(by_kind.get(b"acTL", b"")[:4], "big") > 1:
        raise InputError(
            f"{name} is an animated PNG, which is a film: code it with --codec ngrid"
            " (codec='ngrid'), or give still images"
        )
    palette, key = bytes(by_kind.get(b"PLTE", b"")), bytes(by_kind.get(b"tRNS", b""))
    # Only what decides the samples goes to the decoder: no colour management, no text.
    bare = SIGNATURE + b"".join(
        chunk(kind, body)
        for place, (kind, body) in enumerate(chunks)
        if kind in _CRITICAL
        and (kind != b"IHDR" or not place)
        and (kind != b"PLTE" or header.colour == _PALETTE)
    )
    pixels = _decoded(bare, chunks, header, name)
    if header.colour == _PALETTE:
        pixels = _coloured(pixels, palette, key, name)
    elif key and header.colour in (_GREY, _RGB):
        if len(key) != 2 * header.channels:
            raise InputError(f"{name} has a damaged transparency chunk: get the file again")
        pixels = keyed(pixels, key, header.depth)
    small = header.depth < 8 or header.colour == _PALETTE
    metadata = metadata_of(chunks, (1 << header.depth) - 1 if small else 0)
    return Image(pixels, metadata=metadata, notices=left_out(name, lost_chunks(chunks)))


def _header(kind: bytes, body: bytes, name: str) -> _Header:
    if kind != b"IHDR" or len(body) != 13:
        raise InputError(f"{name} does not begin with a PNG header: get the file again")
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise InputError(
            f"{name} has a PNG header with colour type {colour}, {depth} bits, compression"
            f" {compression}, filter {filters} and interlace {interlace}, which PNG does not have"
        )
    return _Header(width, height, depth, colour, bool(interlace))


def _decoded(
    bare: bytes, chunks: list[tuple[bytes, memoryview]], header: _Header, name: str
) -> NDArray[Any]:
    """The stored samples; palette indices; grey of few bits as 8."""
    damaged = InputError(f"{name} has PNG image data that cannot be decoded: get the file again")
    _check_image_data(chunks, header, damaged)
    shape = (header.height, header.width, header.channels)
    if header.depth < 8 or header.colour == _PALETTE or (header.interlaced and header.depth == 8):
        from PIL.PngImagePlugin import PngImageFile

        try:
            with PngImageFile(BytesIO(bare)) as picture:
                pixels = np.asarray(picture)
        except (OSError, SyntaxError, ValueError):
            raise damaged from None
        if pixels.dtype == np.bool_:
            pixels = pixels * np.uint8(1 if header.colour == _PALETTE else 255)
        return np.ascontiguousarray(pixels).reshape(shape)
    try:
        samples = _deep_interlaced(bare, header) if header.interlaced else _whole(bare)
    except (RuntimeError, ValueError, MemoryError):
        raise damaged from None
    if samples.itemsize * 8 != header.depth or samples.size != shape[0] * shape[1] * shape[2]:
        raise damaged
    return np.ascontiguousarray(samples).reshape(shape)


def _whole(bare: bytes) -> NDArray[Any]:
    """The samples of 8 or 16 bits; Pillow would halve the latter, and hold the former thrice."""
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(bare))


def _deep_interlaced(bare: bytes, header: _Header) -> NDArray[np.uint16]:
    """Interlaced samples of 16 bits, by FFmpeg: imagecodecs prints a warning for each."""
    import av

    decoder = av.CodecContext.create("png", "r")
    try:
        pictures = [*decoder.decode(av.Packet(bare)), *decoder.decode(None)]
    except av.FFmpegError as error:
        raise ValueError(str(error)) from None
    if len(pictures) != 1 or pictures[0].is_corrupt:
        raise ValueError("no picture")
    plane = pictures[0].planes[0]
    memory: NDArray[Any] = np.frombuffer(cast(memoryview, plane), ">u2")
    rows = memory.reshape(-1, plane.line_size // 2)
    return rows[: header.height, : header.width * header.channels].astype(np.uint16)


def _check_image_data(
    chunks: list[tuple[bytes, memoryview]], header: _Header, damaged: InputError
) -> None:
    """Raises `damaged` unless the image data is whole: decoders fill in what is missing."""
    inflater = zlib.decompressobj()
    missing = header.filtered_bytes()
    try:
        for body in (body for kind, body in chunks if kind == b"IDAT"):
            pending: bytes | memoryview = body
            while len(pending) and missing > 0:
                missing -= len(inflater.decompress(pending, _BAND_BYTES))
                pending = inflater.unconsumed_tail
        if missing > 0:
            missing -= len(inflater.flush())
    except zlib.error:
        raise damaged from None
    if missing > 0:
        raise damaged


def _coloured(indices: NDArray[Any], palette: bytes, alpha: bytes, name: str) -> NDArray[Any]:
    table = colour_table(palette, alpha)
    if int(indices.max()) >= len(table):
        raise InputError(
            f"{name} has palette index {int(indices.max())}, and a palette of {len(table)} colours:"
            " get the file again"
        )
    return np.take(table, indices[:, :, 0], axis=0)
