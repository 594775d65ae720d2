"""The short form of a file: the same boxes in fewer bytes, with one CRC-32 at the end.

    signature[4] | head | box* | crc32 u32 LE

A file whose loss is whole anyway, as its one segment is lost or as it is small, needs no index and
no checksums of parts. What is read from it are the boxes of the long file that it stands for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ncodec.formats import cbor
from ncodec.formats.boxes import (
    CONF,
    CRC_BYTES,
    HDR,
    HEAD,
    INDX,
    META,
    MKA,
    SEGM,
    SIGNATURE,
    TIME,
    pack_box,
)
from ncodec.formats.errors import DamagedFile, UnsupportedFormat
from ncodec.formats.index import Box, BoxEntry, pack_index, pack_tail
from ncodec.formats.limits import Limits
from ncodec.formats.segment import HASH_BYTES, Segment
from ncodec.formats.times import unpack_varint, varint

__all__ = ["MOST_BYTES", "SHORT_SIGNATURE", "is_short", "long_of", "pack_short"]

SHORT_SIGNATURE = b"\x89NCS"

MOST_BYTES = 1 << 16
"""Payloads of a short file of several segments: one that is larger is worth an index."""

_TYPES = (SEGM, CONF, TIME, HDR, MKA, META)
"""The type of a box is its position here."""

_CODECS = ("pc-jpeg", "pc-photo", "pc-hclt", "pc-idf", "entropic-student")
_PIXELS = (
    *("gray", "ya8", "rgb24", "rgba", "cmyk", "gray16le", "ya16le", "rgb48le", "rgba64le"),
    *("yuv420p", "yuv422p", "yuv444p", "gbrp", ""),
)
"""Names that take a byte, their position; others take their length and themselves."""
_TEXT = 128

# Keys of HEAD that have places of their own; the others stand in a map.
_MAJOR, _CODEC, _VERSION, _KIND = 0, 2, 3, 4
_WIDTH, _HEIGHT, _FRAMES, _FORMAT, _FULL = 5, 6, 7, 9, 14
_DEFAULTS: dict[int, Any] = {_WIDTH: 0, _HEIGHT: 0, _FRAMES: 0, _FORMAT: "", _FULL: False}

# Bits of a head's first byte, above the two of the media kind.
_IS_FULL, _HAS_FRAMES, _HAS_REST, _UNKNOWN = 4, 8, 16, 0xE0


def is_short(start: bytes) -> bool:
    """Whether a file that begins with `start` is a short one."""
    return start.startswith(SHORT_SIGNATURE)


def pack_short(boxes: Sequence[Box]) -> bytes:
    """The short file of a long one's boxes, HEAD first; segments count from 0 without gaps."""
    out = [SHORT_SIGNATURE, _pack_head(boxes[0].payload)]
    for box in boxes[1:]:
        out.append(bytes([_TYPES.index(box.type)]))
        if box.type == SEGM:
            out += _pack_segment(Segment.unpack(box.payload))
        else:
            out += [varint(len(box.payload)), box.payload]
    body = b"".join(out)
    return body + crc32(body).to_bytes(CRC_BYTES, "little")


def long_of(data: bytes, limits: Limits | None = None) -> bytes:
    """The long file that a short one stands for.

    Raises:
        DamagedFile: it is none, cut or changed.
        UnsupportedFormat: it is intact, and of a later version.
        LimitExceeded: it has more boxes or sections than the limits allow.
    """
    out, position = [SIGNATURE], len(SIGNATURE)
    entries: list[BoxEntry] = []
    for box in _unpacked(data, limits or Limits()):
        entries.append(box.entry(position))
        out.append(pack_box(box.type, box.payload))
        position = entries[-1].end
    out += [pack_box(INDX, pack_index(entries)), pack_tail(position)]
    return b"".join(out)


def _unpacked(data: bytes, limits: Limits) -> Iterator[Box]:
    body, crc = data[:-CRC_BYTES], data[-CRC_BYTES:]
    if crc32(body).to_bytes(CRC_BYTES, "little") != crc:
        raise DamagedFile("its CRC is wrong")
    walk = _Walk(body, len(SHORT_SIGNATURE), limits)
    yield Box(HEAD, walk.head())
    index = frame = 0
    for count in itertools.count(1):
        if walk.at == len(body):
            return
        limits.check("boxes", count + 1)
        number = walk.byte()
        if number >= len(_TYPES):
            raise UnsupportedFormat(
                f"the file has a box of type {number}, which this ncodec does not know: install a "
                "newer ncodec"
            )
        kind = _TYPES[number]
        if kind == SEGM:
            segment = walk.segment(index, frame)
            yield Box(SEGM, segment.pack(), frame, segment.frame_count)
            index, frame = index + 1, frame + segment.frame_count
        else:
            yield Box(kind, walk.take(walk.number()))


