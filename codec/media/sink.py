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
from ncodec.media import y4m
from ncodec.media.film_sink import FilmSink, MkvPipeSink
from ncodec.media.matroska.listing import listed
from ncodec.media.picture_sinks import FolderSink, PipeSink, PngPipeSink, PngSink, Y4mSink
from ncodec.media.video_sink import VideoSink

__all__ = ["VideoSink", "open_sink"]

_NAMES = {
    "audio": "the sound",
    "subtitles": "the subtitles",
    "chapters": "the chapters",
    "attachment": "the attachments",
}


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
