"""The bytes of an image: its rate, its size, and the coded latents.

    rate u8 | width varint | height varint | 32-bit words of the range coder

In packet mode the bytes of `ncodec.formats.packet` stand around them, with the start of the
model's BLAKE3 as the agreement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Limits, pack_packet, unpack_packet
from ncodec.formats.packet import AGREEMENT_BYTES
from ncodec.formats.times import unpack_varint, varint
from ncodec.student.model import StudentModel

__all__ = ["Latents", "open_packet", "pack", "packet", "unpack"]


@dataclass(frozen=True)
class Latents:
    """The latents of an image, as entropy decoding yields them.

    Attributes:
        rate: number, from 1.
        width, height: the prepared image's.
        values: int32 [channels, rows, columns].
    """

    rate: int
    width: int
    height: int
    values: NDArray[np.int32]


def pack(latents: Latents, model: StudentModel) -> bytes:
    """Packs latents as a payload."""
    head = bytes([latents.rate]) + varint(latents.width) + varint(latents.height)
    return head + model.rate(latents.rate).prior.encode(latents.values)


def unpack(data: bytes, model: StudentModel, limits: Limits | None = None) -> Latents:
    """Reads the latents that `pack` was given.

    Raises:
        DamagedFile: it is no payload of this model.
        LimitExceeded: it claims a larger image than the limits allow.
    """
    limits = limits or Limits()
    if not data:
        raise DamagedFile("a payload of no bytes is cut: send it again")
    width, position = unpack_varint(data, 1, "the payload")
    height, position = unpack_varint(data, position, "the payload")
    limits.check("width", width)
    limits.check("height", height)
    limits.check("frame_pixels", width * height)
    sides = [model.architecture.latent_side(side) for side in (height, width)]
    if min(sides) < 1:
        raise DamagedFile(f"a payload of a {width}x{height} image cannot be: send it again")
    try:
        rate = model.rate(data[0])
    except UsageError as error:
        raise DamagedFile(f"the payload is damaged: {error}") from None
    values = rate.prior.decode(data[position:], *sides)
    return Latents(data[0], width, height, values)


def packet(payload: bytes, model: StudentModel) -> bytes:
    """A payload with what a stream needs around it: version, model, length and CRC."""
    return pack_packet(payload, model.digest[:AGREEMENT_BYTES])


def open_packet(data: bytes, model: StudentModel) -> Latents:
    """The latents of one packet; errors as `unpack_packet` and `unpack`."""
    return unpack(unpack_packet(data, model.digest[:AGREEMENT_BYTES]), model)
