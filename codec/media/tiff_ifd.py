"""The directories of tags that TIFF files and EXIF data are made of (TIFF 6.0, section 2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

__all__ = [
    "Directory",
    "Field",
    "exif_data",
    "packed",
    "parse_tiff",
    "rationals",
    "read_directory",
    "shorts",
]

ByteOrder = Literal["<", ">"]

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I"}
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_CHILDREN = frozenset((34665, 34853, 40965))
"""The tags that point at further directories: EXIF, GPS, interoperability."""
_DEEPEST = 4

_STRUCTURE = frozenset(
    (
        *(*range(255, 260), 262, *range(264, 267), 273, *range(277, 280), 284, *range(288, 290)),
        *(292, 293, 317, *range(320, 326), 330, *range(338, 342), 347, 400, 700),
        *(*range(512, 522), *range(529, 533), 34675),
    )
)
"""The tags that describe how the samples are stored, or that `Metadata` has a field of its own
for."""


@dataclass(frozen=True, slots=True)
class Field:
    """A tag's value as stored: `count` values of TIFF type `kind`."""

    kind: int
    count: int
    data: bytes


@dataclass(slots=True)
class Directory:
    """A directory of tags in its file's byte order."""

    order: ByteOrder
    fields: dict[int, Field] = field(default_factory=dict)
    children: dict[int, Directory] = field(default_factory=dict)
    next_offset: int = 0

    def integers(self, tag: int) -> tuple[int, ...]:
        """The values of an integer tag; empty where it is absent or of another type."""
        field = self.fields.get(tag)
        if field is None or field.kind not in _INTEGERS:
            return ()
        return struct.unpack(f"{self.order}{field.count}{_INTEGERS[field.kind]}", field.data)

    def integer(self, tag: int, default: int) -> int:
        return next(iter(self.integers(tag)), default)

    def rational(self, tag: int) -> Fraction:
        """The value of a rational tag; 0 where it is absent, of another type, or no number."""
        field = self.fields.get(tag)
        if field is None or field.kind != _RATIONAL or field.count != 1:
            return Fraction(0)
        numerator, denominator = struct.unpack(f"{self.order}2I", field.data)
        return Fraction(numerator, denominator) if denominator else Fraction(0)

    def blob(self, tag: int) -> bytes:
        return self.fields[tag].data if tag in self.fields else b""

    def set(self, tag: int, *values: int) -> None:
        self.fields[tag] = packed(self.order, *values)

    def descriptive(self) -> Directory:
        """The directory without the tags that say how the samples are stored."""
        fields = {tag: value for tag, value in self.fields.items() if tag not in _STRUCTURE}
        return Directory(self.order, fields, dict(self.children))

    def stored(self, offset: int) -> bytes:
        """The directory's bytes in a file at `offset`, with its children after it."""
        tags = sorted({*self.fields, *self.children})
        entries = [struct.pack(self.order + "H", len(tags))]
        at = offset + 2 + 12 * len(tags) + 4
        after: list[bytes] = []
        for tag in tags:
            if tag in self.children:
                body = self.children[tag].stored(at)
                value = Field(_LONG, 1, struct.pack(self.order + "I", at))
            else:
                value = self.fields[tag]
                body = value.data if len(value.data) > 4 else b""
            inline = value.data if len(value.data) <= 4 else struct.pack(self.order + "I", at)
            head = struct.pack(self.order + "HHI", tag, value.kind, value.count)
            entries.append(head + inline.ljust(4, b"\0"))
            body += b"\0" * (len(body) % 2)
            after.append(body)
            at += len(body)
        return b"".join((*entries, bytes(4), *after))


def packed(order: ByteOrder, *values: int) -> Field:
    """A field of LONG values."""
    return Field(_LONG, len(values), struct.pack(f"{order}{len(values)}I", *values))


def shorts(order: ByteOrder, *values: int) -> Field:
    """A field of SHORT values."""
    return Field(_SHORT, len(values), struct.pack(f"{order}{len(values)}H", *values))


def rationals(order: ByteOrder, *values: Fraction) -> Field:
    """A field of RATIONAL values."""
    numbers = [number for value in values for number in value.as_integer_ratio()]
    return Field(_RATIONAL, len(values), struct.pack(f"{order}{len(numbers)}I", *numbers))


def parse_tiff(data: bytes) -> Directory:
    """The first directory of a TIFF file or of EXIF data.

    Raises:
        ValueError: it has no TIFF header, or its directory does not lie in it.
    """
    orders: dict[bytes, ByteOrder] = {b"II*\0": "<", b"MM\0*": ">"}
    order = orders.get(data[:4])
    if order is None or len(data) < 8:
        raise ValueError("no TIFF header")
    return read_directory(data, int(struct.unpack(order + "I", data[4:8])[0]), order)


def read_directory(data: bytes, offset: int, order: ByteOrder, depth: int = 0) -> Directory:
    """The directory at `offset` and those under it. Fields that lie outside are left out.

    Raises:
        ValueError: the directory itself lies outside.
    """
    if not 8 <= offset <= len(data) - 2 or depth == _DEEPEST:
        raise ValueError("a directory outside the data")
    (count,) = struct.unpack_from(order + "H", data, offset)
    end = offset + 2 + 12 * count
    if end + 4 > len(data):
        raise ValueError("a directory that is cut short")
    directory = Directory(order, next_offset=int(struct.unpack_from(order + "I", data, end)[0]))
    for at in range(offset + 2, end, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        size = _TYPE_BYTES.get(kind, 0) * number
        start = at + 8 if size <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
        if kind not in _TYPE_BYTES or start + size > len(data):
            continue
        value = Field(kind, number, data[start : start + size])
        if tag in _CHILDREN:
            target = struct.unpack(order + "I", value.data)[0] if size == 4 else 0
            try:
                directory.children[tag] = read_directory(data, target, order, depth + 1)
            except ValueError:
                continue
        else:
            directory.fields[tag] = value
    return directory


def exif_data(directory: Directory) -> bytes:
    """The bytes of EXIF data with the descriptive tags; empty where there are none."""
    described = directory.descriptive()
    if not described.fields and not described.children:
        return b""
    header = b"II*\0" if directory.order == "<" else b"MM\0*"
    return header + struct.pack(directory.order + "I", 8) + described.stored(8)
