"""Sinks that hold a clip with all that stands around its picture: mp4 and Matroska."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ncodec.media.frame import Frame
from ncodec.media.mkv import MkvWriter
from ncodec.media.mp4 import Mp4Writer
from ncodec.media.partial import PartialFile
from ncodec.media.presentation import Presentation
from ncodec.media.video_sink import VideoSink

__all__ = ["FilmSink", "MkvPipeSink"]


class FilmSink(VideoSink):
    """An .mp4 or .mkv file."""

    def __init__(
        self,
        path: Path,
        clip: Presentation,
        warn: Callable[[str], None],
    ) -> None:
        super().__init__(str(path), clip.info)
        self._part = PartialFile(path)
        stream = self._part.stream
        try:
            self._writer: MkvWriter | Mp4Writer = (
                Mp4Writer(stream, path, clip, warn)
                if path.suffix.lower() == ".mp4"
                else MkvWriter(stream, clip)
            )
        except BaseException:
            self._part.discard()
            raise

    def _write(self, frame: Frame) -> None:
        self._writer.write(frame)

    def _publish(self) -> None:
        self._writer.finish()
        self._part.publish()

    def _discard(self) -> None:
        self._part.discard()
        if isinstance(self._writer, Mp4Writer):
            self._writer.abandon()


class MkvPipeSink(VideoSink):
    """Matroska on a pipe or a stream, as it is made."""

    def __init__(
        self,
        pipe: BinaryIO,
        name: str,
        clip: Presentation,
    ) -> None:
        super().__init__(name, clip.info)
        self._pipe = pipe
        self._clip = clip
        self._writer: MkvWriter | None = None

    def _write(self, frame: Frame) -> None:
        self._started().write(frame)

    def _started(self) -> MkvWriter:
        """The writer, which puts the header on the pipe: not before there is a frame."""
        if self._writer is None:
            self._writer = MkvWriter(self._pipe, self._clip, seeking=False)
        return self._writer

    def _publish(self) -> None:
        self._started().finish()

    def _discard(self) -> None:
        """Nothing: see `PipeSink`."""
