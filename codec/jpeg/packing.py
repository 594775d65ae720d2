"""What stands beside the coefficients in a file, as the bytes of its first section."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.model import dictionary
from ncodec.errors import DamagedFile
from ncodec.formats import Limits, cbor
from ncodec.jpeg.rebuild import Jpeg
from ncodec.jpeg.tables import without_derived

__all__ = ["MOST_THUMBNAILS", "Outline", "compressed", "damaged", "inflated"]

_DEFLATED, _LZMA, _PLAIN = range(3)

MOST_THUMBNAILS = 16

_LONG = 1000
"""Bytes from which on LZMA, which knows no dictionary and takes milliseconds, may be shorter."""

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME}]


@dataclass(frozen=True)
class Outline:
    """A picture of a file without its coefficients.

    Attributes:
        headers, pads, breaks, size: as in `Jpeg`; pads are empty where all are 0.
        after: bytes behind the picture's EOI, up to the next picture or to the file's end.
        places: where in the headers thumbnails stood that have been taken out, and their numbers.
    """

    headers: bytes
    pads: bytes
    breaks: tuple[bytes, ...]
    size: int
    after: bytes
    places: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, jpeg: Jpeg, after: bytes = b"") -> Outline:
        """That of a picture with what stands behind it."""
        headers = without_derived(jpeg.headers, jpeg.coefficients, jpeg.breaks)
        pads = jpeg.pads.tobytes() if jpeg.pads.any() else b""
        breaks = tuple(broken.astype("<u4").tobytes() for broken in jpeg.breaks)
        return cls(headers, pads, breaks if any(breaks) else (), jpeg.size, after)

    @classmethod
    def unpack(cls, packed: bytes) -> Outline:
        """What `pack` made bytes of.

        Raises:
            DamagedFile: they hold no outline.
            LimitExceeded: it inflates to more than a file may.
        """
        record = cbor.loads(inflated(packed), "the headers of a JPEG file")
        kinds = [int, bytes, bytes, list, bytes, list]
        if not isinstance(record, list) or [type(part) for part in record] != kinds:
            raise damaged("its headers have wrong types")
        size, headers, pads, breaks, after, places = record
        if not all(type(broken) is bytes and len(broken) % 4 == 0 for broken in breaks):
            raise damaged("its breaks have wrong types")
        if any(type(place) is not int or place < 0 for place in places) or len(places) % 2:
            raise damaged("its thumbnails have no places")
        if len(places) > 2 * MOST_THUMBNAILS:
            raise damaged(f"it has more than {MOST_THUMBNAILS} thumbnails")
        Limits().check("box_bytes", size)
        pairs = zip(places[::2], places[1::2], strict=True)
        return cls(headers, pads, tuple(breaks), size, after, tuple(pairs))

    def pack(self) -> bytes:
        record = [self.size, self.headers, self.pads, list(self.breaks), self.after]
        places = [number for pair in self.places for number in pair]
        return compressed(cbor.dumps([*record, places]))

    def without(self, thumbnails: Sequence[tuple[int, bytes]]) -> tuple[Outline, list[bytes]]:
        """The outline without files in its headers, and each of these once.

        Args:
            thumbnails: where they begin, in order, and they.
        """
        distinct = list(dict.fromkeys(data for _, data in thumbnails))
        places, headers, start = [], b"", 0
        for place, data in thumbnails:
            headers += self.headers[start:place]
            places.append((len(headers), distinct.index(data)))
            start = place + len(data)
        headers += self.headers[start:]
        return replace(self, headers=headers, places=tuple(places)), distinct

    def with_thumbnails(self, thumbnails: Sequence[bytes]) -> Outline:
        """The outline with files where they stood."""
        headers, start = b"", 0
        for place, number in self.places:
            if number >= len(thumbnails):
                raise damaged("it has a place for a thumbnail that is not there")
            headers += self.headers[start:place] + thumbnails[number]
            start = place
        return replace(self, headers=headers + self.headers[start:], places=())

    def jpeg(self, coefficients: NDArray[np.int16], intervals: int, scans: int) -> Jpeg:
        """The picture with its coefficients; `intervals` are those of all `scans`."""
        pads = np.frombuffer(self.pads or bytes(intervals), dtype=np.uint8)
        broken = self.breaks or (b"",) * scans
        if len(pads) != intervals or len(broken) != scans:
            raise damaged("its pads or breaks are of another number than its scans")
        breaks = tuple(np.frombuffer(b, dtype="<u4").astype(np.int64) for b in broken)
        return Jpeg(self.headers, coefficients, pads, breaks, self.size)


def compressed(data: bytes) -> bytes:
    """The shortest of what the methods make of it, behind the method's number."""
    deflate = zlib.compressobj(9, wbits=-15, memLevel=9, zdict=dictionary())
    ways = [
        bytes([_DEFLATED]) + deflate.compress(data) + deflate.flush(),
        bytes([_PLAIN]) + data,
    ]
    if len(ways[0]) > _LONG:
        ways.append(bytes([_LZMA]) + lzma.compress(data, lzma.FORMAT_RAW, filters=_FILTERS))
    return min(ways, key=len)


def inflated(packed: bytes) -> bytes:
    """What `compressed` was given.

    Raises:
        DamagedFile: it is compressed in no known way.
        LimitExceeded: it inflates to more than a file may.
    """
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
            raise damaged("its headers are compressed in no known way")
    except (zlib.error, lzma.LZMAError) as error:
        raise damaged(f"its headers do not inflate: {error}") from None
    limits.check("box_bytes", len(plain))
    return plain


def damaged(reason: str) -> DamagedFile:
    return DamagedFile(f"a JPEG file in it is damaged ({reason}): get another copy of the file")
