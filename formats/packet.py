"""Bare packets: a payload between two parties that agreed on HEAD and model beforehand.

    version u8 = 1 | flags u8 = 0 | agreement 4 B | length varint | payload | crc32 u32 LE

No signature, no index: 11 bytes around a payload below 128 bytes, 12 below 16 KiB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from blake3 import blake3

from ncodec.formats.conf import Conf
from ncodec.formats.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.formats.header import Header
from ncodec.formats.limits import Limits
from ncodec.formats.times import unpack_varint, varint

__all__ = ["AGREEMENT_BYTES", "agreement", "iter_packets", "pack_packet", "unpack_packet"]

AGREEMENT_BYTES = 4
_VERSION, _FLAGS = 1, 0
_CRC_BYTES = 4


def agreement(header: Header, confs: Iterable[Conf] = ()) -> bytes:
    """The four bytes that tell one agreed HEAD and model from another.

    The start of the BLAKE3 of HEAD's payload followed by the digest of each CONF's content.
    """
    digests = b"".join(conf.digest for conf in confs)
    return blake3(header.pack() + digests).digest(AGREEMENT_BYTES)


def pack_packet(payload: bytes, agreed: bytes) -> bytes:
    """A packet of `payload` for a receiver that computed the same `agreement`."""
    if len(agreed) != AGREEMENT_BYTES:
        raise UsageError(f"the agreement has {len(agreed)} bytes but must have {AGREEMENT_BYTES}")
    body = bytes([_VERSION, _FLAGS]) + agreed + varint(len(payload)) + payload
    return body + crc32(body).to_bytes(_CRC_BYTES, "little")


def unpack_packet(data: bytes, agreed: bytes, limits: Limits | None = None) -> bytes:
    """The payload of the one packet that `data` is.

    Raises DamagedFile where it is cut, changed or longer, UnsupportedFormat where an intact
    packet was made for another agreement or by a newer version.
    """
    payload, end = _unpack(data, 0, agreed, limits or Limits())
    if end != len(data):
        raise DamagedFile(f"{len(data) - end} bytes follow the packet: send it again")
    return payload


def iter_packets(data: bytes, agreed: bytes, limits: Limits | None = None) -> Iterator[bytes]:
    """The payloads of packets that stand one after another; errors as `unpack_packet`."""
    position = 0
    while position < len(data):
        payload, position = _unpack(data, position, agreed, limits or Limits())
        yield payload


def _unpack(data: bytes, start: int, agreed: bytes, limits: Limits) -> tuple[bytes, int]:
    fixed = start + 2 + AGREEMENT_BYTES
    length, position = unpack_varint(data, fixed, "the packet")
    limits.check("box_bytes", length)
    end = position + length
    stored = data[end : end + _CRC_BYTES]
    if crc32(data[start:end]).to_bytes(_CRC_BYTES, "little") != stored:
        raise DamagedFile("the packet is cut or its CRC is wrong: send it again")
    if data[start] != _VERSION or data[start + 1] != _FLAGS:
        raise UnsupportedFormat(
            f"the packet has version {data[start]} and flags {data[start + 1]}, this ncodec reads "
            f"version {_VERSION} without flags: install a newer ncodec"
        )
    stamp = data[start + 2 : fixed]
    if stamp != agreed:
        raise UnsupportedFormat(
            f"the packet was made for agreement {stamp.hex()} and this receiver has "
            f"{agreed.hex()}: give both sides the same header and model"
        )
    return data[position:end], end + _CRC_BYTES
