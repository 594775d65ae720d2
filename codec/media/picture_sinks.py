"""Sinks of pictures alone: y4m and PNG, in files, folders and pipes."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from ncodec.errors import OutputError
from ncodec.formats.info import VideoInfo
from ncodec.media import y4m
from ncodec.media.colour import to_rgb
from ncodec.media.frame import Frame
from ncodec.media.partial import PartialFile, PartialFolder
from ncodec.media.video_sink import VideoSink

__all__ = ["FolderSink", "PipeSink", "PngPipeSink", "PngSink", "Y4mSink"]


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
    picture = av.VideoFrame.from_ndarray(rgb, layout).reformat(format=encoder.pix_fmt, threads=1)
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
