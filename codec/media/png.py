"""PNG images, every sample as it is stored (PNG third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast

import av
import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.image import Image, Metadata
from ncodec.media.png_chunks import SIGNATURE, chunk, metadata_chunks, metadata_of, read_chunks
from ncodec.media.sizes import check_size

__all__ = ["read_png", "write_png"]

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_COLOUR_TYPES = {1: _GREY, 2: _GREY_ALPHA, 3: _RGB, 4: _RGBA}
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

_LEVEL = 6
_BAND_BYTES = 1 << 20
"""The bytes of samples that are filtered at a time."""


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


def read_png(data: bytes, name: str, limits: Limits) -> tuple[NDArray[Any], Metadata]:
    """The samples (height, width, channels) and the metadata of a PNG file.

    Palettes become RGB, transparency alpha, and grey of 1, 2 or 4 bits 8 (section 13.12).

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
        for kind, body in chunks
        if kind in _CRITICAL and (kind != b"PLTE" or header.colour == _PALETTE)
    )
    pixels = _decoded(bare, chunks, header, name)
    if header.colour == _PALETTE:
        pixels = _coloured(pixels, palette, key, name)
    elif key and header.colour in (_GREY, _RGB):
        pixels = _keyed(pixels, key, header, name)
    as_stored = header.depth >= 8 and header.colour != _PALETTE and not key
    return pixels, metadata_of(chunks, as_stored=as_stored)


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
    if header.depth < 16:
        try:
            with PngImageFile(BytesIO(bare)) as picture:
                pixels = np.asarray(picture)
        except (OSError, SyntaxError, ValueError):
            raise damaged from None
        if pixels.dtype == np.bool_:
            pixels = pixels * np.uint8(1 if header.colour == _PALETTE else 255)
        return np.ascontiguousarray(pixels).reshape(shape)
    # Pillow would halve the depth of all but plain grey.
    decoder = av.CodecContext.create("png", "r")
    try:
        pictures = [*decoder.decode(av.Packet(bare)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError, MemoryError):
        raise damaged from None
    if len(pictures) != 1 or pictures[0].is_corrupt:
        raise damaged
    plane = pictures[0].planes[0]
    memory: NDArray[Any] = np.frombuffer(cast(memoryview, plane), ">u2")
    rows = memory.reshape(-1, plane.line_size // 2)
    samples = rows[: header.height, : header.width * header.channels]
    return samples.astype(np.uint16).reshape(shape)


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
    entries = len(palette) // 3
    if not entries or int(indices.max()) >= entries:
        raise InputError(
            f"{name} has palette index {int(indices.max())}, and a palette of {entries} colours:"
            " get the file again"
        )
    table = np.full((256, 4), 255, np.uint8)
    table[:entries, :3] = np.frombuffer(palette, np.uint8, 3 * entries).reshape(-1, 3)
    table[: len(alpha[:256]), 3] = np.frombuffer(alpha[:256], np.uint8)
    return np.take(table if alpha else table[:, :3], indices[:, :, 0], axis=0)


def _keyed(pixels: NDArray[Any], key: bytes, header: _Header, name: str) -> NDArray[Any]:
    """`pixels` with an alpha channel: 0 where they equal the key colour."""
    if len(key) != 2 * header.channels:
        raise InputError(f"{name} has a damaged transparency chunk: get the file again")
    colour = np.frombuffer(key, ">u2").astype(np.int64) & ((1 << header.depth) - 1)
    if header.depth < 8:
        colour *= 255 // ((1 << header.depth) - 1)
    top = np.iinfo(pixels.dtype).max
    opaque = (pixels != colour).any(axis=2, keepdims=True)
    return np.concatenate((pixels, (opaque * top).astype(pixels.dtype)), axis=2)


def write_png(stream: BinaryIO, image: Image) -> None:
    """`image` as PNG, with all its metadata."""
    header = struct.pack(
        ">IIBBBBB",
        image.width,
        image.height,
        image.bit_depth,
        _COLOUR_TYPES[image.channels],
        0,
        0,
        0,
    )
    stream.write(SIGNATURE + chunk(b"IHDR", header))
    for piece in metadata_chunks(image.metadata):
        stream.write(piece)
    deflater = zlib.compressobj(_LEVEL)
    for band in _filtered(image):
        if data := deflater.compress(band):
            stream.write(chunk(b"IDAT", data))
    stream.write(chunk(b"IDAT", deflater.flush()))
    stream.write(chunk(b"IEND"))


def _filtered(image: Image) -> Iterator[bytes]:
    """The scan lines with the filter whose residuals have the least sum of magnitudes (section
    12.7)."""
    step = image.channels * image.bit_depth // 8
    stride = image.width * step
    rows = max(1, _BAND_BYTES // stride)
    above: NDArray[np.uint8] = np.zeros((1, stride), np.uint8)
    for first in range(0, image.height, rows):
        part = image.pixels[first : first + rows]
        stored = part.astype(part.dtype.newbyteorder(">")).view(np.uint8)
        here: NDArray[np.uint8] = stored.reshape(-1, stride)
        up = np.concatenate((above, here[:-1]))
        left, corner = _shifted(here, step), _shifted(up, step)
        mean = ((left.astype(np.uint16) + up) >> 1).astype(np.uint8)
        guesses = (np.zeros_like(here), left, up, mean, _paeth(left, up, corner))
        out = np.empty((len(here), stride + 1), np.uint8)
        least = np.full(len(here), np.iinfo(np.int64).max)
        for number, guess in enumerate(guesses):
            residual = here - guess
            cost = np.abs(residual.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64)
            better = cost < least
            least[better] = cost[better]
            out[better, 0] = number
            out[better, 1:] = residual[better]
        above = here[-1:]
        yield out.tobytes()


def _shifted(rows: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The byte of the pixel to the left, 0 at the edge."""
    return np.pad(rows, ((0, 0), (step, 0)))[:, : rows.shape[1]]


def _paeth(
    left: NDArray[np.uint8], up: NDArray[np.uint8], corner: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The one of left, up and corner that is nearest to left + up - corner (section 9.4)."""
    a, b, c = (part.astype(np.int16) for part in (left, up, corner))
    to_left, to_up, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    first = (to_left <= to_up) & (to_left <= to_corner)
    return np.where(first, left, np.where(to_up <= to_corner, up, corner))
