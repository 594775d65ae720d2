"""PNG as an optimiser would write it: the smallest over filters, with a palette where that fits."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from ncodec.eval.anchors.lossless import Anchor

__all__ = ["as_rgb", "smallest_png"]

Pixels = NDArray[Any]
"""An image's samples, uint8 or uint16 [height, width, channels]."""

_FILTERS = (8, 16, 32, 64, 128, 248)
"""The flags of libpng's five filters, and of a choice row by row."""


def smallest_png(pixels: Pixels) -> bytes:
    """The smallest PNG of level 9 over filters, and with a palette if 256 colours are enough."""
    encodings = [
        Anchor("PNG", "png", (("level", 9), ("filter", flags))).encode(pixels) for flags in _FILTERS
    ]
    return min([*encodings, *_with_palette(pixels)], key=len)


def as_rgb(pixels: Pixels) -> Pixels:
    """The image as RGB or RGBA: grey becomes RGB, alpha is kept."""
    channels = pixels.shape[2]
    if channels > 2:
        return pixels
    return np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1][: channels + 2]])


def _with_palette(pixels: Pixels) -> Iterator[bytes]:
    height, width, channels = pixels.shape
    if pixels.dtype != np.uint8 or channels not in (1, 3):
        return
    colours, numbers = np.unique(pixels.reshape(-1, channels), axis=0, return_inverse=True)
    if len(colours) > 256:
        return
    picture = Pillow.frombytes("P", (width, height), numbers.astype(np.uint8).tobytes())
    picture.putpalette(as_rgb(colours[None]).tobytes())
    bits = next(bits for bits in (1, 2, 4, 8) if len(colours) <= 1 << bits)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True, bits=bits)
    yield stream.getvalue()
