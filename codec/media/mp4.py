"""H.264 in mp4 through PyAV, with the tracks that were copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from math import lcm
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from ncodec.errors import OutputError
from ncodec.formats.info import VideoInfo
from ncodec.media.fields import FieldMarker, is_interlaced, is_top_first
from ncodec.media.frame import PIXEL_FORMATS, Frame, plane_shapes, to_av
from ncodec.media.matroska.picture import picture_entry
from ncodec.media.matroska.stored import PICTURES
from ncodec.media.matroska.writer import Block, MatroskaWriter
from ncodec.media.presentation import Presentation
from ncodec.media.remuxing import Remuxing

__all__ = ["Mp4Writer"]

_DEPTHS = (8, 10)
_OPTIONS = {"crf": "12", "preset": "medium"}
_NO_PICTURE = b"\0\0\0\1\x09\xf0"
"""An access unit delimiter of H.264."""

_FLAGS = av.codec.context.Flags


class Mp4Writer:
    """An mp4 file with one track of H.264, and what it can hold of a Matroska file.

    Args:
        stream: the file, seekable.
        path: its final name, for messages.
        clip: what it is to hold.
        warn: told, once, what of them mp4 cannot hold.

    Raises:
        OutputError: H.264 cannot hold the clip.
    """

    def __init__(
        self,
        stream: BinaryIO,
        path: Path,
        clip: Presentation,
        warn: Callable[[str], None],
    ) -> None:
        self._source = info = clip.info
        times = clip.times
        self._info, codec, self._layout = _held(info, path)
        self._durations = _durations(times)
        self._encoder = self._opened(codec, path, times)
        self._fields = FieldMarker(self._info, self._layout)
        self._tracks: Remuxing | None = None
        if clip.tracks is not None:
            self._tracks = Remuxing(clip.tracks, "mp4", path, warn)
        # Where tracks begin is stated in ticks of the movie, milliseconds by default.
        clocks = self._tracks.clocks if self._tracks else ()
        ticks = lcm(info.time_base.denominator, *clocks)
        movie = {"movie_timescale": str(ticks if ticks < 1 << 31 else info.time_base.denominator)}
        self._container = av.open(stream, "w", format="mp4", container_options=movie)
        with av.open(self._header(clip)) as described:
            track = self._container.add_stream_from_template(
                described.streams.video[0], opaque=True
            )
        assert isinstance(track, VideoStream)
        self._track = track
        # The muxer's ticks: mp4 takes a multiple of them, so that every time is a whole tick.
        track.time_base = Fraction(1, info.time_base.denominator)
        if self._tracks:
            self._tracks.add_to(self._container, track)

    def _opened(self, codec: str, path: Path, times: Sequence[int] | None) -> av.VideoCodecContext:
        info = self._info
        try:
            context = av.CodecContext.create(codec, "w")
        except av.codec.codec.UnknownCodecError:
            raise OutputError(
                f"{path} needs the encoder {codec}, which this PyAV was built without: install av"
                " from PyPI or write a .mkv"
            ) from None
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height, context.pix_fmt = info.width, info.height, self._layout
        context.time_base = info.time_base
        context.framerate = _mean_rate(info, times)
        context.color_primaries = info.primaries
        context.color_trc = info.transfer
        context.colorspace = info.matrix
        context.color_range = 2 if info.full_range else 1
        context.sample_aspect_ratio = info.sample_aspect_ratio
        first = "tff" if is_top_first(info.field_order) else "bff"
        interlaced = {"x264-params": f"{first}=1"} if is_interlaced(info.field_order) else {}
        context.options = _OPTIONS | interlaced
        context.flags |= _FLAGS.global_header
        context.open()
        return context

    def _header(self, clip: Presentation) -> BytesIO:
        """A Matroska header that describes the track: PyAV cannot set all that FFmpeg reads."""
        stream = BytesIO()
        entry = picture_entry(
            self._info,
            clip.hdr,
            codec=("V_MPEG4/ISO/AVC", bytes(self._encoder.extradata or b"")),
            frame_time=clip.frame_time,
        )
        writer = MatroskaWriter(stream, [entry])
        writer.write(Block(PICTURES, 0, _NO_PICTURE))  # FFmpeg opens no file without packets
        writer.finish()
        stream.seek(0)
        return stream

    def write(self, frame: Frame) -> None:
        """Encodes one frame at its `pts`."""
        if self._info.pixel_format != self._source.pixel_format:
            frame = _with_full_chroma(frame, self._info)
        picture = to_av(frame, self._info)
        if self._layout != self._info.pixel_format:
            tags = (picture.pts, picture.time_base)
            picture = picture.reformat(format=self._layout, threads=1)
            picture.pts, picture.time_base = tags
        self._mux(self._encoder.encode(self._fields.marked(picture)))

    def finish(self) -> None:
        """Encodes what is held back and completes the container."""
        self._mux(self._encoder.encode(None))
        if self._tracks:
            self._tracks.mux_until(None)
        self._container.close()

    def _mux(self, packets: Sequence[Packet[VideoStream]]) -> None:
        base = self._info.time_base
        for packet in packets:
            # Without it mp4 takes the last frame to last no time and hides it by its edit list.
            packet.duration = 1 if packet.pts is None else self._durations.get(packet.pts, 1)
            packet.time_base = base
            packet.stream = self._track
            if self._tracks:
                self._tracks.mux_until((packet.dts or 0) * base)
            self._container.mux(packet)

    def abandon(self) -> None:
        """Frees the container and leaves out what it still would write."""
        with suppress(Exception):
            self._container.close()


def _held(info: VideoInfo, path: Path) -> tuple[VideoInfo, str, str]:
    """The clip as H.264 will hold it, the encoder, and the encoder's pixel format."""
    family, depth = PIXEL_FORMATS[info.pixel_format]
    if depth not in _DEPTHS or (family == "gbrp" and depth > 8):
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
