"""Sinks for frames: mp4, Matroska, y4m, PNG images and folders of them."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import av
import numpy as np

from ncodec.errors import OutputError
from ncodec.formats.hdr import Hdr
from ncodec.formats.info import VideoInfo
from ncodec.formats.output import output_name
from ncodec.media import y4m
from ncodec.media.colour import to_rgb
from ncodec.media.frame import Frame
from ncodec.media.matroska.listing import listed
from ncodec.media.mkv import MkvWriter
from ncodec.media.mp4 import Mp4Writer
from ncodec.media.partial import PartialFile, PartialFolder, unwritable

__all__ = ["VideoSink", "open_sink"]

_NAMES = {
    "audio": "the sound",
    "subtitles": "the subtitles",
    "chapters": "the chapters",
    "attachment": "the attachments",
}


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


class FilmSink(VideoSink):
    """An .mp4 or .mkv file; arguments as of `open_sink`."""

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        times: Sequence[int] | None,
        hdr: Hdr | None,
        tracks: bytes | None,
        warn: Callable[[str], None],
    ) -> None:
        super().__init__(str(path), info)
        self._part = PartialFile(path)
        stream = self._part.stream
        try:
            self._writer: MkvWriter | Mp4Writer = (
                Mp4Writer(stream, path, info, times, hdr, tracks, warn)
                if path.suffix.lower() == ".mp4"
                else MkvWriter(stream, info, times, hdr, tracks)
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


class Y4mSink(VideoSink):
    """A .y4m file."""

    def __init__(self, path: Path, info: VideoInfo) -> None:
        super().__init__(str(path), info)
        header = y4m.header(info, str(path))
        self._part = PartialFile(path)
        self._part.stream.write(header)

    def _write(self, frame: Frame) -> None:
        self._part.stream.writelines(y4m.frame_bytes(frame))

    def _publish(self) -> None:
        self._part.publish()

    def _discard(self) -> None:
        self._part.discard()


class PipeSink(VideoSink):
    """y4m on a pipe or a stream; what went down it cannot be taken back."""

    def __init__(self, pipe: BinaryIO, name: str, info: VideoInfo) -> None:
        super().__init__(name, info)
        self._pipe = pipe
        self._header: bytes | None = y4m.header(info, name)

    def _write(self, frame: Frame) -> None:
        if self._header:
            self._pipe.write(self._header)
            self._header = None
        self._pipe.writelines(y4m.frame_bytes(frame))

    def _publish(self) -> None:
        self._pipe.flush()

    def _discard(self) -> None:
        """Nothing: the reader sees the end of the pipe inside or after a frame."""


class MkvPipeSink(VideoSink):
    """Matroska on a pipe or a stream, as it is made; arguments as of `open_sink`."""

    def __init__(
        self,
        pipe: BinaryIO,
        name: str,
        info: VideoInfo,
        times: Sequence[int] | None,
        hdr: Hdr | None,
        tracks: bytes | None,
    ) -> None:
        super().__init__(name, info)
        self._pipe = pipe
        self._clip = (info, times, hdr, tracks)
        self._writer: MkvWriter | None = None

    def _write(self, frame: Frame) -> None:
        self._started().write(frame)

    def _started(self) -> MkvWriter:
        """The writer, which puts the header on the pipe: not before there is a frame."""
        if self._writer is None:
            self._writer = MkvWriter(self._pipe, *self._clip, seeking=False)
        return self._writer

    def _publish(self) -> None:
        self._started().finish()

    def _discard(self) -> None:
        """Nothing: see `PipeSink`."""


class PngPipeSink(VideoSink):
    """One PNG on a pipe or a stream."""

    def __init__(self, pipe: BinaryIO, name: str, info: VideoInfo) -> None:
        super().__init__(name, info)
        if info.frames > 1:
            raise OutputError(
                f"{name} takes one PNG but the clip has {info.frames} frames; choose one of them"
            )
        self._pipe = pipe

    def _write(self, frame: Frame) -> None:
        self._pipe.write(_png(frame, self._info))

    def _publish(self) -> None:
        self._pipe.flush()

    def _discard(self) -> None:
        """Nothing: see `PipeSink`."""


class PngSink(VideoSink):
    """One .png file."""

    def __init__(self, path: Path, info: VideoInfo) -> None:
        super().__init__(str(path), info)
        if info.frames > 1:
            raise OutputError(
                f"{path} is one image but the clip has {info.frames} frames: name a folder,"
                f" {path.with_suffix('')}/"
            )
        self._part = PartialFile(path)

    def _write(self, frame: Frame) -> None:
        if self.frames:
            raise OutputError(f"{self._name} is one image and holds one frame: name a folder")
        self._part.stream.write(_png(frame, self._info))

    def _publish(self) -> None:
        self._part.publish()

    def _discard(self) -> None:
        self._part.discard()


class FolderSink(VideoSink):
    """A folder of 000000.png, 000001.png, ..."""

    def __init__(self, path: Path, info: VideoInfo) -> None:
        super().__init__(str(path), info)
        self._part = PartialFolder(path)

    def _write(self, frame: Frame) -> None:
        self._part.write(f"{self.frames:06d}.png", _png(frame, self._info))

    def _publish(self) -> None:
        self._part.publish()

    def _discard(self) -> None:
        self._part.discard()


def open_sink(
    spec: str | Path | BinaryIO,
    info: VideoInfo,
    times: Sequence[int] | None,
    *,
    hdr: Hdr | None = None,
    tracks: bytes | None = None,
    format: str | None = None,
    stdout: BinaryIO | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> VideoSink:
    """Opens the destination that `spec` is, or names by its extension.

    - ``.mkv``: FFV1 in Matroska: samples, colour, HDR10, rotation, fields and aspect ratio exact;
      times to 10 microseconds; the copied tracks.
    - ``.mp4``: H.264 at CRF 12: times exact; 8 and 10 bits. Odd 4:2:0 and 4:2:2 sizes become
      4:4:4 by repeating chroma; grey is read back as 4:2:0 by every H.264 decoder. What mp4 can
      hold of the copied tracks.
    - ``.y4m``: samples and range exact; constant rate only, no tracks.
    - ``.png``: one image. A path ending in ``/``, without extension or of an existing folder: a
      PNG a frame. RGB of 8 bits, or 16 for deeper formats, turned upright; no times.
    - A stream, and "-" for standard output: y4m where it can hold everything, else Matroska.

    Args:
        info: what is written; `frames` (0: unknown) is checked at the end.
        times: the presentation times in ticks of `info.time_base`; None for a constant rate.
        hdr: the mastering display and light level, where there are any.
        tracks: a Matroska file with sound, subtitles, chapters, attachments and tags.
        format: what a stream or "-" gets: "y4m", "mkv", or "png" for one frame; if not given, y4m
            where it can hold everything, else Matroska.
        stdout: the stream that "-" stands for, `sys.stdout.buffer` if not given.
        warn: told what the destination has no place for.

    Raises:
        OutputError: the destination cannot be written or cannot hold this clip.
    """
    if not isinstance(spec, str | Path):
        return _pipe_sink(spec, output_name(spec), info, times, hdr, tracks, format, warn)
    if str(spec) == "-":
        pipe, name = stdout or sys.stdout.buffer, "standard output"
        return _pipe_sink(pipe, name, info, times, hdr, tracks, format, warn)
    path = Path(spec)
    suffix = path.suffix.lower()
    if suffix == ".y4m":
        _check_steady(str(spec), times)
        y4m_sink = Y4mSink(path, info)
        _warn_of(str(spec), lost_to_y4m(info, hdr, tracks), warn)
        return y4m_sink
    if str(spec).endswith(("/", "\\")) or not suffix or path.is_dir():
        folder_sink = FolderSink(path, info)
        _warn_of(str(spec), kinds_of(tracks), warn)
        return folder_sink
    if suffix == ".png":
        return PngSink(path, info)
    if suffix in (".mp4", ".mkv"):
        return FilmSink(path, info, times, hdr, tracks, warn)
    raise OutputError(
        f"{path} has the extension {suffix!r}: use .mp4, .mkv, .y4m, .png, a folder/ or - (y4m)"
    )


def _pipe_sink(
    pipe: BinaryIO,
    name: str,
    info: VideoInfo,
    times: Sequence[int] | None,
    hdr: Hdr | None,
    tracks: bytes | None,
    format: str | None,
    warn: Callable[[str], None],
) -> VideoSink:
    if format == "png":
        return PngPipeSink(pipe, name, info)
    lost = lost_to_y4m(info, hdr, tracks)
    steady = times is None and y4m.holds(info)
    if format == "mkv" or (format is None and (lost or not steady)):
        return MkvPipeSink(pipe, name, info, times, hdr, tracks)
    _check_steady(name, times)
    sink = PipeSink(pipe, name, info)
    _warn_of(name, lost, warn)
    return sink


def lost_to_y4m(info: VideoInfo, hdr: Hdr | None, tracks: bytes | None) -> list[str]:
    """What y4m has no place for, beside colour."""
    lost = kinds_of(tracks)
    if info.rotation:
        lost.append(f"the rotation by {info.rotation} degrees")
    if info.mirrored:
        lost.append("the mirroring")
    if hdr is not None:
        lost.append("the HDR10 metadata")
    return lost


def kinds_of(tracks: bytes | None) -> list[str]:
    """What there is of sound, subtitles, chapters and attachments, for a warning."""
    kinds = {part.kind for part in listed(tracks)} if tracks is not None else set()
    return [name for kind, name in _NAMES.items() if kind in kinds]


def _warn_of(name: str, lost: Sequence[str], warn: Callable[[str], None]) -> None:
    if lost:
        warn(f"{name} has no place for {', '.join(lost)}: write a .mkv to keep it")


def _check_steady(name: str, times: Sequence[int] | None) -> None:
    if times is not None:
        raise OutputError(
            f"{name} would be y4m, which has only a constant frame rate: write a .mkv or .mp4"
            " to keep the frame times"
        )


def _png(frame: Frame, info: VideoInfo) -> bytes:
    """`frame` as an upright RGB PNG."""
    rgb = to_rgb(frame, info)
    if info.mirrored:
        rgb = rgb[:, ::-1]
    rgb = np.ascontiguousarray(np.rot90(rgb, -info.rotation // 90))
    layout = "rgb24" if rgb.dtype == np.uint8 else "rgb48le"
    encoder = av.CodecContext.create("png", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = rgb.shape[1], rgb.shape[0], "rgb24"
    encoder.pix_fmt = "rgb24" if layout == "rgb24" else "rgb48be"
    encoder.color_primaries, encoder.color_trc = info.primaries, info.transfer
    encoder.time_base = info.time_base
    picture = av.VideoFrame.from_ndarray(rgb, layout).reformat(format=encoder.pix_fmt)
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
