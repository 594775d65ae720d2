"""Encoding to mp4 (H.264) and Matroska (FFV1) through PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from ncodec.errors import OutputError
from ncodec.formats.info import VideoInfo
from ncodec.media.film import SAMPLE_ASPECT_TAG
from ncodec.media.frame import PIXEL_FORMATS, Frame, plane_shapes, to_av

__all__ = ["FilmWriter"]

_H264_DEPTHS = (8, 10)
_H264_OPTIONS = {"crf": "12", "preset": "medium"}
_FFV1_OPTIONS = {"level": "3", "slicecrc": "1"}


class FilmWriter:
    """A video track in an open file.

    Args:
        stream: the file, seekable.
        path: its final name: the extension picks the container, messages use the rest.
        info: the clip.
        times: the presentation times, None for a constant rate.

    Raises:
        OutputError: the codec cannot hold the clip.
    """

    def __init__(
        self, stream: BinaryIO, path: Path, info: VideoInfo, times: Sequence[int] | None
    ) -> None:
        if path.suffix.lower() == ".mp4":
            self._info, codec, layout = _for_h264(info, path)
            options = _H264_OPTIONS
            # The start of the track is stated in ticks of the movie, milliseconds by default.
            movie = {"movie_timescale": str(info.time_base.denominator)}
            self._container = av.open(stream, "w", format="mp4", container_options=movie)
        else:
            self._info, codec, options = info, "ffv1", _FFV1_OPTIONS
            # FFV1 codes 8-bit RGB from a packed layout only; the samples are the same.
            layout = "bgr0" if info.pixel_format == "gbrp" else info.pixel_format
            self._container = av.open(stream, "w", format="matroska")
        self._layout = layout
        self._path = path
        self._source = info
        try:
            track = self._container.add_stream(codec, rate=_mean_rate(info, times), options=options)
        except av.codec.codec.UnknownCodecError:
            raise OutputError(
                f"{path} needs the encoder {codec}, which this PyAV was built without: install av"
                " from PyPI or write a .mkv"
            ) from None
        assert isinstance(track, VideoStream)
        self._track = track
        self._durations = _durations(times)
        self._configure(times)

    def _configure(self, times: Sequence[int] | None) -> None:
        info, track = self._info, self._track
        context = track.codec_context
        context.width, context.height, context.pix_fmt = info.width, info.height, self._layout
        context.time_base = info.time_base
        # The muxer's ticks: mp4 takes a multiple of them, so that every time is a whole tick.
        track.time_base = Fraction(1, info.time_base.denominator)
        if times is not None:
            context.framerate = Fraction(0)  # else Matroska states a default duration
        context.color_primaries = info.primaries
        context.color_trc = info.transfer
        context.colorspace = info.matrix
        context.color_range = 2 if info.full_range else 1
        context.sample_aspect_ratio = info.sample_aspect_ratio
        if info.sample_aspect_ratio != 1:
            aspect = info.sample_aspect_ratio
            track.metadata[SAMPLE_ASPECT_TAG] = f"{aspect.numerator}:{aspect.denominator}"
        if info.rotation:
            if not hasattr(track, "set_display_rotation"):
                raise OutputError(
                    f"{self._path} needs av>=18 to be marked as turned by {info.rotation} degrees:"
                    " install it, or write a folder of images, which are turned themselves"
                )
            track.set_display_rotation(-info.rotation)

    def write(self, frame: Frame) -> None:
        """Encodes one frame at its `pts`."""
        if self._info.pixel_format != self._source.pixel_format:
            frame = _with_full_chroma(frame, self._info)
        picture = to_av(frame, self._info)
        if self._layout != self._info.pixel_format:
            tags = (picture.pts, picture.time_base)
            picture = picture.reformat(format=self._layout)
            picture.pts, picture.time_base = tags
        self._mux(self._track.encode(picture))

    def finish(self) -> None:
        """Encodes what is held back and completes the container."""
        self._mux(self._track.encode(None))
        self._container.close()

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            # Without it mp4 takes the last frame to last no time and hides it by its edit list.
            packet.duration = 1 if packet.pts is None else self._durations.get(packet.pts, 1)
            self._container.mux(packet)

    def abandon(self) -> None:
        """Frees the container and leaves out what it still would write."""
        with suppress(Exception):
            self._container.close()


def _for_h264(info: VideoInfo, path: Path) -> tuple[VideoInfo, str, str]:
    """The clip as H.264 will hold it, the encoder, and the encoder's pixel format."""
    family, depth = PIXEL_FORMATS[info.pixel_format]
    if depth not in _H264_DEPTHS or (family == "gbrp" and depth > 8):
        raise OutputError(
            f"{path} cannot hold {info.pixel_format}, for H.264 has 8 and 10 bits, and RGB of 8:"
            " write a .mkv instead"
        )
    if family == "gbrp":
        return info, "libx264rgb", "bgr24"
    odd = (family == "yuv420p" and info.height % 2) or (
        family in ("yuv420p", "yuv422p") and info.width % 2
    )
    if odd:
        info = replace(info, pixel_format=info.pixel_format.replace(family, "yuv444p"))
    return info, "libx264", info.pixel_format


def _with_full_chroma(frame: Frame, info: VideoInfo) -> Frame:
    """The frame with chroma repeated to luma's size: x264 codes only even sizes in 4:2:0."""
    planes = [frame.planes[0]]
    for plane, (rows, columns) in zip(
        frame.planes[1:], plane_shapes(info.pixel_format, info.width, info.height)[1:], strict=True
    ):
        tall = np.repeat(plane, -(-rows // plane.shape[0]), axis=0)[:rows]
        planes.append(np.repeat(tall, -(-columns // plane.shape[1]), axis=1)[:, :columns])
    return Frame(tuple(planes), frame.pts)


def _durations(times: Sequence[int] | None) -> dict[int, int]:
    """The ticks from each time to the next; the last frame lasts as long as the one before."""
    if times is None or len(times) < 2:
        return {}
    steps = [later - earlier for earlier, later in pairwise(times)]
    return dict(zip(times, [*steps, steps[-1]], strict=True))


def _mean_rate(info: VideoInfo, times: Sequence[int] | None) -> Fraction:
    """The mean frames a second, for the encoder's rate control and the header."""
    if times is None or len(times) < 2:
        return 1 / info.time_base if times is None else Fraction(25)
    return Fraction(len(times) - 1) / ((times[-1] - times[0]) * info.time_base)
