"""A whole file as segments, and back: pictures one behind another, each in its stripes.

A file has one picture, or several where a camera keeps previews or a second exposure behind the
first (MPO, gain maps). A segment is a stripe of a picture; the first of a picture's has its
outline. What cannot be rebuilt is one segment with the file as general data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.coder import decode_stripe, encode_stripe, stripes
from ncodec.dct.frame import Component, Frame
from ncodec.errors import DamagedFile, VerificationFailed
from ncodec.formats import Model, Segment, integer_hash
from ncodec.jpeg.headers import Headers, Unsupported
from ncodec.jpeg.huffman import intervals
from ncodec.jpeg.packing import Outline, compressed, inflated
from ncodec.jpeg.rebuild import Jpeg, frame_of, parse, rebuild, room_for
from ncodec.jpeg.thumbnails import pack_section, unpack_section
from ncodec.threads import in_order

__all__ = ["SECTIONS", "decode_file", "encode_file", "frame_in"]

SECTIONS = ("headers", "luma", "blue", "red", "black", "stored")
_STORED = len(SECTIONS) - 1

_START = b"\xff\xd8\xff"
_TRIES, _PICTURES = 16, 64
"""Places behind a picture where another may begin that are looked at; pictures that are found."""


@dataclass(frozen=True)
class _Stripe:
    """Rows of MCUs of a picture, `piece` its bytes in the file and what is behind it."""

    jpeg: Jpeg
    piece: bytes
    rows: range
    model: Model | None
    best: bool

    @property
    def is_first(self) -> bool:
        return self.rows.start == 0


def encode_file(
    data: bytes, threads: int, model: Model | None = None, best: bool = False
) -> list[Segment]:
    """The segments of a file, which have been decoded again and compared with it.

    Args:
        threads: those that stripes are coded on.
        model: what the coefficients' streams start from; the shipped one is that of all else.
        best: whether to take longer for fewer bytes.

    Raises:
        UnsupportedFormat: it is a model of something else.
    """
    stored = b""
    # Writing a file again takes a while; nearly all are proven by decoding alone.
    for prove in (False, True):
        work = [
            _Stripe(jpeg, piece, rows, model, best)
            for jpeg, piece in _pictures(data, prove)
            for rows in stripes(frame_of(jpeg.headers)[0])
        ]
        segments = list(in_order(_encoded, enumerate(work), threads))
        size = sum(len(section) for segment in segments for section in segment.sections)
        if not stored and (not segments or size > len(data) * 31 // 32):
            stored = compressed(data)
        if not segments or 0 < len(stored) <= size:
            break
        try:
            if decode_file(segments, threads, model) == data:
                return segments
        except (DamagedFile, VerificationFailed):
            pass
    stored = stored or compressed(data)
    return [Segment(0, 0, 1, (b"",) * _STORED + (stored,), integer_hash([_bytes_of(data)]))]


def decode_file(segments: Iterable[Segment], threads: int, model: Model | None = None) -> bytes:
    """The file that `encode_file` made all `segments` of.

    Raises:
        DamagedFile: they are none of a file, or not all.
        VerificationFailed: its integers differ from the segments' hashes.
    """
    rest = list(segments)
    pieces = []
    if len(rest) == 1 and len(rest[0].sections) > _STORED:
        data = inflated(rest[0].sections[_STORED])
        rest[0].check([_bytes_of(data)])
        return data
    while rest:
        try:
            pieces.append(_decoded(rest, threads, model))
        except Unsupported as error:
            raise DamagedFile(
                f"the JPEG file cannot be written again ({error}): get another copy of the file"
            ) from None
    return b"".join(pieces)


def frame_in(data: bytes) -> Frame | None:
    """The frame that a file announces, whether or not it can be rebuilt."""
    try:
        walk = Headers(data)
        walk.next_scan()
    except Unsupported:
        return None
    return walk.frame


def _pictures(data: bytes, prove: bool) -> Iterator[tuple[Jpeg, bytes]]:
    """The pictures of a file with their bytes; none where the first cannot be rebuilt."""
    try:
        jpeg = parse(data, prove)
    except Unsupported:
        return
    for number in range(_PICTURES):
        last = number + 1 == _PICTURES
        at, follower = (len(data), None) if last else _follower(data, jpeg.size, prove)
        yield jpeg, data[:at]
        if follower is None:
            return
        data, jpeg = data[at:], follower


def _follower(data: bytes, start: int, prove: bool) -> tuple[int, Jpeg | None]:
    """Where behind `start` another picture begins that can be rebuilt, else the end."""
    at = start
    for _ in range(_TRIES):
        at = data.find(_START, at)
        if at < 0:
            break
        try:
            return at, parse(data[at:], prove)
        except Unsupported:
            at += 1
    return len(data), None


def _encoded(item: tuple[int, _Stripe]) -> Segment:
    index, stripe = item
    frame, quantisers, _ = frame_of(stripe.jpeg.headers)
    coefficients = stripe.jpeg.coefficients
    how = stripe.model, stripe.best
    streams = encode_stripe(frame, quantisers, coefficients, stripe.rows, *how)
    if stripe.is_first:
        outline = Outline.of(stripe.jpeg, stripe.piece[stripe.jpeg.size :])
        section = pack_section(outline, stripe.best)
        arrays: list[NDArray[Any]] = [_bytes_of(stripe.piece)]
    else:
        section = b""
        arrays = [_part(coefficients, component, stripe.rows) for component in frame.components]
    return Segment(index, index, 1, (section, *streams), integer_hash(arrays))


def _decoded(rest: list[Segment], threads: int, model: Model | None) -> bytes:
    """The picture with which `rest` begins, whose segments are taken away from it."""
    first = rest[0]
    outline, best = unpack_section(first.sections[0] if first.sections else b"")
    frame, quantisers, scans = frame_of(outline.headers)
    coefficients = room_for(frame, outline.size)
    parts = stripes(frame)
    if len(parts) > len(rest):
        raise DamagedFile("a stripe of the JPEG file is lost: get another copy of the file")

    def fill(item: tuple[range, Segment]) -> None:
        rows, segment = item
        decode_stripe(segment.sections[1:], frame, quantisers, coefficients, rows, model, best)
        if segment is not first:
            segment.check([_part(coefficients, component, rows) for component in frame.components])

    for _ in in_order(fill, zip(parts, rest, strict=False), threads):
        pass
    del rest[: len(parts)]
    count = sum(intervals(scan) for scan in scans)
    piece = rebuild(outline.jpeg(coefficients, count, len(scans))) + outline.after
    first.check([_bytes_of(piece)])
    return piece


def _bytes_of(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def _part(coefficients: NDArray[np.int16], component: Component, rows: range) -> NDArray[np.int32]:
    """The blocks of a component in rows of MCUs, in turn."""
    row = component.stride * component.down
    start = component.first + rows.start * row
    return coefficients[start : start + len(rows) * row].astype(np.int32)
