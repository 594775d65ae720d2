"""INDX and the tail: where every box of a file is."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

from ncodec.formats import cbor
from ncodec.formats.boxes import CONF, HEAD, ONCE, OVERHEAD, SEGM, SIGNATURE, is_type
from ncodec.formats.errors import DamagedFile
from ncodec.formats.limits import Limits

__all__ = [
    "TAIL_BYTES",
    "Box",
    "BoxEntry",
    "check_layout",
    "check_order",
    "pack_index",
    "pack_tail",
    "unpack_index",
    "unpack_tail",
]

_END = b"NCCEND\r\n"
_TAIL = struct.Struct("<QII8s")
TAIL_BYTES = _TAIL.size


@dataclass(frozen=True, slots=True)
class BoxEntry:
    """One line of INDX: `offset` of the box header, `length` of the payload.

    `first_frame` and `frame_count` are 0 for all but SEGM.
    """

    type: str
    offset: int
    length: int
    first_frame: int = 0
    frame_count: int = 0

    @property
    def end(self) -> int:
        return self.offset + self.length + OVERHEAD


class Box(NamedTuple):
    """A box that is in no file yet."""

    type: str
    payload: bytes
    first_frame: int = 0
    frame_count: int = 0

    def entry(self, offset: int) -> BoxEntry:
        return BoxEntry(self.type, offset, len(self.payload), self.first_frame, self.frame_count)


def pack_index(entries: Iterable[BoxEntry]) -> bytes:
    return cbor.dumps([[e.type, e.offset, e.length, e.first_frame, e.frame_count] for e in entries])


def unpack_index(payload: bytes, limits: Limits) -> list[BoxEntry]:
    """Reads INDX's payload; DamagedFile for wrong types. Whether the entries agree with the file is
    not known yet."""
    rows = cbor.loads(payload, "INDX", limits)
    if not isinstance(rows, list):
        raise DamagedFile("INDX is not a list")
    limits.check("boxes", len(rows))
    if not all(_is_row(row) for row in rows):
        raise DamagedFile("INDX has a line that is not a type and four numbers")
    return [BoxEntry(*row) for row in rows]


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 5
        and isinstance(row[0], str)
        and is_type(row[0].encode())
        and all(type(n) is int and n >= 0 for n in row[1:])
        and (row[0] == SEGM or row[3:] == [0, 0])
    )


def pack_tail(index_offset: int) -> bytes:
    """The 24 bytes of the tail, of which the CRC-32 covers the other 20."""
    crc = crc32(struct.pack("<QI8s", index_offset, 0, _END))
    return _TAIL.pack(index_offset, crc, 0, _END)


def unpack_tail(data: bytes) -> int:
    """The offset of INDX; DamagedFile where `data` is not a tail."""
    if len(data) == TAIL_BYTES:
        offset: int = _TAIL.unpack(data)[0]
        if data == pack_tail(offset):
            return offset
    raise DamagedFile("the file does not end with an intact tail, so it was cut or damaged")


def check_layout(entries: Sequence[BoxEntry], index_offset: int) -> None:
    """Checks that boxes follow one another from the signature to INDX, without holes or overlap."""
    position = len(SIGNATURE)
    for entry in entries:
        if entry.offset != position:
            raise DamagedFile(f"INDX has a hole or an overlap at offset {position}")
        position = entry.end
    if position != index_offset:
        raise DamagedFile(f"INDX stands at offset {index_offset}, its last box ends at {position}")


def check_order(entries: Sequence[BoxEntry]) -> None:
    """Checks that HEAD comes first, CONF before SEGM, that there is a SEGM, that single boxes occur
    once, and that frames are in order."""
    types = [entry.type for entry in entries]
    if types[:1] != [HEAD]:
        raise DamagedFile("the first box is not HEAD")
    for kind in ONCE:
        if types.count(kind) > 1:
            raise DamagedFile(f"the file has {types.count(kind)} {kind} boxes, one is allowed")
    if SEGM not in types:
        raise DamagedFile("the file has no segment")
    if CONF in types[types.index(SEGM) :]:
        raise DamagedFile("a CONF box comes after the first segment")
    end = 0
    for entry in entries:
        if entry.type == SEGM:
            if entry.first_frame < end:
                raise DamagedFile(f"segments overlap at frame {entry.first_frame}")
            end = entry.first_frame + entry.frame_count
