"""What the header of a JPEG XL codestream says of its samples (ISO/IEC 18181-1, annex D)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["JxlHeader", "jxl_header"]

_ALPHA, _SPOT, _CFA = 0, 2, 5
_ENUM = ((0, 0), (1, 0), (2, 4), (18, 6))
_SIDE = ((1, 9), (1, 13), (1, 18), (1, 30))
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_RGB, _GREY = 0, 1
_SRGB = (1, 13)
_CUSTOM = 2
_D65, _DCI = 1, 11
_DISPLAY_P3, _DCI_P3 = 12, 11
"""Codes of primaries with their white point (ITU-T H.273)."""


@dataclass(frozen=True, slots=True)
class JxlHeader:
    """Width and height in pixels, and what the samples are.

    Attributes:
        bits: of a sample; negative where they are floating-point.
        moves: whether it is an animation.
        lossy: whether colours are coded in XYB, of which decoders need not make the same samples.
        extra: what extra channels are, by the standard's numbers; 0 is alpha.
        premultiplied: whether alpha is.
        colours: codes of primaries and transfer (ITU-T H.273); None where a profile or a gamma
            says it.
    """

    width: int
    height: int
    bits: int
    moves: bool
    lossy: bool
    extra: tuple[int, ...]
    premultiplied: bool
    colours: tuple[int, int] | None


def jxl_header(codestream: bytes) -> JxlHeader:
    """The header of a codestream, which begins with 0xFF0A.

    Raises:
        ValueError: it is cut short.
    """
    bits = _Bits(codestream[2:])
    height, width = _size(bits)
    if bits.flag():
        return JxlHeader(width, height, 8, False, True, (), False, _SRGB)
    if bits.flag():
        bits.take(3)  # orientation
        if bits.flag():
            _size(bits)
        if bits.flag():
            raise ValueError("a preview")
        if bits.flag():
            return JxlHeader(width, height, 8, True, True, (), False, None)
    extra: list[int] = []
    premultiplied = False
    sample_bits = _depth(bits)
    bits.flag()  # whether buffers of 16 bits are enough
    for _ in range(bits.choice((0, 0), (1, 0), (2, 4), (1, 12))):
        kind = _ALPHA
        if not bits.flag():
            kind = bits.choice(*_ENUM)
            _depth(bits)
            bits.choice((0, 0), (3, 0), (4, 0), (1, 3))
            bits.take(8 * bits.choice((0, 0), (0, 4), (16, 5), (48, 10)))
            if kind == _ALPHA:
                premultiplied = bits.flag()
            elif kind == _SPOT:
                bits.take(64)
            elif kind == _CFA:
                bits.choice((1, 0), (0, 2), (3, 4), (19, 8))
        extra.append(kind)
    lossy = bits.flag()
    colours = _colours(bits)
    return JxlHeader(width, height, sample_bits, False, lossy, tuple(extra), premultiplied, colours)


def _size(bits: _Bits) -> tuple[int, int]:
    """Height and width."""
    small = bits.flag()
    height = 8 * (1 + bits.take(5)) if small else bits.choice(*_SIDE)
    if ratio := bits.take(3):
        numerator, denominator = _RATIOS[ratio - 1]
        return height, height * numerator // denominator
    return height, 8 * (1 + bits.take(5)) if small else bits.choice(*_SIDE)


def _depth(bits: _Bits) -> int:
    if not bits.flag():
        return bits.choice((8, 0), (10, 0), (12, 0), (1, 6))
    depth = bits.choice((32, 0), (16, 0), (24, 0), (1, 6))
    bits.take(4)
    return -depth


def _colours(bits: _Bits) -> tuple[int, int] | None:
    if bits.flag():
        return _SRGB
    if bits.flag():
        return None
    space = bits.choice(*_ENUM)
    if space not in (_RGB, _GREY):
        return None
    white = bits.choice(*_ENUM)
    primaries = 1
    if white == _CUSTOM:
        return None
    if space == _RGB:
        primaries = bits.choice(*_ENUM)
    if primaries == _CUSTOM or bits.flag():
        return None
    transfer = bits.choice(*_ENUM)
    if primaries == _DCI_P3 and white == _D65:
        return _DISPLAY_P3, transfer
    sound = white == (_DCI if primaries == _DCI_P3 else _D65)
    return (primaries, transfer) if sound else None


class _Bits:
    """Bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> int:
        first, last = self._at // 8, (self._at + count + 7) // 8
        if last > len(self._data):
            raise ValueError("a header that is cut short")
        number = int.from_bytes(self._data[first:last], "little") >> self._at % 8
        self._at += count
        return number & ((1 << count) - 1)

    def flag(self) -> bool:
        return bool(self.take(1))

    def choice(self, *ways: tuple[int, int]) -> int:
        """A number stored in one of four ways: an offset, and a number of bits that is added."""
        offset, count = ways[self.take(2)]
        return offset + self.take(count)
