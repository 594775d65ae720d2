"""SEGM, a run of frames that decodes on its own, and the hash of its decoded integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from ncodec.formats import cbor
from ncodec.formats.errors import DamagedFile, UsageError, VerificationFailed
from ncodec.formats.limits import Limits

__all__ = ["HASH_BYTES", "MiniHeader", "Segment", "integer_hash"]

HASH_BYTES = 8
_U32 = (1 << 32) - 1
_INDEX, _FIRST, _COUNT, _LENGTHS, _INDEPENDENT, _PSNR = range(6)


@dataclass(frozen=True, slots=True)
class MiniHeader:
    """The CBOR map before the sections; `end` is its length in bytes."""

    index: int
    first_frame: int
    frame_count: int
    lengths: tuple[int, ...]
    independent: bool
    psnr: float | None
    end: int

    @classmethod
    def unpack(cls, data: bytes, limits: Limits) -> MiniHeader:
        """Reads the map at the start of `data`, which may hold more.

        Raises DamagedFile for wrong types and ranges, LimitExceeded for counts over the limits.
        """
        end = cbor.item_end(data, "a segment's mini-header", limits)
        limits.check("header_bytes", end)
        record = cbor.loads(data[:end], "a segment's mini-header", limits)
        if not isinstance(record, dict) or not _plausible(record):
            raise DamagedFile("a segment's mini-header has wrong keys, types or ranges")
        limits.check("sections", len(record[_LENGTHS]))
        limits.check("frames", record[_FIRST] + record[_COUNT])
        return cls(
            record[_INDEX],
            record[_FIRST],
            record[_COUNT],
            tuple(record[_LENGTHS]),
            _INDEPENDENT not in record,
            record[_PSNR] / 1000 if _PSNR in record else None,
            end,
        )


@dataclass(frozen=True)
class Segment:
    """The frames `first_frame` to `first_frame + frame_count - 1`, as the codec's sections.

    Attributes:
        index: the position among the segments that were written, from 0.
        sections: the codec's byte strings; what each holds is the codec's page's to say.
        integer_hash: `integer_hash` of the integers that entropy decoding yields.
        independent: False where decoding needs the segment before.
        psnr: dB of the decoded frames as the encoder saw them, kept to 0.001 dB; None where the
            codec is lossless or the encoder did not measure.
        checked: whether `check` has found the integers to be the encoder's.
    """

    index: int
    first_frame: int
    frame_count: int
    sections: tuple[bytes, ...]
    integer_hash: int
    independent: bool = True
    psnr: float | None = None
    checked: bool = field(default=False, init=False, compare=False, repr=False)

    def check(self, arrays: Iterable[npt.NDArray[Any]]) -> None:
        """Compares decoded integers with `integer_hash`; every decoder does, before it goes on.

        Args:
            arrays: as the encoder gave them to `integer_hash`.

        Raises:
            VerificationFailed: they are other integers.
        """
        if integer_hash(arrays) != self.integer_hash:
            raise VerificationFailed(
                f"segment {self.index} decodes to other integers than its encoder wrote, though "
                "its bytes are intact: get another copy of the file, or another machine"
            )
        # What was found is no part of the value.
        object.__setattr__(self, "checked", True)

    def pack(self) -> bytes:
        """SEGM's payload; UsageError for values that it cannot hold."""
        header: dict[int, Any] = {
            _INDEX: self.index,
            _FIRST: self.first_frame,
            _COUNT: self.frame_count,
            _LENGTHS: [len(section) for section in self.sections],
        }
        if not self.independent:
            header[_INDEPENDENT] = False
        if self.psnr is not None:
            if not 0 <= self.psnr < 1000:
                raise UsageError(f"a segment's PSNR is {self.psnr} dB but must be 0 to 999.999")
            header[_PSNR] = round(self.psnr * 1000)
        if not _plausible(header):
            raise UsageError(
                f"segment {self.index!r} starts at frame {self.first_frame!r} and has "
                f"{self.frame_count!r} frames: give integers below 2^32 and at least one frame"
            )
        if not 0 <= self.integer_hash < 1 << 64:
            raise UsageError(f"integer hash {self.integer_hash} is not an unsigned 64-bit number")
        hash_bytes = self.integer_hash.to_bytes(HASH_BYTES, "little")
        return b"".join([cbor.dumps(header), *self.sections, hash_bytes])

    @classmethod
    def unpack(cls, payload: bytes, limits: Limits | None = None) -> Segment:
        """Reads SEGM's payload; DamagedFile where its parts do not fill it exactly."""
        mini = MiniHeader.unpack(payload, limits or Limits())
        if mini.end + sum(mini.lengths) + HASH_BYTES != len(payload):
            raise DamagedFile(
                f"segment {mini.index} has {len(payload)} bytes, "
                f"its sections need {mini.end + sum(mini.lengths) + HASH_BYTES}"
            )
        position = mini.end
        sections = []
        for length in mini.lengths:
            sections.append(payload[position : position + length])
            position += length
        return cls(
            mini.index,
            mini.first_frame,
            mini.frame_count,
            tuple(sections),
            int.from_bytes(payload[position:], "little"),
            mini.independent,
            mini.psnr,
        )


def _plausible(header: dict[Any, Any]) -> bool:
    required = {_INDEX, _FIRST, _COUNT, _LENGTHS}
    if not required <= header.keys() <= required | {_INDEPENDENT, _PSNR}:
        return False
    lengths = header[_LENGTHS]
    numbers = [header[_INDEX], header[_FIRST], header[_COUNT], header.get(_PSNR, 0)]
    return (
        all(type(n) is int and 0 <= n <= _U32 for n in numbers)
        and header[_COUNT] > 0
        and header.get(_PSNR, 0) <= 1_000_000
        and isinstance(lengths, list)
        and all(type(n) is int and n >= 0 for n in lengths)
        and header.get(_INDEPENDENT, False) is False
    )


def integer_hash(arrays: Iterable[npt.NDArray[Any]]) -> int:
    """The xxh3_64 of integer arrays: equal where two decoders produced the same integers.

    Each array is hashed as its number of dimensions and its shape (u64 LE each), then its
    values as int32 LE in C order. The framing keeps two splits of one stream of values apart.
    UsageError for floats and for values outside int32.
    """
    state = xxhash.xxh3_64()
    for array in arrays:
        if array.dtype.kind not in "biu":
            raise UsageError(f"an array of {array.dtype} has no integer hash: pass integers")
        values = array.astype("<i4")
        if array.dtype.itemsize >= 4 and not np.array_equal(values, array):
            raise UsageError(f"an array of {array.dtype} holds values outside int32")
        state.update(np.array([array.ndim, *array.shape], dtype="<u8").tobytes())
        state.update(values.tobytes("C"))
    return state.intdigest()
