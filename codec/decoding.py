"""An open file's frames or images into whatever the output is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ncodec.clip import Clip
from ncodec.errors import UsageError
from ncodec.media import open_sink
from ncodec.plugin import Region
from ncodec.stills import Album, decode_images

__all__ = ["write_decoded"]


def write_decoded(
    opened: Clip | Album,
    output: str | Path,
    *,
    frames: slice | None = None,
    at: float | None = None,
    region: Region | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """What `ncodec.decode` does once the file is open; arguments and errors as there."""
    if isinstance(opened, Album):
        if at is not None:
            raise UsageError("images have no time: choose them by frames")
        return decode_images(opened, output, frames=frames, region=region, watch=watch, warn=warn)
    if region is not None:
        raise UsageError("a region can be had of still images only: leave it out")
    wanted = _wanted(opened, frames, at)
    info = replace(opened.info, frames=len(wanted))
    steady = isinstance(opened.times, range) and len(wanted) == wanted[-1] - wanted[0] + 1
    times = None if steady else [opened.times[i] for i in wanted]
    with open_sink(output, info, times) as sink:
        for done, index in enumerate(wanted, 1):
            sink.write(opened[index])
            watch(done, len(wanted))
    return len(wanted)


def _wanted(clip: Clip, frames: slice | None, at: float | None) -> list[int]:
    if frames is not None and at is not None:
        raise UsageError("frames and a time were given: choose one of them")
    if at is not None:
        return [clip.index_at(at)]
    chosen = set(range(*(frames or slice(None)).indices(len(clip))))
    if not chosen:
        raise UsageError(f"no frame is in that range: the clip has frames 0 to {len(clip) - 1}")
    return [i for i in clip.available() if i in chosen]
