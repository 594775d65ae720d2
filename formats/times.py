"""TIME, the presentation time of each frame, as zigzag LEB128 deltas."""

from __future__ import annotations

from collections.abc import Sequence

from ncodec.formats.errors import DamagedFile, UsageError
from ncodec.formats.limits import Limits

__all__ = ["pack_times", "unpack_times", "unpack_varint", "varint"]

_VARINT_BYTES = 10
_LOW, _HIGH = -(1 << 63), 1 << 63


def pack_times(times: Sequence[int]) -> bytes:
    """Packs times in ticks of HEAD's time base, the first delta from 0; UsageError past int64."""
    out = bytearray()
    previous = 0
    for time in times:
        if not _LOW <= time < _HIGH:
            raise UsageError(f"presentation time {time} does not fit in 64 bits")
        delta = time - previous
        out += varint(2 * delta if delta >= 0 else -2 * delta - 1)
        previous = time
    return bytes(out)


def unpack_times(payload: bytes, limits: Limits | None = None) -> tuple[int, ...]:
    """The inverse of `pack_times`; DamagedFile for a varint that is cut or too long."""
    limits = limits or Limits()
    limits.check("frames", sum(byte < 128 for byte in payload))
    times = []
    time = position = 0
    while position < len(payload):
        code, position = unpack_varint(payload, position, "TIME")
        time += -(code + 1) // 2 if code % 2 else code // 2
        if not _LOW <= time < _HIGH:
            raise DamagedFile(f"TIME has a time of {time}, which does not fit in 64 bits")
        times.append(time)
    return tuple(times)


def varint(value: int) -> bytes:
    """The LEB128 of `value`: seven bits a byte, low bits first, the high bit set on all bytes but
    the last."""
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def unpack_varint(data: bytes, position: int, what: str) -> tuple[int, int]:
    """The shortest-form LEB128 number at `position`, and the offset after it."""
    value = 0
    for shift, byte in enumerate(data[position : position + _VARINT_BYTES]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            if byte == 0 and shift:
                break
            return value, position + shift + 1
    raise DamagedFile(f"{what} has a varint that is cut, too long or not the shortest")
