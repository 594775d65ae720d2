"""The writer of a file, front to back; it never seeks, so that the destination may be a pipe.

A short file is known to be one when it ends: until then its boxes are held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from ncodec.formats import boxes, cbor
from ncodec.formats.boxes import CONF, HDR, HEAD, INDX, MKA, ONCE, SEGM, SIGNATURE, TIME
from ncodec.formats.conf import Conf
from ncodec.formats.errors import UsageError
from ncodec.formats.header import Header
from ncodec.formats.index import Box, BoxEntry, pack_index, pack_tail
from ncodec.formats.segment import Segment
from ncodec.formats.short import MOST_BYTES, pack_short
from ncodec.formats.times import pack_times

__all__ = ["Writer"]


class Writer:
    """Writes signature and HEAD, then what its methods are given, in call order.

    Images and features of one segment, or of few bytes, become a short file, which is written by
    `finish`; what becomes a long one is written as it comes. With `short` False there is none: each
    box has its CRC, so that damage to one loses no other. Segments come in order and leave out
    no frame. A file that was not finished is damaged. The stream is left open. UsageError where
    the calls break the format's order.
    """

    def __init__(self, stream: BinaryIO, header: Header, *, short: bool = True) -> None:
        self._stream = stream
        self._header = header
        self._entries: list[BoxEntry] = []
        self._next_index = 0
        self._end_frame = 0
        self._times: int | None = None
        self._finished = False
        self._position = 0
        self._kinds: list[str] = []
        self._held: list[Box] | None = [] if short and header.media_kind != "video" else None
        if self._held is None:
            self._put(SIGNATURE)
        self._box(HEAD, header.pack())

    def conf(self, payload: bytes | Conf) -> None:
        """Writes shared model data, before the first segment; bytes stand for data kept in the
        file."""
        if self._next_index:
            raise UsageError("shared model data must be written before the first segment")
        self._box(CONF, (payload if isinstance(payload, Conf) else Conf(payload)).pack())

    def segment(self, segment: Segment) -> None:
        if (segment.index, segment.first_frame) != (self._next_index, self._end_frame):
            raise UsageError(
                f"segment {segment.index} from frame {segment.first_frame} is out of order: "
                f"the next is segment {self._next_index} from frame {self._end_frame}"
            )
        self._box(SEGM, segment.pack(), segment.first_frame, segment.frame_count)
        self._next_index += 1
        self._end_frame += segment.frame_count

    def times(self, times: Sequence[int]) -> None:
        """Writes the presentation time of each frame, in ticks of the header's time base."""
        self._box(TIME, pack_times(times))
        self._times = len(times)

    def hdr(self, payload: bytes) -> None:
        """Writes the mastering display and content light level, verbatim."""
        self._box(HDR, payload)

    def mka(self, payload: bytes) -> None:
        """Writes a complete Matroska file with the copied tracks."""
        self._box(MKA, payload)

    def meta(self, values: Mapping[str, Any]) -> None:
        """Writes tags, tool version, command line and seed: text keys, CBOR values."""
        if not all(isinstance(key, str) for key in values):
            raise UsageError("meta has a key that is not text: use text keys")
        self._box(boxes.META, cbor.dumps(dict(values)))

    def finish(self) -> int:
        """Writes what is left of the file, and flushes; returns its size in bytes."""
        if not self._next_index:
            raise UsageError("a file needs at least one segment: write one before finish()")
        for what, count in (("HEAD", self._header.info.frames or None), ("TIME", self._times)):
            if count not in (None, self._end_frame):
                raise UsageError(f"{what} has {count} frames, the segments {self._end_frame}")
        if self._held is not None:
            self._put(pack_short(self._held))
        else:
            offset = self._position
            self._put(boxes.pack_box(INDX, pack_index(self._entries)))
            self._put(pack_tail(offset))
        self._stream.flush()
        self._finished = True
        return self._position

    def _box(self, kind: str, payload: bytes, first_frame: int = 0, frame_count: int = 0) -> None:
        if self._finished:
            raise UsageError(f"the file is finished: a {kind} box cannot be added")
        if kind in ONCE and kind in self._kinds:
            raise UsageError(f"a {kind} box was written already, a file holds one")
        self._kinds.append(kind)
        box = Box(kind, payload, first_frame, frame_count)
        if self._held is None:
            self._write(box)
            return
        self._held.append(box)
        size = sum(len(box.payload) for box in self._held)
        if size > MOST_BYTES and self._kinds.count(SEGM) > 1:
            held, self._held = self._held, None
            self._put(SIGNATURE)
            for box in held:
                self._write(box)

    def _write(self, box: Box) -> None:
        self._entries.append(box.entry(self._position))
        self._put(boxes.pack_box(box.type, box.payload))

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._position += len(data)
