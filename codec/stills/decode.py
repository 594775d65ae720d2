"""From a file of images back to images."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ncodec.errors import UsageError
from ncodec.media import write_collection, write_image
from ncodec.media.image import Image
from ncodec.plugin import Region
from ncodec.stills.album import Album

__all__ = ["decode_images"]


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
