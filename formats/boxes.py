"""Framing of one box: type, flags, version, reserved, length, payload, CRC-32."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

from ncodec.formats.errors import DamagedFile

__all__ = [
    "CONF",
    "CRC_BYTES",
    "HDR",
    "HEAD",
    "HEADER_BYTES",
    "INDX",
    "KNOWN",
    "META",
    "MKA",
    "ONCE",
    "OVERHEAD",
    "SEGM",
    "SIGNATURE",
    "TIME",
    "BoxHeader",
    "is_type",
    "pack_box",
]

SIGNATURE = b"\x89NCC\r\n\x1a\n"

HEAD, CONF, SEGM, TIME = "HEAD", "CONF", "SEGM", "TIME"
HDR, MKA, META, INDX = "hdr_", "mka_", "meta", "INDX"
KNOWN = (HEAD, CONF, SEGM, TIME, HDR, MKA, META, INDX)
ONCE = (HEAD, TIME, HDR, MKA, META)
"""The types of boxes that a file holds at most once (INDX, too, but it does not list itself)."""

_HEADER = struct.Struct("<4sBBHQ")
HEADER_BYTES = _HEADER.size
CRC_BYTES = 4
OVERHEAD = HEADER_BYTES + CRC_BYTES


@dataclass(frozen=True, slots=True)
class BoxHeader:
    """The 16 bytes before a payload; `length` is the payload's."""

    type: str
    length: int
    flags: int = 0
    version: int = 0
    reserved: int = 0

    @property
    def critical(self) -> bool:
        return self.type[0].isupper()

    @property
    def skippable(self) -> bool:
        """Whether this is an ancillary box of a type or version that this reader does not know."""
        return not self.critical and (self.type not in KNOWN or self.version != 0)

    @property
    def unsupported(self) -> str | None:
        """The reason why this reader may not go on, or None."""
        if self.flags or self.reserved:
            return "has flags that this version does not know"
        if self.critical and self.type not in KNOWN:
            return "is of a critical type that this version does not know"
        if self.critical and self.version:
            return f"has version {self.version}, this version reads 0"
        return None

    def pack(self) -> bytes:
        name = self.type.encode("ascii")
        return _HEADER.pack(name, self.flags, self.version, self.reserved, self.length)

    @classmethod
    def unpack(cls, data: bytes, offset: int) -> BoxHeader:
        """Reads a header that stands at `offset` of the file; DamagedFile if it is none."""
        if len(data) < HEADER_BYTES:
            raise DamagedFile(f"the file ends within a box header at offset {offset}")
        name, flags, version, reserved, length = _HEADER.unpack_from(data)
        if not is_type(name):
            raise DamagedFile(f"there is no box at offset {offset}")
        return cls(name.decode("ascii"), length, flags, version, reserved)


def is_type(name: bytes) -> bool:
    """Whether `name` can be a box's type: a letter, then three letters, digits or underscores."""
    return len(name) == 4 and name[:1].isalpha() and name.replace(b"_", b"0").isalnum()


def pack_box(kind: str, payload: bytes) -> bytes:
    """The bytes of a whole box, version 0."""
    body = BoxHeader(kind, len(payload)).pack() + payload
    return body + crc32(body).to_bytes(CRC_BYTES, "little")
