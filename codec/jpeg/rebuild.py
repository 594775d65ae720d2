"""A JPEG file as its headers and coefficients, and the same bytes again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.formats import Limits
from ncodec.jpeg.headers import Frame, Headers, Scan, Unsupported
from ncodec.jpeg.huffman import intervals
from ncodec.jpeg.reading import decode_scan
from ncodec.jpeg.tables import fill
from ncodec.jpeg.writing import encode_scan

__all__ = ["Jpeg", "frame_of", "parse", "rebuild", "room_for"]

_BLOCKS_A_BYTE = 8
"""No file codes more blocks in a byte: each has a DC coefficient, which takes a bit."""

_ROOM = 4096


@dataclass(frozen=True)
class Jpeg:
    """A file without its entropy-coded data, and what that data says.

    Attributes:
        headers: all other bytes, in the file's order, up to EOI; Huffman tables may only be named
            that follow from the coefficients.
        coefficients: int16 [blocks + 1, 64] in natural order, the frame's components in turn, then
            one that is 0.
        pads, breaks: of all scans in turn, as in `reading`; breaks count from the scan's begin.
        size: bytes of the file up to EOI.
    """

    headers: bytes
    coefficients: NDArray[np.int16]
    pads: NDArray[np.uint8]
    breaks: tuple[NDArray[np.int64], ...]
    size: int


def parse(data: bytes) -> Jpeg:
    """The JPEG file with which `data` begins, proven by writing it again.

    Raises:
        Unsupported: it is none, or the same bytes would not come back.
    """
    walk = Headers(data)
    view = np.frombuffer(data, dtype=np.uint8)
    coefficients: NDArray[np.int16] | None = None
    kept: list[bytes] = []
    pads: list[NDArray[np.uint8]] = []
    breaks: list[NDArray[np.int64]] = []
    start = 0
    while scan := walk.next_scan():
        if coefficients is None:
            coefficients = room_for(_frame(walk), len(data))
        if intervals(scan) > len(data):
            raise Unsupported("it has more restart intervals than bytes")
        kept.append(data[start : walk.position])
        start, pad, broken = decode_scan(view, walk.position, scan, coefficients)
        walk.position = start
        pads.append(pad)
        breaks.append(broken)
    if coefficients is None:
        raise Unsupported("it has no picture")
    kept.append(data[start : walk.position])
    size = walk.position
    jpeg = Jpeg(b"".join(kept), coefficients, np.concatenate(pads), tuple(breaks), size)
    if coefficients[:, 1:].min() < -32767 or rebuild(jpeg) != data[:size]:
        raise Unsupported("its coder chose codes that are not chosen again")
    return jpeg


def rebuild(jpeg: Jpeg) -> bytes:
    """The bytes of the file.

    Raises:
        Unsupported: the parts do not belong together.
    """
    out = np.empty(jpeg.size + _ROOM, dtype=np.uint8)
    walk = Headers(jpeg.headers)
    at = start = interval = 0
    for (scan, position), breaks in zip(_scans(walk), jpeg.breaks, strict=True):
        pads = jpeg.pads[interval : interval + intervals(scan)]
        interval += intervals(scan)
        if len(pads) != intervals(scan) or len(jpeg.coefficients) != _frame(walk).blocks + 1:
            raise Unsupported("its coefficients are of another number than its headers say")
        piece, scan = fill(walk, start, scan, jpeg.coefficients, breaks)
        start = position
        at = _copy(out, at, piece, jpeg.size)
        at = encode_scan(out, at, scan, jpeg.coefficients, pads, breaks)
    at = _copy(out, at, jpeg.headers[start:], jpeg.size)
    if at != jpeg.size:
        raise Unsupported(f"it would have {at} bytes, not {jpeg.size}")
    return out[:at].tobytes()


def frame_of(headers: bytes) -> tuple[Frame, dict[int, NDArray[np.int32]], list[Scan]]:
    """The frame, the quantisers and the scans that a file's headers announce.

    Raises:
        Unsupported: there is no frame or no scan.
    """
    walk = Headers(headers)
    scans = [scan for scan, _ in _scans(walk)]
    if not scans:
        raise Unsupported("it has no picture")
    return _frame(walk), walk.quantisers, scans


def _scans(walk: Headers) -> Iterator[tuple[Scan, int]]:
    while scan := walk.next_scan():
        yield scan, walk.position


def _frame(walk: Headers) -> Frame:
    assert walk.frame is not None, "a scan comes behind its frame"
    return walk.frame


def room_for(frame: Frame, size: int) -> NDArray[np.int16]:
    """Coefficients of a frame that are all 0, int16 [blocks + 1, 64].

    Args:
        size: the bytes of the file.

    Raises:
        Unsupported: it cannot have so many, or they are more than `Limits` allow.
    """
    if 64 * frame.blocks > 4 * Limits().frame_pixels:
        raise Unsupported(f"its picture of {frame.width}x{frame.height} is over the limit")
    if frame.blocks > _BLOCKS_A_BYTE * size:
        raise Unsupported(f"it is too short for a picture of {frame.width}x{frame.height}")
    return np.zeros((frame.blocks + 1, 64), dtype=np.int16)


def _copy(out: NDArray[np.uint8], at: int, piece: bytes, size: int) -> int:
    if at + len(piece) > size:
        raise Unsupported("its headers are longer than the file")
    out[at : at + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
    return at + len(piece)
