"""Sinks for frames: mp4, Matroska, y4m, PNG images and folders of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import OutputError
from ncodec.formats.hdr import Hdr
from ncodec.formats.info import VideoInfo
from ncodec.formats.output import output_name
from ncodec.media.film_sink import FilmSink, MkvPipeSink
from ncodec.media.picture_sinks import FolderSink, PipeSink, PngPipeSink, PngSink, Y4mSink
from ncodec.media.presentation import Presentation
from ncodec.media.video_sink import VideoSink

__all__ = ["VideoSink", "open_sink"]


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
    clip = Presentation(info, times, hdr, tracks)
    if not isinstance(spec, str | Path):
        return _pipe_sink(spec, output_name(spec), clip, format, warn)
    if str(spec) == "-":
        return _pipe_sink(stdout or sys.stdout.buffer, "standard output", clip, format, warn)
    path = Path(spec)
    suffix = path.suffix.lower()
    if suffix == ".y4m":
        return _warned(Y4mSink(path, _in_y4m(str(spec), clip)), spec, clip.lost_to_y4m, warn)
    if str(spec).endswith(("/", "\\")) or not suffix or path.is_dir():
        return _warned(FolderSink(path, info), spec, clip.tracks_in_words, warn)
    if suffix == ".png":
        return PngSink(path, info)
    if suffix in (".mp4", ".mkv"):
        return FilmSink(path, clip, warn)
    raise OutputError(
        f"{path} has the extension {suffix!r}: use .mp4, .mkv, .y4m, .png, a folder/ or - (y4m)"
    )


def _pipe_sink(
    pipe: BinaryIO,
    name: str,
    clip: Presentation,
    format: str | None,
    warn: Callable[[str], None],
) -> VideoSink:
    if format == "png":
        return PngPipeSink(pipe, name, clip.info)
    lost = clip.lost_to_y4m
    if format == "mkv" or (format is None and (lost or clip.in_y4m is None)):
        return MkvPipeSink(pipe, name, clip)
    return _warned(PipeSink(pipe, name, _in_y4m(name, clip)), name, lost, warn)


def _in_y4m(name: str, clip: Presentation) -> VideoInfo:
    if clip.frame_time is None:
        raise OutputError(
            f"{name} would be y4m, which has only a constant frame rate: write a .mkv or .mp4"
            " to keep the frame times"
        )
    if clip.in_y4m is None:
        raise OutputError(
            f"{name} cannot hold {clip.info.pixel_format}, for y4m has only YUV and grey: write a"
            " .mkv instead"
        )
    return clip.in_y4m


def _warned(
    sink: VideoSink, spec: str | Path, lost: Sequence[str], warn: Callable[[str], None]
) -> VideoSink:
    """The sink, after a warning of what it has no place for."""
    if lost:
        warn(f"{spec} has no place for {', '.join(lost)}: write a .mkv to keep it")
    return sink
