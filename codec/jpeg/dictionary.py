"""What headers of files often have, for zlib: made of those of a training set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ncodec.jpeg.packing import Outline
from ncodec.jpeg.rebuild import Jpeg
from ncodec.jpeg.thumbnails import thumbnails

__all__ = ["HeaderCounts"]

_ALL, _PIECE = 31_000, 10_000
"""Bytes of the dictionary (zlib looks back 32 KiB), and of a segment in it at most."""

_EMPTY = bytes.fromhex("40 80 40 80")
"""What ends the record of most outlines: no pads, no breaks, nothing behind, no thumbnails."""


class HeaderCounts:
    """Counts pieces of headers as outlines have them, file by file."""

    def __init__(self) -> None:
        self._pieces: Counter[bytes] = Counter()

    def add(self, jpeg: Jpeg) -> None:
        """Counts the segments of a file and of its thumbnails."""
        headers = Outline.of(jpeg).headers
        inner = [Outline.of(thumbnail).headers for _, thumbnail in thumbnails(headers)]
        self._pieces.update({piece for each in (headers, *inner) for piece in _pieces(each)})

    def dictionary(self) -> bytes:
        """The pieces that more than one file has, the most frequent last: zlib likes it near."""
        chosen: list[bytes] = []
        room = _ALL
        for piece, times in self._pieces.most_common():
            if times > 1 and len(piece) <= min(room, _PIECE):
                chosen.append(piece)
                room -= len(piece)
        return b"".join(reversed(chosen))


def _pieces(headers: bytes) -> Iterator[bytes]:
    """The segments before the frame header, and all that is behind the size in that."""
    at = 2
    while at + 4 <= len(headers) and headers[at] == 0xFF:
        end = at + 2 + int.from_bytes(headers[at + 2 : at + 4], "big")
        if 0xC0 <= headers[at + 1] <= 0xC2:
            yield headers[at + 9 :] + _EMPTY
            return
        yield headers[at:end]
        at = end
