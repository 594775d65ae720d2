"""Still images made byte by byte, so that what reads them has no say in it."""

import struct
import zlib

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ncodec.media import Image

ADAM7 = (
    *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)),
    (1, 0, 2, 1),
)
"""First row and column, and steps of rows and columns, of each pass."""


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, depth, colour, *, extra=(), interlaced=False, data=None):
    """`samples` (height, width, channels) as stored, without filters; `extra` (type, data)."""
    height, width, _ = samples.shape
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    lines = b"".join(
        b"\0" + packed(row.ravel(), depth)
        for y, x, rows, columns in passes
        for row in samples[y::rows, x::columns]
        if row.size
    )
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *(chunk(kind, body) for kind, body in extra),
            chunk(b"IDAT", zlib.compress(lines) if data is None else data),
            chunk(b"IEND"),
        )
    )


def packed(values, depth):
    if depth == 16:
        return values.astype(">u2").tobytes()
    bits = (values[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()


def image(channels=3, bits=8, height=5, width=7, seed=0, **options):
    """Noise, with all values of transparent pixels."""
    top = (1 << bits) - 1
    values = np.random.default_rng(seed).integers(0, top + 1, (height, width, channels))
    if channels in (2, 4):
        values[::2, :, -1] = 0
    return Image(values.astype(np.uint8 if bits == 8 else np.uint16), **options)


def same(first, second):
    return first.pixels.dtype == second.pixels.dtype and np.array_equal(first.pixels, second.pixels)


images = (
    st.tuples(
        st.sampled_from((np.uint8, np.uint16)),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
    )
    .flatmap(lambda made: arrays.arrays(*made))
    .map(Image)
)
"""Images of any kind."""
