"""An open file's frames or images into whatever the output is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import DamagedFile, UsageError
from ncodec.files.album import Album
from ncodec.files.clip import Clip
from ncodec.files.features import FeatureFile
from ncodec.files.nested import NestedAlbum
from ncodec.formats.output import atomic_output, is_stream, output_name
from ncodec.media import open_sink, write_collection, write_image
from ncodec.media.collection_sink import FolderEntry, is_folder, write_folder, write_npy
from ncodec.media.image import Image
from ncodec.media.image_sink import OUTPUT_SUFFIXES
from ncodec.media.images import JPEG_SUFFIXES
from ncodec.media.matroska.excerpt import excerpt
from ncodec.media.matroska.listing import listed
from ncodec.media.sound import write_sound
from ncodec.media.timeline import end_tick
from ncodec.plugin import Region

__all__ = ["decode_images", "natural_output", "write_decoded"]


def natural_output(opened: Clip | Album | FeatureFile, source: str) -> str:
    """Where the file `source` is decoded to if nobody says: a JPEG file or a folder beside it.

    Raises:
        UsageError: it holds something else, or has no path.
    """
    if isinstance(opened, NestedAlbum) and source != "-":
        return str(Path(source).with_suffix("")) + "/"
    if isinstance(opened, Album) and opened.holds_file() and source != "-":
        return str(Path(source).with_suffix(".jpg"))
    raise UsageError("there is no output: give -o FILE, or --head classify for features")


def write_decoded(
    opened: Clip | Album | FeatureFile,
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
    """What `ncodec.decode` does once the file is open; arguments and errors as there."""
    if isinstance(output, str | Path) and str(output) != "-" and is_stream(output):
        with atomic_output(output) as device:
            return write_decoded(
                *(opened, device),
                format=format,
                frames=frames,
                at=at,
                region=region,
                only=only,
                watch=watch,
                warn=warn,
            )
    if format is not None and isinstance(output, str | Path) and str(output) != "-":
        raise UsageError(
            f"format goes with - and streams, the name of {output} says it: leave it out"
        )
    if isinstance(opened, FeatureFile):
        raise UsageError(
            f"{opened!r} holds no pictures: decode it with --head, or use its `head` and `classify`"
        )
    if only is not None and (only != "audio" or not isinstance(opened, Clip)):
        raise UsageError(f"only is {only!r} but must be audio, of a clip: leave it out")
    if isinstance(opened, Album):
        if at is not None:
            raise UsageError("images have no time: choose them by frames")
        return decode_images(
            opened, output, format=format, frames=frames, region=region, watch=watch, warn=warn
        )
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
    selection = set(range(*(frames or slice(None)).indices(len(clip))))
    if not selection:
        raise UsageError(f"no frame is in that range: the clip has frames 0 to {len(clip) - 1}")
    return [i for i in clip.available() if i in selection]


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
        entries = (
            FolderEntry(album.file_name(index), content, album.modified(index))
            for index, content in zip(indices, contents(), strict=True)
        )
        lost_fields = write_folder(output, entries)
    elif isinstance(output, str | Path) and str(output) != "-":
        lost_fields = write_collection(output, images(), len(indices), album.layout)
    else:
        stream = sys.stdout.buffer if isinstance(output, str | Path) else output
        lost_fields = _write_stream(stream, images(), len(indices), format or "png", album)
    if lost_fields:
        warn(f"{output_name(output)} has no place for {', '.join(lost_fields)}: a .png keeps them")
    return len(indices)


def _available(
    album: Album, selection: range, region: Region | None, warn: Callable[[str], None]
) -> list[int]:
    """The images of `selection` of which the file has something; says what is lost."""
    indices = []
    for index in selection:
        lost = list(album.lost(index, region))
        info = album.picture_info(index)
        if len(selection) > 1 and lost == [region or (0, 0, info.width, info.height)]:
            name = album.name(index)
            warn(f"image {index}{f', {name},' * bool(name)} is lost and left out")
            continue
        indices.append(index)
        for x, y, width, height in lost:
            warn(f"image {index} has lost {width}x{height} pixels at {x},{y}: they are 0")
    if not indices:
        raise DamagedFile(f"{album!r} has lost all of these images: get another copy of the file")
    return indices


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
