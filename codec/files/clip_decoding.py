"""An open clip's frames, and its sound, into whatever the output is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import DamagedFile, UsageError
from ncodec.files.clip import Clip
from ncodec.formats.output import output_name
from ncodec.media import open_sink
from ncodec.media.matroska.excerpt import excerpt
from ncodec.media.matroska.listing import listed
from ncodec.media.sound import write_sound
from ncodec.media.timeline import end_tick
from ncodec.plugin import Region

__all__ = ["decode_clip"]


def decode_clip(
    opened: Clip,
    output: str | Path | BinaryIO,
    *,
    format: str | None = None,
    frames: slice | None = None,
    at: float | None = None,
    region: Region | None = None,
    only: str | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """What `ncodec.decode` does with a clip; arguments and errors as there."""
    if region is not None:
        raise UsageError("a region can be had of still images only: leave it out")
    if format not in (None, "y4m", "mkv", "png"):
        raise UsageError(f"format is {format!r} but must be y4m, mkv or png for frames")
    indices = _indices(opened, frames, at)
    span = None if frames is None and at is None else _span(opened, indices)
    tracks = _tracks(opened, warn)
    if only is not None:
        if at is not None or (frames is not None and span is None):
            raise UsageError("sound is taken by frames A:B: leave out the time and the step")
        return _decode_sound(opened, tracks, output, span, warn)
    info = replace(opened.info, frames=len(indices))
    ticks = [opened.times[i] for i in indices]
    steady = isinstance(opened.times, range) and len(indices) == indices[-1] - indices[0] + 1
    if span is not None:
        ticks = [tick - ticks[0] for tick in ticks]
        tracks = tracks and excerpt(tracks, *span)
    elif tracks is not None and (frames is not None or at is not None):
        warn(f"{output_name(output)} has frames that do not follow each other, so no sound")
        tracks = None
    with open_sink(
        output,
        info,
        None if steady else ticks,
        hdr=opened.hdr,
        tracks=tracks,
        format=format,
        warn=warn,
    ) as sink:
        for done, index in enumerate(indices, 1):
            sink.write(opened[index])
            watch(done, len(indices))
    return len(indices)


def _tracks(clip: Clip, warn: Callable[[str], None]) -> bytes | None:
    """The copied tracks; pictures decode where they are damaged."""
    try:
        return clip.tracks
    except DamagedFile as error:
        warn(f"{error}; its sound and subtitles are left out")
        return None


def _span(clip: Clip, indices: Sequence[int]) -> tuple[int, int] | None:
    """The nanoseconds from the first of the frames to the end of the last, if they are a run."""
    first, last = indices[0], indices[-1]
    if len(indices) != last - first + 1:
        return None
    end = clip.times[last + 1] if last + 1 < len(clip) else end_tick(clip.times)
    base = clip.info.time_base * 10**9
    return round(clip.times[first] * base), round(end * base)


def _decode_sound(
    clip: Clip,
    tracks: bytes | None,
    output: str | Path | BinaryIO,
    span: tuple[int, int] | None,
    warn: Callable[[str], None],
) -> int:
    if not any(part.kind == "audio" for part in (listed(tracks) if tracks else ())):
        raise UsageError(f"{clip!r} has no sound: decode its frames")
    assert tracks is not None
    start, end = span or (0, None)
    return write_sound(tracks, output, start=start, end=end, warn=warn)


def _indices(clip: Clip, frames: slice | None, at: float | None) -> list[int]:
    if frames is not None and at is not None:
        raise UsageError("frames and a time were given: choose one of them")
    if at is not None:
        return [clip.index_at(at)]
    selection = range(len(clip))[frames or slice(None)]
    if not selection:
        raise UsageError(f"no frame is in that range: the clip has frames 0 to {len(clip) - 1}")
    return [i for i in clip.available() if i in selection]
