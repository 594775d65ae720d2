"""Writes PNG images (PNG third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.media.image import Image
from ncodec.media.png_chunks import SIGNATURE, chunk, metadata_chunks
from ncodec.media.stored import indices, keyed, packed, reduced
from ncodec.threads import in_order, thread_count

__all__ = ["write_png"]

_GREY, _PALETTE = 0, 3
_COLOUR_TYPES = {1: _GREY, 2: 4, 3: 2, 4: 6}
"""By channels, where samples are no indices."""

_LEVEL = 6
_BAND_BYTES = 1 << 18
"""The bytes of samples that are filtered, and compressed, at a time."""
_WINDOW = 1 << 15
"""How far back a zlib stream can refer."""


def write_png(stream: BinaryIO, image: Image) -> None:
    """`image` as PNG, with all its metadata, and stored as that says where its samples allow."""
    stored = _as_stored(image) or _Stored(
        image.pixels, image.bit_depth, _COLOUR_TYPES[image.channels]
    )
    header = struct.pack(
        ">IIBBBBB", image.width, image.height, stored.depth, stored.colour, 0, 0, 0
    )
    stream.write(SIGNATURE + chunk(b"IHDR", header))
    for piece in metadata_chunks(image.metadata, as_stored=stored.as_stated):
        stream.write(piece)
    bands = _unfiltered(stored) if stored.small else _filtered(stored.samples)
    threads = thread_count() if stored.samples.nbytes > _BAND_BYTES else 1
    for data in _compressed(bands, threads):
        stream.write(chunk(b"IDAT", data))
    stream.write(chunk(b"IEND"))


@dataclass(frozen=True, slots=True)
class _Stored:
    """Samples (height, width, channels) for a file of this depth and colour type.

    Attributes:
        as_stated: whether they are stored as the metadata says, and chunks about them apply.
    """

    samples: NDArray[Any]
    depth: int
    colour: int
    as_stated: bool = False

    @property
    def small(self) -> bool:
        return self.depth < 8 or self.colour == _PALETTE


def _as_stored(image: Image) -> _Stored | None:
    """The samples in the way that the metadata says; None where they do not fit it."""
    metadata, pixels = image.metadata, image.pixels
    depth = metadata.maximum.bit_length()
    if depth not in (1, 2, 4, 8) or metadata.maximum + 1 != 1 << depth:
        depth = image.bit_depth
    elif metadata.chunk("PLTE"):
        found = indices(image)
        return None if found is None else _Stored(found, depth, _PALETTE, True)
    if key := metadata.chunk("tRNS"):
        pixels = np.ascontiguousarray(pixels[:, :, :-1])
        if image.channels not in (2, 4) or len(key) != 2 * pixels.shape[2]:
            return None
        if not np.array_equal(keyed(pixels, key, depth), image.pixels):
            return None
    channels = pixels.shape[2]
    if depth < 8:
        samples = reduced(pixels, metadata.maximum) if channels == 1 else None
        return None if samples is None else _Stored(samples, depth, _GREY, True)
    # A palette that only suggests colours has no place beside grey.
    return _Stored(
        pixels, depth, _COLOUR_TYPES[channels], channels > 2 or not metadata.chunk("PLTE")
    )


def _compressed(bands: Iterable[bytes], threads: int) -> Iterator[bytes]:
    """A zlib stream (RFC 1950) of bands, which are compressed side by side: each by itself, with
    what stands before it for a dictionary, up to the border of a byte."""
    check = 1

    def checked() -> Iterator[tuple[bytes, bytes]]:
        nonlocal check
        before = b""
        for band in bands:
            check = zlib.adler32(band, check)
            yield before, band
            before = band[-_WINDOW:]

    def deflated(both: tuple[bytes, bytes]) -> bytes:
        before, band = both
        deflater = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS, zdict=before)
        return deflater.compress(band) + deflater.flush(zlib.Z_SYNC_FLUSH)

    head = b"\x78\x9c"  # a window of 32 KiB, the default level
    for data in in_order(deflated, checked(), threads):
        yield head + data
        head = b""
    yield head + zlib.compressobj(wbits=-zlib.MAX_WBITS).flush() + check.to_bytes(4, "big")


def _unfiltered(stored: _Stored) -> Iterator[bytes]:
    """The scan lines as they are, which is best for indices and few bits (section 12.7)."""
    rows = packed(stored.samples[:, :, 0], stored.depth)
    yield np.pad(rows, ((0, 0), (1, 0))).tobytes()


def _filtered(pixels: NDArray[Any]) -> Iterator[bytes]:
    """The scan lines with the filter whose residuals have the least sum of magnitudes (section
    12.7)."""
    height, width, channels = pixels.shape
    step = channels * pixels.itemsize
    stride = width * step
    rows = max(1, _BAND_BYTES // stride)
    above: NDArray[np.uint8] = np.zeros((1, stride), np.uint8)
    for first in range(0, height, rows):
        part = pixels[first : first + rows]
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
