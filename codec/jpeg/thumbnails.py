"""The first section of a picture: its outline, and thumbnails that were files in its headers.

Cameras and editors put a small JPEG file into EXIF or Photoshop's blocks. One that can be rebuilt
is coded as a picture of its own, where that is shorter than its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ncodec.dct.coder import decode_stripe, encode_stripe
from ncodec.formats.times import unpack_varint, varint
from ncodec.jpeg.headers import Unsupported
from ncodec.jpeg.huffman import intervals
from ncodec.jpeg.packing import MOST_THUMBNAILS, Outline, compressed, damaged
from ncodec.jpeg.rebuild import Jpeg, frame_of, parse, rebuild, room_for

__all__ = ["pack_section", "split_section", "thumbnails", "unpack_section"]

_START = b"\xff\xd8\xff"
_LARGEST = 0xFFFF
"""Bytes of a thumbnail: those of a marker segment."""


_BEST = 1 << 5
"""In a section's first byte, beside the number of thumbnails: its picture is coded with effort
`best`."""


def pack_section(outline: Outline, best: bool = False) -> bytes:
    """The section of a picture's outline, which says how the picture is coded, too."""
    pictures: dict[bytes, bytes] = {}
    found = []
    for place, jpeg in thumbnails(outline.headers):
        data = outline.headers[place : place + jpeg.size]
        if data not in pictures:
            pictures[data] = _packed(jpeg)
        if len(pictures[data]) < len(compressed(data)):
            found.append((place, data))
    rest, distinct = outline.without(found)
    parts = [varint(len(pictures[data])) + pictures[data] for data in distinct]
    return bytes([len(parts) | (_BEST if best else 0)]) + b"".join(parts) + rest.pack()


def unpack_section(section: bytes) -> tuple[Outline, bool]:
    """What `pack_section` was given.

    Raises:
        DamagedFile: the section is none of a picture.
        LimitExceeded: it inflates to more than a file may.
    """
    pictures, packed, best = split_section(section)
    outline = Outline.unpack(packed)
    return outline.with_thumbnails([_unpacked(picture) for picture in pictures]), best


def split_section(section: bytes) -> tuple[list[bytes], bytes, bool]:
    """The thumbnails in a section and the outline, both packed; whether the picture is coded with
    effort `best`.

    Raises:
        DamagedFile: the section is none of a picture.
    """
    found = []
    at = 1
    first = section[0] if section else 0
    count = first & ~_BEST
    if count > MOST_THUMBNAILS:
        raise damaged(f"it has more than {MOST_THUMBNAILS} thumbnails")
    for _ in range(count):
        picture, at = _take(section, at)
        found.append(picture)
    return found, section[at:], bool(first & _BEST)


def thumbnails(headers: bytes) -> Iterator[tuple[int, Jpeg]]:
    """The files in headers that can be rebuilt, and where they begin."""
    at = 2
    for _ in range(MOST_THUMBNAILS):
        at = headers.find(_START, at)
        if at < 0:
            return
        try:
            jpeg = parse(headers[at : at + _LARGEST])
        except Unsupported:
            at += 1
            continue
        yield at, jpeg
        at += jpeg.size


def _packed(jpeg: Jpeg) -> bytes:
    frame, quantisers, _ = frame_of(jpeg.headers)
    streams = encode_stripe(frame, quantisers, jpeg.coefficients, range(frame.mcus[1]))
    parts = (Outline.of(jpeg).pack(), *streams)
    return b"".join(varint(len(part)) + part for part in parts)


def _unpacked(picture: bytes) -> bytes:
    packed, at = _take(picture, 0)
    outline = Outline.unpack(packed)
    if outline.size > _LARGEST or outline.places:
        raise damaged("a thumbnail is larger than its place")
    streams = []
    while at < len(picture):
        stream, at = _take(picture, at)
        streams.append(stream)
    try:
        frame, quantisers, scans = frame_of(outline.headers)
        coefficients = room_for(frame, outline.size)
        decode_stripe(streams, frame, quantisers, coefficients, range(frame.mcus[1]))
        return rebuild(outline.jpeg(coefficients, sum(map(intervals, scans)), len(scans)))
    except Unsupported as error:
        raise damaged(f"a thumbnail cannot be written again: {error}") from None


def _take(data: bytes, at: int) -> tuple[bytes, int]:
    """The bytes at `at` behind their number, and where they end."""
    length, at = unpack_varint(data, at, "a JPEG file's section")
    if length > len(data) - at:
        raise damaged("a part reaches beyond its section")
    return data[at : at + length], at + length
