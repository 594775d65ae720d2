"""What every source of frames is: a film, a y4m pipe, images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal

from ncodec.formats.hdr import Hdr
from ncodec.formats.info import VideoInfo
from ncodec.media.frame import Frame
from ncodec.media.reading import READING, Reading

__all__ = ["DEEPEST_REORDERING", "Landmarks", "VideoSource"]

DEEPEST_REORDERING = 16
"""The frames by which coding order may differ from display order (H.264 and HEVC)."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What a scan remembers of every frame, to seek and to know that it landed right.

    Attributes:
        ticks: the presentation times as the container has them.
        fingerprints: `ncodec.media.frame.fingerprint` of each frame.
    """

    ticks: Sequence[int]
    fingerprints: Sequence[int]


_NO_LANDMARKS = Landmarks((), ())


class VideoSource(ABC):
    """Frames in display order, with what describes them. A context manager.

    Attributes:
        path: the file or folder; None for a pipe.
        name: what messages call it.
        kind: "image" for one still picture, else "video".
        info: the clip. `frames` is 0 and the times are the container's until `ncodec.media.scan`
            has seen every frame and called `settle`.
        as_opened: `info` before that.
        reading: what of it is read, and how.
        hdr: the mastering display and light level, or None.
        origin: seconds on the container's clock that are time 0 of the clip: the earliest start of
            any stream, or where the part that is read starts; final after a scan.
        shown_until: seconds on the source's clock of the last frame that a pass has looked at.
    """

    def __init__(
        self,
        path: Path | None,
        kind: Literal["video", "image"],
        info: VideoInfo,
        reading: Reading = READING,
    ) -> None:
        self.path = path
        self.name = str(path) if path else "standard input"
        self.kind = kind
        self.info = self.as_opened = info
        self.hdr: Hdr | None = None
        self.origin = Fraction(0)
        self.reading = reading
        self.shown_until = Fraction(0)
        self._times: Sequence[int] | None = None
        self._landmarks = _NO_LANDMARKS

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Each pass over the frames opens and closes its own files: nothing is left to do."""
        return None

    def frames(self, first: int = 0, count: int | None = None) -> Iterator[Frame]:
        """The frames `first`, `first + 1`, ...: `count` of them, or all that are left.

        Frame i is the same picture whatever `first` is. A film that was scanned is entered at a
        keyframe; each frame is compared with what the scan saw, and where one differs, because
        its keyframe does not start afresh, decoding goes on from the start of the film instead.
        Films that were not scanned decode from their start.

        Raises:
            InputError: the source cannot be decoded, or has fewer frames than it declares.
        """
        stop = None if count is None else first + count
        window = islice(self._decoded(first), stop if stop is None else stop - first)
        for index, frame in enumerate(window, first):
            if self._times is not None:
                yield replace(frame, pts=self._times[index])
            else:
                yield replace(frame, pts=index) if self.info.frames else frame

    def settle(
        self,
        info: VideoInfo,
        times: Sequence[int] | None,
        landmarks: Landmarks = _NO_LANDMARKS,
    ) -> None:
        """Adopts what a scan found, of this source or of another one of the same path.

        From now on frames have these times (None: frame i at tick i).
        """
        self.info = info
        self._times = times
        self._landmarks = landmarks

    def rates(self) -> Sequence[Fraction]:
        """The frames a second that the container states, likeliest first."""
        return (1 / self.info.time_base,)

    @property
    def notices(self) -> list[str]:
        """What is concealed, missing or left out, a sentence each; complete after a scan."""
        return []

    def starts_at(self, first: int) -> Fraction:
        """`origin`, seconds, of a clip whose first frame has the tick `first`."""
        return first * self.info.time_base

    def _decoded(self, first: int) -> Iterator[Frame]:
        """The frames that are to be read, from `first` of them on, with the container's times."""
        if self.reading.start is None and self.reading.end is None:
            yield from self._all(first)
        else:
            yield from islice(self._shown(self._all(0)), first, None)

    def _shown(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Those that are shown in the part that is read."""
        start, end = self.reading.start or 0, self.reading.end
        for frame in frames:
            self.shown_until = frame.pts * self.as_opened.time_base
            if end is not None and self.shown_until >= end:
                return
            if self.shown_until >= start:
                yield frame

    @abstractmethod
    def _all(self, first: int) -> Iterator[Frame]:
        """The frames from `first` on, with the container's times."""
