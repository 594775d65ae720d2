"""The directories of tags that TIFF files and EXIF data are made of (TIFF 6.0, section 2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

__all__ = [
    "ByteOrder",
    "Directory",
    "Field",
    "exif_data",
    "further_directories",
    "packed",
    "pages_of",
    "parse_tiff",
    "rationals",
    "shorts",
]

ByteOrder = Literal["<", ">"]

_HEADERS: dict[bytes, tuple[ByteOrder, bool]] = {
    **{b"II*\0": ("<", False), b"MM\0*": (">", False)},
    **{b"II+\0": ("<", True), b"MM\0+": (">", True)},
}
"""Byte order, and whether it is BigTIFF, by the first four bytes."""

_TYPE_BYTES = {
    **{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4},
    **{16: 8, 17: 8, 18: 8},
}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_OF_BIG_TIFF = 16
"""The first of the types that only BigTIFF has."""
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_ELEMENTS = {2: (3, 8), 4: (4, 5, 9, 10, 11, 13), 8: (12,)}
"""The types of values of so many bytes, of which a rational has two."""
_KIND = 254
_SMALLER, _MASK = 1, 4
"""Bits of NewSubfileType: a smaller version of another picture of the file, and a mask of one."""
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
        fields = {
            tag: value
            for tag, value in self.fields.items()
            if tag not in _STRUCTURE and value.kind < _OF_BIG_TIFF
        }
        return Directory(self.order, fields, dict(self.children))

    def in_order(self, order: ByteOrder) -> Directory:
        """The same in this byte order."""
        if order == self.order:
            return self
        fields = {}
        for tag, value in self.fields.items():
            size = next((size for size, kinds in _ELEMENTS.items() if value.kind in kinds), 1)
            parts = [value.data[at : at + size][::-1] for at in range(0, len(value.data), size)]
            fields[tag] = Field(value.kind, value.count, b"".join(parts))
        children = {tag: child.in_order(order) for tag, child in self.children.items()}
        return Directory(order, fields, children)

    def stored(self, offset: int, *, followed: bool = False) -> bytes:
        """The directory's bytes in a file at `offset`, with its children after it; `followed`: and
        another directory after these."""
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
        following = struct.pack(self.order + "I", at if followed else 0)
        return b"".join((*entries, following, *after))


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
    """The first directory of a TIFF or BigTIFF file or of EXIF data.

    Raises:
        ValueError: it has no TIFF header, or its directory does not lie in it.
    """
    if data[:4] not in _HEADERS:
        raise ValueError("no TIFF header")
    order, big = _HEADERS[data[:4]]
    layout = _BIG if big else _CLASSIC
    if len(data) < layout.first + layout.offset_bytes:
        raise ValueError("no TIFF header")
    return _directory(data, layout.offset(data, layout.first, order), order, layout)


def further_directories(data: bytes, first: Directory) -> Iterator[Directory]:
    """The directories after the first one.

    Raises:
        ValueError: one lies outside, or comes again.
    """
    order, big = _HEADERS[data[:4]]
    layout, offset = _BIG if big else _CLASSIC, first.next_offset
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise ValueError("directories in a circle")
        seen.add(offset)
        directory = _directory(data, offset, order, layout)
        offset = directory.next_offset
        yield directory


def pages_of(data: bytes) -> tuple[list[Directory], bool]:
    """The directories of a TIFF's pages, and whether there are others: smaller versions of the
    pages, or masks of them; errors as of `further_directories`."""
    first = parse_tiff(data)
    further = list(further_directories(data, first))
    pages = [page for page in further if not page.integer(_KIND, 0) & (_SMALLER | _MASK)]
    return [first, *pages], len(pages) < len(further)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How directories are stored: where the first one's offset is, and codes of struct for the
    number of entries, and for offsets and numbers of values."""

    first: int
    count: str
    number: str

    @property
    def offset_bytes(self) -> int:
        return struct.calcsize(self.number)

    def offset(self, data: bytes, at: int, order: ByteOrder) -> int:
        return int(struct.unpack_from(order + self.number, data, at)[0])


_CLASSIC, _BIG = _Layout(4, "H", "I"), _Layout(8, "Q", "Q")


def _directory(
    data: bytes, offset: int, order: ByteOrder, layout: _Layout, depth: int = 0
) -> Directory:
    """The directory at `offset` and those under it. Fields that lie outside are left out."""
    head, inside = struct.calcsize(order + layout.count), layout.offset_bytes
    if not 8 <= offset <= len(data) - head or depth == _DEEPEST:
        raise ValueError("a directory outside the data")
    (count,) = struct.unpack_from(order + layout.count, data, offset)
    entry = 4 + 2 * inside
    end = offset + head + entry * count
    if end + inside > len(data):
        raise ValueError("a directory that is cut short")
    directory = Directory(order, next_offset=layout.offset(data, end, order))
    for at in range(offset + head, end, entry):
        tag, kind = struct.unpack_from(order + "HH", data, at)
        number = layout.offset(data, at + 4, order)
        size, start = _TYPE_BYTES.get(kind, 0) * number, at + 4 + inside
        if size > inside:
            start = layout.offset(data, start, order)
        if kind not in _TYPE_BYTES or start + size > len(data):
            continue
        value = Field(kind, number, data[start : start + size])
        if tag in _CHILDREN:
            single = number == 1 and kind in _INTEGERS
            target = struct.unpack(order + _INTEGERS[kind], value.data)[0] if single else 0
            try:
                directory.children[tag] = _directory(data, target, order, layout, depth + 1)
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
