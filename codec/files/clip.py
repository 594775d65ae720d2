"""A file's frames by index and by time, decoded as they are asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, overload

from ncodec.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.files.batch import FrameBatch, Layout, rgb_batch
from ncodec.files.openfile import OpenFile
from ncodec.files.stored import StoredFile
from ncodec.formats import Hdr, Reader, Segment, SegmentEntry
from ncodec.media.frame import PIXEL_FORMATS, Frame, plane_shapes
from ncodec.media.timeline import constant_step, end_tick
from ncodec.plugin import DecodesBatches, HasPreviews, Planes, VideoCodec, reduced

__all__ = ["PREVIEWS", "Clip"]

PREVIEWS = (1, 2, 4)
"""How much smaller, each way, frames can be had; 1 is whole."""


class Clip(OpenFile, Sequence[Frame]):
    """An open .nc file as a sequence of frames; a context manager.

    ``clip[i]`` is frame i in display order, ``clip.at(seconds)`` the frame shown at a time,
    ``clip.batch(indices)`` several frames as one RGB array or tensor. Any frame decodes on its
    own; the segment used last stays loaded.

    Args:
        source, device, threads, models: as in `OpenFile`.
        preview: 2 or 4 for frames of a half or a quarter of the size each way.

    Attributes:
        info: the clip's description.
        times: presentation time of each frame, in ticks of `info.time_base`.
        hdr: the mastering display and light level, or None.

    Raises:
        NcodecError: as in `OpenFile`, or the codec has no previews.
    """

    unit = "frame"

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO | Reader,
        *,
        device: str = "auto",
        threads: int = 0,
        models: Iterable[str | Path] = (),
        preview: int = 1,
    ) -> None:
        self._preview = preview
        self._loaded: tuple[SegmentEntry, Sequence[Planes]] | None = None
        super().__init__(source, device=device, threads=threads, models=models)

    def _load(self, codec: Any, stored: StoredFile) -> None:
        if self._preview not in PREVIEWS:
            raise UsageError(f"preview is {self._preview!r} but must be one of {PREVIEWS}")
        if not isinstance(codec, VideoCodec):
            raise UnsupportedFormat(
                f"{self._reader.name} holds images of {codec.codec_id}, not frames: open it "
                "with ncodec.open"
            )
        if self._preview > 1 and not isinstance(codec, HasPreviews):
            raise UsageError(f"codec {codec.codec_id} has no previews: decode whole frames")
        self._codec = codec
        self._shared = stored.shared
        self.info = reduced(self._reader.header.info, self._preview)
        self._entries = sorted(self._reader.segments, key=lambda s: s.first_frame)
        last = self._entries[-1]
        self._length = self.info.frames or last.first_frame + last.frame_count
        hdr = self._reader.hdr
        self.hdr = None if hdr is None else Hdr.unpack(hdr)
        self.times: Sequence[int] = self._reader.times or range(self._length)
        self._check()
        self._shapes = plane_shapes(self.info.pixel_format, self.info.width, self.info.height)

    @property
    def tracks(self) -> bytes | None:
        """A Matroska file with the sound, subtitles, chapters, attachments and tags of the clip.

        Raises:
            DamagedFile: it is damaged.
        """
        self._check_open()
        return self._reader.mka

    def close(self) -> None:
        super().close()
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
            self._check_open()
            return [self[i] for i in range(*index.indices(self._length))]
        index = self._index(index)
        entry = self._entry(index)
        return self._frame(self._segment(entry)[index - entry.first_frame], index)

    def batch(
        self,
        indices: slice | Iterable[int],
        *,
        device: str | None = None,
        layout: Layout = "NHWC",
    ) -> FrameBatch:
        """Several frames in RGB as one array; frames of one segment are decoded together.

        Args:
            indices: which frames, in any order, or a slice; negative ones count from the end.
            device: None for a NumPy array; a torch device for a tensor that is there.
            layout: ``NHWC``, or ``NCHW`` as networks take it.

        Raises:
            IndexError: there is no such frame.
            UsageError: the layout is another.
            DamagedFile: a segment was lost, or is damaged.
        """
        self._check_open()
        if isinstance(indices, slice):
            indices = range(*indices.indices(self._length))
        if not isinstance(indices, Iterable):
            raise UsageError(f"indices are {indices!r} but must be a slice or several integers")
        places = [self._index(index) for index in indices]
        return rgb_batch(self._decoded(places), len(places), self.info, device, layout)

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

    def _about(self) -> str:
        whole = super()._about()
        step = constant_step(self.times)
        if step is None:
            return f"{whole}, variable rate"
        return f"{whole}, {float(1 / (step * self.info.time_base)):g} frames/s"

    def _frame(self, planes: Planes, index: int) -> Frame:
        if [tuple(plane.shape) for plane in planes] != list(self._shapes):
            sizes = ", ".join(f"{plane.shape[1]}x{plane.shape[0]}" for plane in planes)
            raise DamagedFile(
                f"{self._reader.name} is said to be {self.info.width}x{self.info.height} "
                f"{self.info.pixel_format} and has planes of {sizes}: get another copy of the file"
            )
        tick, base = self.times[index], self.info.time_base
        # The last frame lasts as long as the one before it.
        after = self.times[index + 1] if index + 1 < self._length else end_tick(self.times)
        return Frame(tuple(planes), tick, float(tick * base), float((after - tick) * base))

    def _decoded(self, indices: Sequence[int]) -> Iterator[tuple[int, Frame]]:
        """(place in `indices`, frame), a segment after the other."""
        groups: dict[SegmentEntry, list[int]] = {}
        for place, index in enumerate(indices):
            groups.setdefault(self._entry(index), []).append(place)
        for entry, places in groups.items():
            decoded = self._segment(entry)
            inside = [indices[place] - entry.first_frame for place in places]
            pictures = (
                decoded.batch(inside)
                if isinstance(decoded, DecodesBatches)
                else (decoded[i] for i in inside)
            )
            for place, planes in zip(places, pictures, strict=True):
                yield place, self._frame(planes, indices[place])

    def _segment(self, entry: SegmentEntry) -> Sequence[Planes]:
        """The frames of a segment, which stays loaded."""
        if self._loaded is None or self._loaded[0] is not entry:
            self._loaded = None
            self._loaded = entry, self._decode(self._reader.read_segment(entry.index))
        return self._loaded[1]

    def _check(self) -> None:
        info, name = self.info, self._reader.name
        if PIXEL_FORMATS.get(info.pixel_format, ("", 0))[1] != info.bit_depth:
            raise UnsupportedFormat(
                f"{name} has frames in {info.pixel_format} of {info.bit_depth} bits, which this "
                "ncodec does not know: install a newer one"
            )
        rising = isinstance(self.times, range)
        if not rising and any(later <= earlier for earlier, later in pairwise(self.times)):
            raise DamagedFile(
                f"{name} has presentation times that do not increase: get another copy of the file"
            )

    def _entry(self, index: int) -> SegmentEntry:
        """The segment that holds frame `index`."""
        position = bisect_right(self._entries, index, key=lambda e: e.first_frame) - 1
        entry = self._entries[position] if position >= 0 else None
        if entry is None or index >= entry.first_frame + entry.frame_count:
            raise DamagedFile(
                f"frame {index} is in a segment that this file has lost: get another copy"
            )
        return entry

    def _decode(self, segment: Segment) -> Sequence[Planes]:
        info, shared, context = self._reader.header.info, self._shared, self._context
        if self._preview == 1:
            return self._codec.decode(segment, info, shared, context)
        assert isinstance(self._codec, HasPreviews)
        return self._codec.preview(segment, info, shared, context, self._preview)
