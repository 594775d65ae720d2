"""Portable float maps, read by hand: the format is a header and numbers from the bottom row up."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.image import Image, Metadata
from ncodec.media.sample_kind import SampleKind, as_words
from ncodec.media.sizes import check_size

__all__ = ["read_pfm", "write_pfm"]

_HEADER = re.compile(rb"P([Ff])\s+(\d{1,9})\s+(\d{1,9})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s")
_CHANNELS = {b"f": 1, b"F": 3}


def read_pfm(data: bytes, name: str, limits: Limits) -> Image:
    """The image in a PFM file; its scale, which says what 1.0 is, is kept as text.

    Raises:
        InputError: the file is damaged or cut short.
        LimitExceeded: the image is larger than `limits` allow.
    """
    header = _HEADER.match(data)
    if header is None:
        raise InputError(f"{name} has a PFM header that cannot be read: get the file again")
    width, height, scale = int(header[2]), int(header[3]), float(header[4])
    check_size(width, height, name, limits)
    channels = _CHANNELS[header[1]]
    count = width * height * channels
    if len(data) - header.end() < 4 * count:
        raise InputError(f"{name} is a PFM that is cut short: get the whole file")
    order = "<" if scale < 0 else ">"
    stored: NDArray[Any] = np.frombuffer(data, f"{order}f4", count, header.end())
    samples = stored.reshape(height, width, channels)[::-1].astype(np.float32)
    text = () if abs(scale) == 1 else (("Scale", repr(abs(scale))),)
    return Image(as_words(samples), metadata=Metadata(text=text, samples=SampleKind("f4")))


def write_pfm(stream: BinaryIO, image: Image) -> None:
    """Writes float32 of one or three bands."""
    samples = image.samples
    height, width, channels = samples.shape
    kind = "F" if channels == 3 else "f"
    scale = dict(image.metadata.text).get("Scale", "1.0")
    stream.write(f"P{kind}\n{width} {height}\n-{scale}\n".encode("latin-1"))
    stream.write(samples[::-1].astype("<f4").tobytes())
