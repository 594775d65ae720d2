"""An open file's images into a file, a folder, an array file or a stream."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import DamagedFile, UsageError
from ncodec.files.album import Album
from ncodec.formats.output import atomic_output, output_name
from ncodec.media import write_collection, write_image
from ncodec.media.collection_sink import FolderEntry, is_folder, write_folder, write_npy
from ncodec.media.image import Image
from ncodec.media.image_sink import OUTPUT_SUFFIXES
from ncodec.media.images import JPEG_SUFFIXES
from ncodec.plugin import Region

__all__ = ["decode_images"]


def decode_images(
    album: Album,
    output: str | Path | BinaryIO,
    *,
    format: str | None = None,
    frames: slice | None = None,
    region: Region | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Writes images to a file, a folder, an array file, standard output or a stream.

    Args:
        album: the open file.
        output: a path, by its extension; ``-``; or a stream. What holds one image is for one image.
        format: what ``-`` and streams get; if not given, the file that is kept, or ``png``.
        frames: which images, all if not given.
        region: the part of each that is wanted.
        watch: called with images done and images in all.
        warn: told what a repaired file has lost.

    Returns:
        Images written.

    Raises:
        NcodecError: one of its kinds; nothing is left of the output then.
    """
    selection = range(len(album))[frames or slice(None)]
    if not selection:
        raise UsageError(f"no image is in that range: the file has images 0 to {len(album) - 1}")
    files = region is None and _takes_files(output, format)
    if files and len(selection) == 1 and album.holds_file(selection[0]):
        if not _is_folder(output):
            with atomic_output(output) as stream:
                stream.write(album.file(selection[0]))
            watch(1, 1)
            return 1
    elif files and not _is_folder(output) and album.holds_file(selection[0]):
        raise UsageError(
            f"{output_name(output)} takes one file, not {len(selection)}: name a folder/"
        )
    indices = _available(album, selection, region, warn)

    def contents() -> Iterator[bytes | Image]:
        several = album.originals(indices) if files else album.stream(indices, region)
        for done, content in enumerate(several, 1):
            yield content
            watch(done, len(indices))

    def images() -> Iterator[Image]:
        for done, image in enumerate(album.stream(indices, region), 1):
            yield image
            watch(done, len(indices))

    if isinstance(output, str | Path) and _is_folder(output):
        lost_fields = write_folder(output, _entries(album, indices, contents()))
    elif isinstance(output, str | Path) and str(output) != "-":
        lost_fields = write_collection(output, images(), len(indices), album.layout)
    else:
        stream = sys.stdout.buffer if isinstance(output, str | Path) else output
        lost_fields = _write_stream(stream, images(), len(indices), format or "png", album)
    if lost_fields:
        warn(f"{output_name(output)} has no place for {', '.join(lost_fields)}: a .png keeps them")
    return len(indices)


def _entries(
    album: Album, indices: Sequence[int], contents: Iterable[bytes | Image]
) -> Iterator[FolderEntry]:
    """The files of a folder; pages of one file that follow each other are one."""
    pages: list[Image] = []
    for place, (index, content) in enumerate(zip(indices, contents, strict=True)):
        following = indices[place + 1] if place + 1 < len(indices) else None
        more = following == index + 1 and album.page(following) == album.page(index) + 1
        if isinstance(content, Image):
            pages.append(content)
            if more:
                continue
        whole = pages if len(pages) > 1 else content
        yield FolderEntry(album.file_name(index), whole, album.modified(index))
        pages = []


def _available(
    album: Album, selection: range, region: Region | None, warn: Callable[[str], None]
) -> list[int]:
    """The images of `selection` of which the file has something; says what is lost."""
    rising = selection if selection.step > 0 else selection[::-1]
    spans, start = [], 0
    for gap in album.missing() if len(selection) > 1 else ():
        begin, end = (bisect_left(rising, edge) for edge in (gap.start, gap.stop))
        if begin < end:
            warn(f"{_listed(album, rising[begin:end])} lost and left out")
            spans.append(rising[start:begin])
            start = end
    spans.append(rising[start:])
    indices = []
    for index in chain.from_iterable(spans):
        lost = list(album.lost(index, region))
        indices.append(index)
        for x, y, width, height in lost:
            warn(f"image {index} has lost {width}x{height} pixels at {x},{y}: they are 0")
    if not indices:
        raise DamagedFile(f"{album!r} has lost all of these images: get another copy of the file")
    return indices if selection.step > 0 else indices[::-1]


def _listed(album: Album, images: range) -> str:
    """Images as the subject of a sentence, however many they are."""
    if len(images) > 1:
        return f"{len(images):,} images, {images[0]} to {images[-1]}, are"
    name = album.name(images[0])
    return f"image {images[0]}{f', {name},' * bool(name)} is"


def _is_folder(output: str | Path | BinaryIO) -> bool:
    return isinstance(output, str | Path) and str(output) != "-" and is_folder(output)


def _takes_files(output: str | Path | BinaryIO, format: str | None) -> bool:
    """Whether files go to `output` as they came; else it gets their pixels."""
    if isinstance(output, str | Path) and str(output) != "-":
        return is_folder(output) or Path(output).suffix.lower() in JPEG_SUFFIXES
    return format is None or f".{format}" in JPEG_SUFFIXES


def _write_stream(
    stream: BinaryIO, images: Iterator[Image], count: int, format: str, album: Album
) -> tuple[str, ...]:
    if f".{format}" not in OUTPUT_SUFFIXES:
        known = ", ".join(sorted(suffix[1:] for suffix in OUTPUT_SUFFIXES))
        raise UsageError(f"format is {format!r} but must be one of {known} for images")
    if format == "npy":
        return write_npy(stream, images, count, album.layout)
    if count > 1:
        raise UsageError(
            f"a stream takes one image, not {count}: choose one by frames, give the format npy, "
            "or name a folder"
        )
    return write_image(stream, next(images), f".{format}")
