"""What stands beside the coefficients in a file, as the bytes of its first section."""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, cbor
from ncodec.jpeg.model import dictionary
from ncodec.jpeg.rebuild import Jpeg

__all__ = ["Outline", "check_of", "pack_stored", "unpack_stored"]

_DEFLATED, _LZMA, _PLAIN = range(3)

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME}]
_CHECK_BYTES = 8


@dataclass(frozen=True)
class Outline:
    """A picture of a file without its coefficients.

    Attributes:
        headers, pads, breaks, size: as in `Jpeg`; pads are empty where all are 0.
        after: bytes behind the picture's EOI, up to the next picture or to the file's end.
        check: the first bytes of the BLAKE3 of all of it.
    """

    headers: bytes
    pads: bytes
    breaks: tuple[bytes, ...]
    size: int
    after: bytes
    check: bytes

    @classmethod
    def of(cls, jpeg: Jpeg, data: bytes) -> Outline:
        """That of the picture with which `data` begins; the rest of `data` is behind it."""
        pads = jpeg.pads.tobytes() if jpeg.pads.any() else b""
        breaks = tuple(broken.astype("<u4").tobytes() for broken in jpeg.breaks)
        after = data[jpeg.size :]
        return cls(jpeg.headers, pads, breaks, jpeg.size, after, check_of(data))

    @classmethod
    def unpack(cls, section: bytes) -> Outline:
        """What `pack` made a section of.

        Raises:
            DamagedFile: it holds no outline.
            LimitExceeded: it inflates to more than a file may.
        """
        record = cbor.loads(_inflated(section[_CHECK_BYTES:]), "the headers of a JPEG file")
        kinds = [int, bytes, bytes, list, bytes]
        if not isinstance(record, list) or [type(part) for part in record] != kinds:
            raise _damaged("its headers have wrong types")
        size, headers, pads, breaks, after = record
        if not all(type(broken) is bytes and len(broken) % 4 == 0 for broken in breaks):
            raise _damaged("its breaks have wrong types")
        Limits().check("box_bytes", size)
        return cls(headers, pads, tuple(breaks), size, after, section[:_CHECK_BYTES])

    def pack(self) -> bytes:
        """The section."""
        broken = list(self.breaks) if any(self.breaks) else []
        record = [self.size, self.headers, self.pads, broken, self.after]
        return self.check + _compressed(cbor.dumps(record))

    def jpeg(self, coefficients: NDArray[np.int16], intervals: int, scans: int) -> Jpeg:
        """The picture with its coefficients; `intervals` are those of all `scans`."""
        pads = np.frombuffer(self.pads or bytes(intervals), dtype=np.uint8)
        broken = self.breaks or (b"",) * scans
        if len(pads) != intervals or len(broken) != scans:
            raise _damaged("its pads or breaks are of another number than its scans")
        breaks = tuple(np.frombuffer(b, dtype="<u4").astype(np.int64) for b in broken)
        return Jpeg(self.headers, coefficients, pads, breaks, self.size)


def check_of(data: bytes) -> bytes:
    """What is recorded of a file to compare it with."""
    return blake3(data).digest()[:_CHECK_BYTES]


def pack_stored(data: bytes) -> bytes:
    """A section that holds a whole file as general data."""
    return check_of(data) + _compressed(data)


def unpack_stored(section: bytes) -> bytes:
    """The file that `pack_stored` was given.

    Raises:
        DamagedFile: the section holds none.
        LimitExceeded: it inflates to more than a file may.
    """
    data = _inflated(section[_CHECK_BYTES:])
    if check_of(data) != section[:_CHECK_BYTES]:
        raise _damaged("its BLAKE3 is another one")
    return data


def _compressed(data: bytes) -> bytes:
    """The shortest of what the methods make of it, behind the method's number."""
    deflate = zlib.compressobj(9, wbits=-15, memLevel=9, zdict=dictionary())
    ways = (
        bytes([_DEFLATED]) + deflate.compress(data) + deflate.flush(),
        bytes([_LZMA]) + lzma.compress(data, lzma.FORMAT_RAW, filters=_FILTERS),
        bytes([_PLAIN]) + data,
    )
    return min(ways, key=len)


def _inflated(packed: bytes) -> bytes:
    method, data = packed[:1], packed[1:]
    limits = Limits()
    most = limits.box_bytes + 1
    try:
        if method == bytes([_DEFLATED]):
            plain = zlib.decompressobj(-15, zdict=dictionary()).decompress(data, most)
        elif method == bytes([_LZMA]):
            decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
            plain = decompressor.decompress(data, most)
        elif method == bytes([_PLAIN]):
            plain = data
        else:
            raise _damaged("its headers are compressed in no known way")
    except (zlib.error, lzma.LZMAError) as error:
        raise _damaged(f"its headers do not inflate: {error}") from None
    limits.check("box_bytes", len(plain))
    return plain


def _damaged(reason: str) -> DamagedFile:
    return DamagedFile(f"a JPEG file in it is damaged ({reason}): get another copy of the file")
