"""A file's frames by index and by time, decoded as they are asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, overload

from ncodec.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.formats import Reader, Segment, SegmentEntry, VideoInfo
from ncodec.media import Frame
from ncodec.media.frame import PIXEL_FORMATS
from ncodec.plugin import Context, HasPreviews, Planes, VideoCodec, reduced
from ncodec.registry import codec_for
from ncodec.store import find_model
from ncodec.threads import thread_count

__all__ = ["PREVIEWS", "Clip", "end_tick"]

PREVIEWS = (1, 2, 4)
"""How much smaller, each way, frames can be had; 1 is whole."""


class Clip(Sequence[Frame]):
    """An open .nc file as a sequence of frames; a context manager.

    ``clip[i]`` is frame i in display order, ``clip.at(seconds)`` the frame shown at a time.
    Any frame decodes on its own; the segment used last stays loaded.

    Args:
        source: a path, bytes, a binary stream, or an open `Reader`, which is closed with this.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads, 0 for all.
        models: model files to look into before the store.
        preview: 2 or 4 for frames of a half or a quarter of the size each way.

    Attributes:
        info: the clip's description.
        times: presentation time of each frame, in ticks of `info.time_base`.

    Raises:
        NcodecError: the file cannot be read, or its codec is not installed or has no previews.
    """

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO | Reader,
        *,
        device: str = "auto",
        threads: int = 0,
        models: Iterable[str | Path] = (),
        preview: int = 1,
    ) -> None:
        self._reader = source if isinstance(source, Reader) else Reader(source)
        try:
            if preview not in PREVIEWS:
                raise UsageError(f"preview is {preview!r} but must be one of {PREVIEWS}")
            codec = codec_for(self._reader.header)
            if not isinstance(codec, VideoCodec):
                raise UnsupportedFormat(
                    f"{self._reader.name} holds images of {codec.codec_id}, not frames: open it "
                    "with ncodec.open"
                )
            self._codec = codec
            files = tuple(models)
            self._shared = tuple(
                conf.content(lambda digest: find_model(digest, files))
                for conf in self._reader.confs()
            )
            if preview > 1 and not isinstance(codec, HasPreviews):
                raise UsageError(f"codec {codec.codec_id} has no previews: decode whole frames")
            self._preview = preview
            self.info: VideoInfo = reduced(self._reader.header.info, preview)
            self._entries = sorted(self._reader.segments, key=lambda s: s.first_frame)
            last = self._entries[-1]
            self._length = self.info.frames or last.first_frame + last.frame_count
            self.times: Sequence[int] = self._reader.times or range(self._length)
            self._check()
        except BaseException:
            self._reader.close()
            raise
        self._context = Context(device=device, threads=threads or thread_count())
        self._loaded: tuple[SegmentEntry, Sequence[Planes]] | None = None

    def __enter__(self) -> Clip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; frames already returned stay valid."""
        self._reader.close()
        self._loaded = None

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        """Frame `index`, negative ones counting from the end, or the frames of a slice.

        Raises:
            IndexError: there is no such frame.
            DamagedFile: its segment was lost, or is damaged.
        """
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(f"frame {index} of a clip of {self._length} frames")
        index %= self._length
        entry = self._entry(index)
        if entry is None:
            raise DamagedFile(f"frame {index} is in a segment that this file has lost")
        if self._loaded is None or self._loaded[0] is not entry:
            self._loaded = None
            segment = self._reader.read_segment(entry.index)
            self._loaded = entry, self._decode(segment)
        planes = self._loaded[1][index - entry.first_frame]
        return Frame(tuple(planes), self.times[index])

    def __iter__(self) -> Iterator[Frame]:
        """All frames that the file has; those of lost segments are left out."""
        return (self[i] for i in self.available())

    def available(self) -> Iterator[int]:
        """Indices of the frames that the file has: all of them, unless it was repaired."""
        for entry in self._entries:
            yield from range(entry.first_frame, entry.first_frame + entry.frame_count)

    def at(self, seconds: float | Fraction) -> Frame:
        """The frame shown at a time: the last one that starts no later.

        Raises:
            UsageError: a time before the first frame or after the last has started and ended.
        """
        return self[self.index_at(seconds)]

    def index_at(self, seconds: float | Fraction) -> int:
        """Index of the frame that `at` returns."""
        tick = Fraction(seconds).limit_denominator(10**9) / self.info.time_base
        start, end = self.times[0], end_tick(self.times)
        if not start <= tick < end:
            base = self.info.time_base
            raise UsageError(
                f"time {float(seconds):g} s is outside the clip, which runs from "
                f"{float(start * base):g} to {float(end * base):g} s"
            )
        return bisect_right(self.times, tick) - 1

    def _check(self) -> None:
        info, name = self.info, self._reader.name
        if PIXEL_FORMATS.get(info.pixel_format, ("", 0))[1] != info.bit_depth:
            raise UnsupportedFormat(
                f"{name} has frames in {info.pixel_format} of {info.bit_depth} bits, which this "
                "ncodec does not know: install a newer one"
            )
        if any(later <= earlier for earlier, later in pairwise(self.times)):
            raise DamagedFile(f"{name} has presentation times that do not increase")

    def _entry(self, index: int) -> SegmentEntry | None:
        position = bisect_right(self._entries, index, key=lambda e: e.first_frame) - 1
        entry = self._entries[position] if position >= 0 else None
        return entry if entry and index < entry.first_frame + entry.frame_count else None

    def _decode(self, segment: Segment) -> Sequence[Planes]:
        info, shared, context = self._reader.header.info, self._shared, self._context
        if self._preview == 1:
            return self._codec.decode(segment, info, shared, context)
        assert isinstance(self._codec, HasPreviews)
        return self._codec.preview(segment, info, shared, context, self._preview)


def end_tick(times: Sequence[int]) -> int:
    """When the last frame ends: it lasts as long as the one before it."""
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1)
