"""The search for boxes: through tail and INDX, or by their CRC where those are lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ncodec.formats.boxes import (
    CONF,
    CRC_BYTES,
    HEAD,
    HEADER_BYTES,
    INDX,
    KNOWN,
    ONCE,
    OVERHEAD,
    SEGM,
    SIGNATURE,
    BoxHeader,
)
from ncodec.formats.errors import DamagedFile, UnsupportedFormat
from ncodec.formats.index import TAIL_BYTES, BoxEntry, check_layout, unpack_index, unpack_tail
from ncodec.formats.limits import Limits
from ncodec.formats.segment import HASH_BYTES, MiniHeader
from ncodec.formats.source import Source

__all__ = ["box_header", "check_box", "intact_boxes", "mini_header", "stored_index"]

_WINDOW = 1 << 20
_PREFIX = 512
_FALSE_START = 4096
"""The bytes that looking at a false box start counts for, beside its length."""

# Box headers that this version can use: a known type, then flags, version and reserved all 0.
_KNOWN_HEADER = re.compile(b"(?:" + "|".join(KNOWN).encode() + rb")\0{4}")


def box_header(source: Source, offset: int) -> BoxHeader:
    """The header at `offset`; DamagedFile where none stands there or its box does not fit."""
    header = BoxHeader.unpack(source.read(offset, HEADER_BYTES), offset)
    if header.length > source.size - offset - OVERHEAD:
        raise DamagedFile(
            f"the {header.type} box at offset {offset} claims {header.length} bytes, "
            "more than the file has left"
        )
    return header


def check_box(source: Source, offset: int, header: BoxHeader) -> None:
    """Reads the whole box.

    Raises DamagedFile where its CRC is wrong, and UnsupportedFormat where the CRC holds but this
    version may not ignore the box.
    """
    covered = HEADER_BYTES + header.length
    crc = source.crc(offset, covered).to_bytes(CRC_BYTES, "little")
    if crc != source.read(offset + covered, CRC_BYTES):
        raise DamagedFile(f"the {header.type} box at offset {offset} has a wrong CRC")
    if header.unsupported:
        raise UnsupportedFormat(
            f"the {header.type} box at offset {offset} {header.unsupported}: install a newer ncodec"
        )


def mini_header(source: Source, offset: int, length: int, limits: Limits) -> MiniHeader:
    """The mini-header of the SEGM box at `offset`, read without the sections."""
    start = offset + HEADER_BYTES
    try:
        mini = MiniHeader.unpack(source.read(start, min(length, _PREFIX)), limits)
    except DamagedFile:
        if length <= _PREFIX:
            raise
        mini = MiniHeader.unpack(source.read(start, min(length, limits.header_bytes)), limits)
    if mini.end + sum(mini.lengths) + HASH_BYTES != length:
        raise DamagedFile(f"the sections of the SEGM box at offset {offset} do not fill it")
    return mini


def stored_index(source: Source, limits: Limits) -> list[BoxEntry]:
    """The boxes that tail and INDX list, when both are intact and leave no hole."""
    offset = unpack_tail(source.read(max(source.size - TAIL_BYTES, 0), TAIL_BYTES))
    header = box_header(source, offset)
    if header.type != INDX or offset + header.length + OVERHEAD + TAIL_BYTES != source.size:
        raise DamagedFile(f"the tail points to offset {offset}, where the index does not stand")
    check_box(source, offset, header)
    limits.check("box_bytes", header.length)
    entries = unpack_index(source.read(offset + HEADER_BYTES, header.length), limits)
    check_layout(entries, offset)
    return entries


def intact_boxes(source: Source, listed: list[BoxEntry] | None, limits: Limits) -> list[BoxEntry]:
    """The boxes whose CRC holds, in an order that the format allows; INDX is not among them.

    An intact index, `listed`, says where to look. Without one the file is scanned: past damage,
    the next known box type whose CRC holds is where the boxes go on. Second copies and segments
    out of order are left out. Raises UnsupportedFormat at an intact box that this version may not
    ignore, LimitExceeded where false box starts make the scan read the file too often.
    """
    entries: list[BoxEntry] = []
    next_index = next_frame = 0
    boxes = _listed(source, listed) if listed is not None else _scan(source, limits)
    for offset, header in boxes:
        kind = header.type
        if kind in ONCE and any(entry.type == kind for entry in entries):
            continue
        entry = BoxEntry(kind, offset, header.length)
        if kind == SEGM:
            try:
                mini = mini_header(source, offset, header.length, limits)
            except DamagedFile:
                continue
            if mini.index < next_index or mini.first_frame < next_frame:
                continue
            next_index, next_frame = mini.index + 1, mini.first_frame + mini.frame_count
            entry = BoxEntry(kind, offset, header.length, mini.first_frame, mini.frame_count)
        entries.append(entry)
        limits.check("boxes", len(entries))
    return sorted(entries, key=lambda entry: {HEAD: 0, CONF: 1}.get(entry.type, 2))


def _listed(source: Source, listed: list[BoxEntry]) -> Iterator[tuple[int, BoxHeader]]:
    for entry in listed:
        try:
            header = box_header(source, entry.offset)
            check_box(source, entry.offset, header)
        except DamagedFile:
            continue
        yield entry.offset, header


def _scan(source: Source, limits: Limits) -> Iterator[tuple[int, BoxHeader]]:
    search = _Search(source)
    wasted = 0
    heads = 0
    position = len(SIGNATURE)
    while position < source.size:
        length = 0
        try:
            header = box_header(source, position)
            length = header.length
            check_box(source, position, header)
        except DamagedFile:
            wasted += length + _FALSE_START
            limits.check("rescans", wasted // (source.size + _WINDOW))
            position = search.next(position + 1)
            continue
        heads += header.type == HEAD
        if header.type == INDX or heads > 1:
            return  # whatever follows is no part of this file
        yield position, header
        position += length + OVERHEAD


class _Search:
    """Finds the next header of a known type; keeps its window, so each byte is read about once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = 0
        self._window = b""

    def next(self, position: int) -> int:
        """The offset of the first known header at or after `position`, the file's size if none."""
        while position < self._source.size:
            if not self._start <= position < self._start + len(self._window) - HEADER_BYTES:
                self._start, self._window = position, self._source.read(position, _WINDOW)
            match = _KNOWN_HEADER.search(self._window, position - self._start)
            if match:
                return self._start + match.start()
            # A header may straddle two windows.
            position = max(position + 1, self._start + len(self._window) - HEADER_BYTES)
        return self._source.size
