"""A Matroska file from front to back: on a pipe, too, where it is complete but has no index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ncodec._version import __version__
from ncodec.media.matroska import elements as ids
from ncodec.media.matroska.ebml import UNKNOWN, element, length, number, real, text

__all__ = ["COARSE", "FINE", "Block", "MatroskaWriter"]

COARSE = 1_000_000
"""Nanoseconds of a tick where all times are whole milliseconds, as in most Matroska files."""

FINE = 10_000
"""Nanoseconds of a tick where they are not: samples of 48 kHz are told apart."""

_SECOND = 10**9
_FURTHEST = (1 << 15) - 1
"""The most ticks that a block may be from the start of its cluster."""

_CLUSTER_SECONDS = 5
_CLUSTER_BYTES = 1 << 22
_KEYFRAME = 0x80
_APPLICATION = f"ncodec {__version__}"


@dataclass(frozen=True, slots=True)
class Block:
    """A packet of a track.

    Attributes:
        track: the number of its track.
        time: nanoseconds.
        data: the packet, bit by bit.
        keyframe: whether decoding can begin here.
        duration: nanoseconds; None where the codec or the next packet says it.
        more: whole elements that belong to it, such as the padding that a player discards.
    """

    track: int
    time: int
    data: bytes | memoryview
    keyframe: bool = True
    duration: int | None = None
    more: bytes = b""


class MatroskaWriter:
    """Writes header and tracks at once, then blocks in the order of `write`.

    Args:
        stream: where to; is left open.
        entries: the TrackEntry elements.
        parts: whole elements beside them: Chapters, Attachments, Tags.
        scale: nanoseconds of a tick.
        title: of the file, or "".
        video: the number of the track whose keyframes begin clusters, and are seeked to; None for
            a file of sound.
        duration: nanoseconds, 0 where it is not known.
        seeking: whether `finish` goes back to add lengths and an index.
    """

    def __init__(
        self,
        stream: BinaryIO,
        entries: Sequence[bytes],
        *,
        parts: Sequence[bytes] = (),
        scale: int = COARSE,
        title: str = "",
        video: int | None = None,
        duration: int = 0,
        seeking: bool = True,
    ) -> None:
        self._stream = stream
        self._scale = scale
        self._title = title
        self._video = video
        self._furthest = min(_FURTHEST, _CLUSTER_SECONDS * _SECOND // scale)
        self._apart = min(self._furthest // 3, _SECOND // scale)
        self._seeking = seeking
        self._position = self._size = 0
        self._end = duration
        self._cluster: list[bytes] = []
        self._start = 0
        self._cue: int | None = None
        self._cues: list[bytes] = []
        self._cued = -_SECOND
        self._put(_HEAD)
        self._put(element(ids.SEGMENT)[:-1] + UNKNOWN)
        self._origin = self._position
        self._put(self._seek_head(None))
        self._info = self._position
        self._put(self._information())
        self._put(element(ids.TRACKS, *entries))
        for part in parts:
            self._put(part)
        self._header = self._position

    def write(self, block: Block) -> None:
        """Appends a block; blocks come in the order of their times, as nearly as they are known."""
        # Halves go up, all of them: a constant rate stays within a tick of its grid.
        tick = max(0, (2 * block.time + self._scale) // (2 * self._scale))
        begins = block.keyframe and self._video in (None, block.track)
        if self._cluster:
            apart = tick - self._start
            longest = self._apart if begins and self._video else self._furthest
            if not -_FURTHEST < apart < longest or self._size > _CLUSTER_BYTES:
                self._flush()
        if not self._cluster:
            self._start = tick
            self._cue = block.track if begins else None
        data = self._packed(block, tick - self._start)
        self._cluster.append(data)
        self._size += len(data)
        self._end = max(self._end, block.time + (block.duration or 0))

    def finish(self) -> None:
        """Writes what is left, index and lengths."""
        if self._position == self._header and not self._cluster:
            self._put(element(ids.CLUSTER, number(ids.TIMESTAMP, 0)))  # FFmpeg opens none without
        self._flush()
        if self._seeking:
            cues = self._position - self._origin
            self._put(element(ids.CUES, *self._cues) if self._cues else b"")
            end = self._position
            self._stream.seek(self._origin - len(UNKNOWN))
            self._stream.write(length(end - self._origin, len(UNKNOWN)))
            self._stream.write(self._seek_head(cues if self._cues else None))
            self._stream.seek(self._info)
            self._stream.write(self._information())
            self._stream.seek(end)
        self._stream.flush()

    def _packed(self, block: Block, offset: int) -> bytes:
        head = length(block.track) + offset.to_bytes(2, "big", signed=True)
        if block.duration is None and not block.more:
            flags = bytes((_KEYFRAME * block.keyframe,))
            return element(ids.SIMPLE_BLOCK, head, flags, block.data)
        children = [element(ids.BLOCK, head, b"\0", block.data)]
        if block.duration is not None:
            children.append(number(ids.BLOCK_DURATION, round(block.duration / self._scale)))
        if not block.keyframe:
            children.append(number(ids.REFERENCE_BLOCK, -1))
        return element(ids.BLOCK_GROUP, *children, block.more)

    def _flush(self) -> None:
        if not self._cluster:
            return
        if self._cue is not None and (self._start - self._cued) * self._scale >= _SECOND:
            position = self._position - self._origin
            place = (number(ids.CUE_TRACK, self._cue), number(ids.CUE_CLUSTER_POSITION, position))
            point = (number(ids.CUE_TIME, self._start), element(ids.CUE_POSITIONS, *place))
            self._cues.append(element(ids.CUE_POINT, *point))
            self._cued = self._start
        self._put(element(ids.CLUSTER, number(ids.TIMESTAMP, self._start), *self._cluster))
        self._cluster, self._size = [], 0

    def _seek_head(self, cues: int | None) -> bytes:
        """Where Cues are, in as many bytes as it takes to say nothing."""
        if cues is None:
            return element(ids.VOID, b"\0" * (_SEEK_HEAD_BYTES - 2))
        return _seek_head(cues)

    def _information(self) -> bytes:
        """Duration is there from the start, for its place cannot be made later."""
        children = [
            number(ids.TIMESTAMP_SCALE, self._scale),
            text(ids.MUXING_APP, _APPLICATION),
            text(ids.WRITING_APP, _APPLICATION),
            text(ids.TITLE, self._title) if self._title else b"",
        ]
        duration = real(ids.DURATION, self._end / self._scale)
        if not self._end:
            duration = element(ids.VOID, b"\0" * (len(duration) - 2))
        return element(ids.INFO, *children, duration)

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._position += len(data)


def _seek_head(cues: int) -> bytes:
    place = element(ids.SEEK_POSITION, cues.to_bytes(8, "big"))
    name = element(ids.SEEK_ID, ids.CUES.to_bytes(4, "big"))
    return element(ids.SEEK_HEAD, element(ids.SEEK, name, place))


_SEEK_HEAD_BYTES = len(_seek_head(0))
_HEAD = element(
    ids.EBML,
    number(ids.EBML_VERSION, 1),
    number(ids.EBML_READ_VERSION, 1),
    number(ids.MAX_ID_LENGTH, 4),
    number(ids.MAX_SIZE_LENGTH, 8),
    text(ids.DOC_TYPE, "matroska"),
    number(ids.DOC_TYPE_VERSION, 4),
    number(ids.DOC_TYPE_READ_VERSION, 2),
)