def _pack_head(payload: bytes) -> bytes:
    record = cbor.loads(payload, HEAD)
    own = {_MAJOR, _CODEC, _VERSION, _KIND, *_DEFAULTS}
    values = _DEFAULTS | record
    rest = {key: value for key, value in record.items() if key not in own}
    frames = values[_FRAMES]
    flags = values[_KIND] | _IS_FULL * values[_FULL]
    flags |= _HAS_FRAMES * (frames != 1) | _HAS_REST * bool(rest)
    parts = [
        bytes([flags]),
        _pack_name(values[_CODEC], _CODECS),
        bytes([values[_VERSION]]),
        varint(values[_WIDTH]),
        varint(values[_HEIGHT]),
        varint(frames) if frames != 1 else b"",
        _pack_name(values[_FORMAT], _PIXELS),
    ]
    if rest:
        packed = cbor.dumps(rest)
        parts += [varint(len(packed)), packed]
    return b"".join(parts)


def _pack_name(name: str, known: tuple[str, ...]) -> bytes:
    if name in known:
        return bytes([known.index(name)])
    return bytes([_TEXT + len(name)]) + name.encode("ascii")


def _pack_segment(segment: Segment) -> Iterable[bytes]:
    quality = 0 if segment.psnr is None else 1 + round(segment.psnr * 1000)
    numbers = (
        segment.frame_count,
        2 * quality + (not segment.independent),
        len(segment.sections),
        *map(len, segment.sections),
    )
    yield from map(varint, numbers)
    yield from segment.sections
    yield segment.integer_hash.to_bytes(HASH_BYTES, "little")


@dataclass
class _Walk:
    """Reads from `at` on; nothing is allocated that the body does not have."""

    body: bytes
    at: int
    limits: Limits

    def take(self, count: int) -> bytes:
        if count > len(self.body) - self.at:
            raise DamagedFile(f"it has {len(self.body) - self.at} bytes left where {count} follow")
        self.at += count
        return self.body[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        value, self.at = unpack_varint(self.body, self.at, "the short file")
        return value

    def name(self, known: tuple[str, ...]) -> str:
        number = self.byte()
        if number >= _TEXT:
            return self.take(number - _TEXT).decode("ascii", "replace")
        if number >= len(known):
            raise UnsupportedFormat(
                f"the file has a name of number {number}, which this ncodec does not know: "
                "install a newer ncodec"
            )
        return known[number]

    def head(self) -> bytes:
        """HEAD's payload."""
        flags = self.byte()
        if flags & _UNKNOWN:
            raise UnsupportedFormat(
                f"the file has flags {flags:#04x}, which this ncodec does not know: install a "
                "newer ncodec"
            )
        values = {
            _MAJOR: 1,
            _CODEC: self.name(_CODECS),
            _VERSION: self.byte(),
            _KIND: flags & 3,
            _WIDTH: self.number(),
            _HEIGHT: self.number(),
            _FRAMES: self.number() if flags & _HAS_FRAMES else 1,
            _FORMAT: self.name(_PIXELS),
            _FULL: bool(flags & _IS_FULL),
        }
        record = {key: value for key, value in values.items() if value != _DEFAULTS.get(key)}
        if flags & _HAS_REST:
            rest = cbor.loads(self.take(self.number()), HEAD, self.limits)
            if not isinstance(rest, dict) or rest.keys() & values.keys():
                raise DamagedFile("its head has a field twice")
            record |= rest
        return cbor.dumps(record)

    def segment(self, index: int, first: int) -> Segment:
        count, about, sections = self.number(), self.number(), self.number()
        self.limits.check("sections", sections)
        lengths = [self.number() for _ in range(sections)]
        parts = tuple(self.take(length) for length in lengths)
        quality = about >> 1
        psnr = (quality - 1) / 1000 if quality else None
        found = int.from_bytes(self.take(HASH_BYTES), "little")
        return Segment(index, first, count, parts, found, not about & 1, psnr)
