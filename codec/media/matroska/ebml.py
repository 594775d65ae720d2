"""EBML (RFC 8794): elements to bytes and back."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ncodec.errors import DamagedFile

__all__ = ["UNKNOWN", "Element", "children", "element", "length", "number", "real", "text", "vint"]

UNKNOWN = b"\x01" + b"\xff" * 7
"""The length of an element that ends where something stands that cannot be in it."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element in a buffer: its identifier with the marker bits, its payload, and all of it."""

    id: int
    payload: memoryview
    whole: memoryview

    @property
    def number(self) -> int:
        return int.from_bytes(self.payload, "big")

    @property
    def real(self) -> float:
        value: float
        (value,) = struct.unpack(">d" if len(self.payload) == 8 else ">f", self.payload)
        return value

    @property
    def text(self) -> str:
        return bytes(self.payload).rstrip(b"\0").decode("utf-8", "replace")


def element(identifier: int, *payload: bytes | memoryview) -> bytes:
    """A whole element; several payloads, such as the children of a master, stand in order."""
    data = b"".join(payload)
    return b"".join((_name(identifier), length(len(data)), data))


def number(identifier: int, value: int) -> bytes:
    """An element with an unsigned integer, or a signed one where it is negative."""
    if value < 0:
        return element(identifier, value.to_bytes(8, "big", signed=True))
    return element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def real(identifier: int, value: float) -> bytes:
    return element(identifier, struct.pack(">d", value))


def text(identifier: int, value: str) -> bytes:
    return element(identifier, value.encode("utf-8", "replace"))


def length(value: int, width: int = 0) -> bytes:
    """A length as a variable-size integer, in the fewest bytes or in `width`."""
    width = width or next(n for n in range(1, 9) if value < (1 << 7 * n) - 1)
    return (value | 1 << 7 * width).to_bytes(width, "big")


def vint(data: memoryview, offset: int) -> tuple[int | None, int]:
    """A variable-size integer and the offset after it; None for "unknown".

    Raises:
        DamagedFile: there is none.
    """
    if offset >= len(data) or not data[offset]:
        raise DamagedFile(f"there is no EBML length at offset {offset}")
    width = 9 - data[offset].bit_length()
    if offset + width > len(data):
        raise DamagedFile(f"the EBML length at offset {offset} is cut short")
    mask = (1 << 7 * width) - 1
    value = int.from_bytes(data[offset : offset + width], "big") & mask
    return (None if value == mask else value), offset + width


def children(data: memoryview) -> Iterator[Element]:
    """The elements of a buffer, one after the other.

    Raises:
        DamagedFile: they do not fill it.
    """
    offset = 0
    while offset < len(data):
        _, body = vint(data, offset)
        identifier = int.from_bytes(data[offset:body], "big")
        size, start = vint(data, body)
        end = len(data) if size is None else start + size
        if end > len(data):
            raise DamagedFile(f"the EBML element {identifier:x} at offset {offset} is cut short")
        yield Element(identifier, data[start:end], data[offset:end])
        offset = end


def _name(identifier: int) -> bytes:
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
