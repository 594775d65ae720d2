"""A clip that is ready to be measured on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ncodec.eval.data.clips import ClipSpec, clip_digest, prepare
from ncodec.formats import VideoInfo
from ncodec.jobs.planning import SCENE_THRESHOLD
from ncodec.jobs.windows import longest_window, split
from ncodec.media import Frame, open_source, scan

__all__ = ["Prepared", "prepared"]


@dataclass(frozen=True, slots=True)
class ClipWindow:
    """A segment of the clip as codecs see it."""

    path: Path
    index: int
    first_frame: int
    frame_count: int
    info: VideoInfo

    def frames(self) -> Iterator[Frame]:
        """Its frames."""
        with open_source(self.path) as source:
            yield from source.frames(self.first_frame, self.frame_count)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A clip with what a scan found.

    Attributes:
        spec: the clip as it was asked for.
        path: the file that is encoded and compared with.
        digest: the hash of its content.
        info: its description.
        seconds: how long it plays.
        windows: segments that ``ncodec encode`` cuts it into.
    """

    spec: ClipSpec
    path: Path
    digest: str
    info: VideoInfo
    seconds: float
    windows: Sequence[ClipWindow]

    @property
    def interval(self) -> int:
        """Frames between random access points: those of the longest segment."""
        return max(window.frame_count for window in self.windows)

    @property
    def pixels(self) -> int:
        """The pixels of all frames together."""
        return self.info.width * self.info.height * self.info.frames

    @property
    def description(self) -> str:
        """Size, frames, rate, format and segments, in words."""
        info = self.info
        segments = len(self.windows)
        return (
            f"{info.width}x{info.height}, {info.frames} frames, "
            f"{info.frames / self.seconds:.5g} frames/s, {info.pixel_format}; "
            f"{segments} segment{'s' * (segments > 1)} of at most {self.interval} frames"
        )


def prepared(spec: ClipSpec, folder: Path, max_segment: int) -> Prepared:
    """The clip, edited into `folder` where its spec has edits, and scanned.

    Raises:
        NcodecError: it cannot be read, edited or written.
    """
    path = prepare(spec, folder)
    with open_source(path) as source:
        clip = scan(source, scene_threshold=SCENE_THRESHOLD)
    info = clip.info
    windows = split(clip.frames, clip.cuts, longest_window(info, max_segment))
    ticks = clip.times[-1] - clip.times[0] + 1 if clip.times else clip.frames
    return Prepared(
        spec=spec,
        path=path.absolute(),
        digest=clip_digest(spec),
        info=info,
        seconds=float(ticks * info.time_base),
        windows=[
            ClipWindow(path, index, first, count, info)
            for index, (first, count) in enumerate(windows)
        ],
    )
