"""The density of pixels, in each format's own terms. What metadata has of it is a PNG chunk, pHYs
(PNG third edition, section 11.3.4.3)."""

from __future__ import annotations

import struct
from fractions import Fraction

from ncodec.media.image import Metadata

__all__ = ["INCH", "METRE", "NO_UNIT", "density_chunk", "per_metre", "shape"]

METRE, INCH, NO_UNIT = Fraction(1), Fraction(254, 10000), Fraction(0)
"""Units of length in metres; without one, only the shape of the pixels is known."""


def density_chunk(x: Fraction, y: Fraction, unit: Fraction) -> tuple[tuple[str, bytes], ...]:
    """The chunk, in a tuple, of `x` and `y` pixels per `unit`; none where they say nothing."""
    if unit:
        x, y = x / unit, y / unit
    numbers = round(x), round(y)
    if not all(0 < number < 1 << 31 for number in numbers) or (not unit and x == y):
        return ()
    return (("pHYs", struct.pack(">IIB", *numbers, bool(unit))),)


def per_metre(metadata: Metadata) -> tuple[int, int] | None:
    """The pixels per metre, along x and y; None where nothing says so."""
    return _numbers(metadata, 1)


def shape(metadata: Metadata) -> tuple[int, int] | None:
    """The pixels along x and y that have the same length, where no unit is known."""
    return _numbers(metadata, 0)


def _numbers(metadata: Metadata, unit: int) -> tuple[int, int] | None:
    data = metadata.chunk("pHYs")
    return struct.unpack(">II", data[:8]) if len(data) == 9 and data[8] == unit else None
