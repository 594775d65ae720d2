"""The reader of a file: header and index are read at once, all else when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from zlib import crc32

from ncodec.formats import cbor
from ncodec.formats.boxes import (
    CONF,
    CRC_BYTES,
    HDR,
    HEAD,
    HEADER_BYTES,
    INDX,
    META,
    MKA,
    OVERHEAD,
    SEGM,
    SIGNATURE,
    TIME,
    BoxHeader,
)
from ncodec.formats.conf import Conf
from ncodec.formats.errors import DamagedFile, UsageError
from ncodec.formats.header import Header
from ncodec.formats.index import TAIL_BYTES, BoxEntry, check_order
from ncodec.formats.limits import Limits
from ncodec.formats.scan import box_header, check_box, intact_boxes, mini_header, stored_index
from ncodec.formats.segment import Segment
from ncodec.formats.short import is_short, long_of
from ncodec.formats.source import Source
from ncodec.formats.times import unpack_times

__all__ = ["Reader", "SegmentEntry"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """The place of a segment: `index` as it was written, `offset` of its box, `length` of its
    payload."""

    index: int
    first_frame: int
    frame_count: int
    offset: int
    length: int


class Reader:
    """An open .nc file; a context manager.

    Args:
        source: path ("-" is stdin), the bytes themselves, or a binary stream, read from its
            start. A stream that cannot seek is copied to a temporary file first.
        limits: what the file may ask for.
        strict: False opens a damaged file, too, with the boxes whose CRC holds.

    Attributes:
        header: HEAD.
        segments: the segments in order; only their headers have been read.
        boxes: every box in file order, INDX included where it is intact.
        short: whether it is a short file: `boxes` are those of the long one that it stands for.
        complete: whether tail and INDX are there and agree with the boxes; without `strict`,
            whether every CRC holds, too.
        lost_boxes: in a damaged file with an intact INDX, what it lists and is not intact.
        size: bytes of the file.
        name: what messages call the source.

    Raises InputError where there is no .nc file, DamagedFile, UnsupportedFormat and
    LimitExceeded. Opening finds damage in the structure; damage within a payload is found when
    the box is read, or by `check`.
    """

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO,
        *,
        limits: Limits | None = None,
        strict: bool = True,
    ) -> None:
        self._limits = limits or Limits()
        self._source = Source(source, self._limits)
        self._strict = strict
        self.name = self._source.name
        self.size = self._source.size
        self.short = is_short(self._source.read(0, len(SIGNATURE)))
        try:
            with self._naming_the_file():
                self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()

    def read_segment(self, index: int) -> Segment:
        """The segment that was written as number `index`; UsageError where it is not there."""
        entry = self._by_index.get(index)
        if entry is None:
            raise UsageError(
                f"{self.name} has no segment {index}: it has "
                f"{len(self.segments)}, the last is {self.segments[-1].index}"
            )
        box = BoxEntry(SEGM, entry.offset, entry.length)
        with self._naming_the_file():
            return Segment.unpack(self._payload(box, "box_bytes"), self._limits)

    def confs(self) -> tuple[Conf, ...]:
        """The shared model data, in file order."""
        with self._naming_the_file():
            return tuple(
                Conf.unpack(self._payload(box, "box_bytes"), self._limits)
                for box in self.boxes
                if box.type == CONF
            )

    @cached_property
    def times(self) -> tuple[int, ...] | None:
        """The presentation time of each frame in ticks, None where the rate is constant."""
        payload = self._optional(TIME, "box_bytes")
        if payload is None:
            return None
        with self._naming_the_file():
            times = unpack_times(payload, self._limits)
            frames = self.header.info.frames
            if len(times) < self._end_frame or frames not in (0, len(times)):
                raise DamagedFile(f"TIME has {len(times)} times for {frames} frames")
        return times

    @cached_property
    def meta(self) -> dict[str, Any]:
        """The tags, tool version, command line and seed; empty where the file has none."""
        payload = self._optional(META, "meta_bytes")
        if payload is None:
            return {}
        with self._naming_the_file():
            values = cbor.loads(payload, "meta", self._limits)
            if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
                raise DamagedFile("meta is not a map with text keys")
        return values

    @property
    def hdr(self) -> bytes | None:
        """The mastering display and content light level, verbatim."""
        return self._optional(HDR, "meta_bytes")

    @property
    def mka(self) -> bytes | None:
        """A complete Matroska file with the copied tracks."""
        return self._optional(MKA, "box_bytes")

    @property
    def frames(self) -> int | None:
        """The number of frames of the whole clip, lost ones included; None where a damaged file
        cannot tell."""
        if self.header.info.frames:
            return self.header.info.frames
        if self.times is not None:
            return len(self.times)
        if not self._end_known:
            return None
        return max(box.first_frame + box.frame_count for box in self.boxes + self.lost_boxes)

    @property
    def gaps(self) -> tuple[range, ...]:
        """The runs of frames that no segment holds."""
        gaps = []
        position = 0
        for entry in self.segments:
            gaps.append(range(position, entry.first_frame))
            position = entry.first_frame + entry.frame_count
        gaps.append(range(position, self.frames or 0))
        return tuple(gap for gap in gaps if gap)

    def check(self) -> None:
        """Reads every byte; DamagedFile at the first box whose CRC is wrong."""
        with self._naming_the_file():
            self._check()

    def raw_box(self, box: BoxEntry) -> Iterator[bytes]:
        """A box as it stands in the file, in chunks."""
        end = box.offset + box.length + OVERHEAD
        for start in range(box.offset, end, _CHUNK):
            yield self._source.read(start, min(_CHUNK, end - start))

    def _open(self) -> None:
        self.lost_boxes: tuple[BoxEntry, ...] = ()
        if self.short:
            self._expand()
        try:
            self.boxes = tuple(self._structure())
            if not self._strict:
                self._check()
            self.complete = self._end_known = True
        except DamagedFile:
            if self._strict:
                raise
            self.boxes = tuple(self._salvage())
            self.complete = False

    def _expand(self) -> None:
        """Goes on with the long file."""
        self._limits.check("box_bytes", self.size)
        short = self._source
        self._source = Source(long_of(short.read(0, self.size), self._limits), self._limits)
        short.close()

    def _salvage(self) -> list[BoxEntry]:
        """The intact boxes of a damaged file."""
        try:
            listed = stored_index(self._source, self._limits)
        except DamagedFile:
            listed = None
        boxes = intact_boxes(self._source, listed, self._limits)
        check_order(boxes)
        self.header = self._read_header(boxes[0].offset)
        self._take_segments(boxes)
        self._end_known = listed is not None
        intact = {box.offset for box in boxes}
        self.lost_boxes = tuple(box for box in listed or () if box.offset not in intact)
        return boxes

    def _structure(self) -> list[BoxEntry]:
        """All boxes of an undamaged file."""
        source = self._source
        source.check_signature()
        # HEAD comes before the index: in another major version the index may be another.
        self.header = self._read_header(len(SIGNATURE))
        boxes = stored_index(source, self._limits)
        for box in boxes:
            header = box_header(source, box.offset)
            if (header.type, header.length) != (box.type, box.length):
                raise DamagedFile(
                    f"INDX has a {box.type} box of {box.length} bytes at offset {box.offset}, "
                    f"the file a {header.type} box of {header.length}"
                )
            if header.unsupported:
                check_box(source, box.offset, header)
        check_order(boxes)
        self._take_segments(boxes)
        end = boxes[-1].offset + boxes[-1].length + OVERHEAD
        return [*boxes, BoxEntry(INDX, end, self.size - end - OVERHEAD - TAIL_BYTES)]

    def _check(self) -> None:
        for box in self.boxes:
            check_box(self._source, box.offset, box_header(self._source, box.offset))

    def _read_header(self, offset: int) -> Header:
        box = box_header(self._source, offset)
        if box.type != HEAD:
            raise DamagedFile(f"HEAD is not the first box, {box.type} is")
        self._limits.check("header_bytes", box.length)
        check_box(self._source, offset, box)
        return Header.unpack(self._source.read(offset + HEADER_BYTES, box.length), self._limits)

    def _take_segments(self, boxes: list[BoxEntry]) -> None:
        info = self.header.info
        entries: list[SegmentEntry] = []
        for box in boxes:
            if box.type != SEGM:
                continue
            mini = mini_header(self._source, box.offset, box.length, self._limits)
            if (mini.first_frame, mini.frame_count) != (box.first_frame, box.frame_count):
                raise DamagedFile(
                    f"INDX and the SEGM box at offset {box.offset} disagree about its frames"
                )
            if entries and mini.index <= entries[-1].index:
                raise DamagedFile(f"segment {mini.index} comes after {entries[-1].index}")
            pixels = info.width * info.height * mini.frame_count
            self._limits.check("segment_pixels", pixels)
            entries.append(
                SegmentEntry(mini.index, mini.first_frame, mini.frame_count, box.offset, box.length)
            )
        self._end_frame = entries[-1].first_frame + entries[-1].frame_count
        if 0 < info.frames < self._end_frame:
            raise DamagedFile(f"HEAD has {info.frames} frames, the segments {self._end_frame}")
        self.segments = tuple(entries)
        self._by_index = {entry.index: entry for entry in entries}

    def _optional(self, kind: str, limit: str) -> bytes | None:
        for box in self.boxes:
            if box.type == kind and not box_header(self._source, box.offset).skippable:
                with self._naming_the_file():
                    return self._payload(box, limit)
        return None

    def _payload(self, box: BoxEntry, limit: str) -> bytes:
        """The payload, once its CRC holds."""
        self._limits.check(limit, box.length)
        data = self._source.read(box.offset, box.length + OVERHEAD)
        header = BoxHeader.unpack(data, box.offset)
        crc = crc32(memoryview(data)[:-CRC_BYTES]).to_bytes(CRC_BYTES, "little")
        if (header.type, header.length, crc) != (box.type, box.length, data[-CRC_BYTES:]):
            raise DamagedFile(f"the {box.type} box at offset {box.offset} has a wrong CRC")
        return data[HEADER_BYTES:-CRC_BYTES]

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        try:
            yield
        except DamagedFile as error:
            remedy = "run `ncodec repair` to keep what is intact"
            if self.short:
                remedy = "it has one checksum for all of it, so get another copy of the file"
            elif not self._strict:
                remedy = "get another copy of the file"
            raise DamagedFile(f"{self.name} is damaged ({error}): {remedy}") from error
