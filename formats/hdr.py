"""The hdr_ box: the display that a clip was mastered on, and how bright its pictures are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ncodec.formats import cbor
from ncodec.formats.errors import DamagedFile, UsageError

__all__ = ["Hdr"]

_MASTERING, _LIGHT = 0, 1
_MASTERING_VALUES = 10
_U32 = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Hdr:
    """Mastering display (SMPTE ST 2086) and content light level (CTA-861.3).

    Attributes:
        mastering: x and y of red, green, blue and white (CIE 1931), then the smallest and the
            largest luminance in cd/m2; None where not known.
        light: MaxCLL and MaxFALL in cd/m2; None where not known.

    Raises:
        UsageError: values that the box cannot hold.
    """

    mastering: tuple[Fraction, ...] | None
    light: tuple[int, int] | None

    def __post_init__(self) -> None:
        if self.mastering is None and self.light is None:
            raise UsageError("hdr has neither a mastering display nor a light level: leave it out")
        if self.mastering is not None:
            values = self.mastering
            if len(values) != _MASTERING_VALUES or not all(map(_is_ratio, values)):
                raise UsageError(
                    f"mastering is {values!r} but must be {_MASTERING_VALUES} Fractions, 0 or "
                    "more, with parts below 2^32"
                )
        if self.light is not None and (len(self.light) != 2 or not all(map(_is_u32, self.light))):
            raise UsageError(f"light is {self.light!r} but must be two integers below 2^32")

    def pack(self) -> bytes:
        """The box's payload."""
        record: dict[int, Any] = {}
        if self.mastering is not None:
            record[_MASTERING] = [list(value.as_integer_ratio()) for value in self.mastering]
        if self.light is not None:
            record[_LIGHT] = list(self.light)
        return cbor.dumps(record)

    @classmethod
    def unpack(cls, payload: bytes) -> Hdr:
        """Reads the box's payload.

        Raises:
            DamagedFile: it is not what `pack` writes.
        """
        record = cbor.loads(payload, "hdr_")
        try:
            mastering, light = record.get(_MASTERING), record.get(_LIGHT)
            hdr = cls(
                None if mastering is None else tuple(map(_ratio, mastering)),
                None if light is None else _pair(light),
            )
        except (UsageError, AttributeError, TypeError, ValueError, ZeroDivisionError) as error:
            raise DamagedFile(f"hdr_ cannot be right: {error}") from error
        if hdr.pack() != payload:
            raise DamagedFile("hdr_ holds unknown keys, or fractions that are not in lowest terms")
        return hdr


def _is_u32(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _U32


def _is_ratio(value: Any) -> bool:
    return isinstance(value, Fraction) and all(map(_is_u32, value.as_integer_ratio()))


def _pair(value: Sequence[int]) -> tuple[int, int]:
    first, second = value
    return first, second


def _ratio(value: Sequence[int]) -> Fraction:
    return Fraction(*_pair(value))
