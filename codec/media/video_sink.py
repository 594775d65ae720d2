"""What every sink of frames does: it counts them, and publishes all or nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType

import av

from ncodec.errors import OutputError
from ncodec.formats.info import VideoInfo
from ncodec.media.frame import Frame
from ncodec.media.partial import unwritable

__all__ = ["VideoSink"]


class VideoSink(ABC):
    """Takes frames in display order. A context manager: leaving it publishes the output.

    An exception or an interrupt inside the block removes what was written, and so does a number
    of frames that differs from `info.frames`.

    Attributes:
        frames: frames written so far.
    """

    def __init__(self, name: str, info: VideoInfo) -> None:
        self.frames = 0
        self._name = name
        self._info = info

    def __enter__(self) -> VideoSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        published = False
        try:
            if kind is None:
                self._check_count()
                self._publish()
                published = True
        except (OSError, av.FFmpegError) as failure:
            raise self._failed(failure) from None
        finally:
            if not published:
                self._discard()

    def write(self, frame: Frame) -> None:
        """Appends `frame`; its `pts` is in ticks of the sink's `info.time_base`.

        Raises:
            OutputError: the destination is full or cannot hold the frame.
            BrokenPipeError: the reader of a pipe has gone.
        """
        try:
            self._write(frame)
        except (OSError, av.FFmpegError) as failure:
            raise self._failed(failure) from None
        self.frames += 1

    def _check_count(self) -> None:
        if self.frames != (self._info.frames or self.frames) or not self.frames:
            expected = self._info.frames or "at least one"
            raise OutputError(
                f"{self._name} was given {self.frames} frames instead of {expected}: nothing was"
                " kept, write them all"
            )

    def _failed(self, failure: OSError | av.FFmpegError) -> OutputError | BrokenPipeError:
        # That a reader has seen enough is no error of the output's.
        if isinstance(failure, BrokenPipeError):
            return failure
        if isinstance(failure, OSError):
            return unwritable(self._name, failure)
        return OutputError(
            f"{self._name} cannot take frame {self.frames} ({failure.strerror}): write a .mkv"
            " instead"
        )

    @abstractmethod
    def _write(self, frame: Frame) -> None: ...

    @abstractmethod
    def _publish(self) -> None: ...

    @abstractmethod
    def _discard(self) -> None: ...
