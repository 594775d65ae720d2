"""A JPEG file as its headers and coefficients, and the same bytes again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.frame import Frame
from ncodec.formats import Limits
from ncodec.jpeg.headers import Headers, Scan, Unsupported
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
        headers: all other bytes, in the file's order, up to EOI, or up to the scan where the file
            is cut or damaged; Huffman tables may only be named that follow from the coefficients.
        coefficients: int16 [blocks + 1, 64] in natural order, the frame's components in turn, then
            one that is 0.
        pads, breaks: of all scans in turn, as in `reading`; breaks count from the scan's begin.
        size: bytes of the file up to EOI, or as many as are written again of what is cut or
            damaged behind them.
    """

    headers: bytes
    coefficients: NDArray[np.int16]
    pads: NDArray[np.uint8]
    breaks: tuple[NDArray[np.int64], ...]
    size: int


def parse(data: bytes, prove: bool = True) -> Jpeg:
    """The JPEG file with which `data` begins, proven by writing it again.

    Of a file that is cut or damaged, as much is taken as its scans tell before that place.

    Args:
        prove: whether a file that is neither cut nor damaged is written again, too; where not, the
            caller has to.

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
    try:
        while scan := walk.next_scan():
            if coefficients is None:
                coefficients = room_for(_frame(walk), len(data))
            if intervals(scan) > len(data):
                raise Unsupported("it has more restart intervals than bytes")
            end, pad, broken = decode_scan(view, walk.position, scan, coefficients)
            kept.append(data[start : walk.position])
            pads.append(pad)
            breaks.append(broken)
            start = walk.position = end
            if end < 0:
                break
        is_whole = start >= 0
    except Unsupported:
        if not pads:
            raise
        is_whole, walk.position = True, start
    if coefficients is None:
        raise Unsupported("it has no picture")
    if is_whole:
        kept.append(data[start : walk.position])
    size = walk.position if is_whole else len(data)
    jpeg = Jpeg(b"".join(kept), coefficients, np.concatenate(pads), tuple(breaks), size)
    same = size if is_whole and not prove else _same(_written(jpeg), view[:size])
    if coefficients[:, 1:].min() < -32767 or (is_whole and same < size):
        raise Unsupported("its coder chose codes that are not chosen again")
    # Coding what is not there would take most of the time.
    if not is_whole and len(coefficients) > _BLOCKS_A_BYTE * same:
        raise Unsupported("its entropy-coded data is damaged or cut near its beginning")
    return replace(jpeg, size=same)


def rebuild(jpeg: Jpeg) -> bytes:
    """The bytes of the file.

    Raises:
        Unsupported: the parts do not belong together.
    """
    out = _written(jpeg)
    if len(out) < jpeg.size:
        raise Unsupported(f"it would have {len(out)} bytes, not {jpeg.size}")
    return out.tobytes()


def _written(jpeg: Jpeg) -> NDArray[np.uint8]:
    """What its headers and scans are as bytes, `jpeg.size` of them at most."""
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
        at = _copy(out, at, piece)
        at = encode_scan(out, at, scan, jpeg.coefficients, pads, breaks)
    at = _copy(out, at, jpeg.headers[start:])
    return out[: min(at, jpeg.size)]


def _same(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> int:
    """With how many bytes that are equal both begin."""
    most = min(len(left), len(right))
    others = np.flatnonzero(left[:most] != right[:most])
    return int(others[0]) if len(others) else most


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


def _copy(out: NDArray[np.uint8], at: int, piece: bytes) -> int:
    """Puts as much of `piece` into `out` as fits, and returns the position behind it."""
    end = min(at + len(piece), len(out))
    out[at:end] = np.frombuffer(piece, dtype=np.uint8)[: end - at]
    return end
