"""An open file's frames or images into whatever the output is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ncodec.errors import UsageError
from ncodec.files.album import Album
from ncodec.files.clip import Clip
from ncodec.files.features import FeatureFile
from ncodec.media import open_sink, write_collection, write_image
from ncodec.media.image import Image
from ncodec.plugin import Region

__all__ = ["decode_images", "write_decoded"]


def write_decoded(
    opened: Clip | Album | FeatureFile,
    output: str | Path,
    *,
    frames: slice | None = None,
    at: float | None = None,
    region: Region | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """What `ncodec.decode` does once the file is open; arguments and errors as there."""
    if isinstance(opened, FeatureFile):
        raise UsageError(
            f"{opened!r} holds no pictures: decode it with --head, or use its `head` and `classify`"
        )
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


def decode_images(
    album: Album,
    output: str | Path,
    *,
    frames: slice | None = None,
    region: Region | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Writes images to a file, a folder, an array file, or ``-`` for PNG on stdout.

    Args:
        album: the open file.
        output: by its extension; what holds one image is for one image.
        frames: which images, all if not given.
        region: the part of each that is wanted.
        watch: called with images done and images in all.
        warn: told what a repaired file has lost.

    Returns:
        Images written.

    Raises:
        NcodecError: one of its kinds; nothing is left of the output then.
    """
    chosen = range(len(album))[frames or slice(None)]
    if not chosen:
        raise UsageError(f"no image is in that range: the file has images 0 to {len(album) - 1}")

    area = region or (0, 0, album.info.width, album.info.height)
    wanted = []
    for index in chosen:
        lost = album.lost(index, region)
        if len(chosen) > 1 and list(lost) == [area]:
            warn(f"image {index} is lost and left out")
            continue
        wanted.append(index)
        for x, y, width, height in lost:
            warn(f"image {index} has lost {width}x{height} pixels at {x},{y}: they are 0")

    def images() -> Iterator[Image]:
        for done, image in enumerate(album.stream(wanted, region), 1):
            yield image
            watch(done, len(wanted))

    if str(output) == "-":
        if len(wanted) > 1:
            raise UsageError(
                f"stdout takes one image, not {len(wanted)}: choose one with --frames, or name "
                "a folder"
            )
        lost_fields = write_image(sys.stdout.buffer, next(images()), ".png")
    else:
        lost_fields = write_collection(output, images(), len(wanted), album.layout)
    if lost_fields:
        warn(f"{output} has no place for {', '.join(lost_fields)}: a .png keeps them")
    return len(wanted)
