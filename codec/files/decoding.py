"""What an open file holds into whatever the output is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import UsageError
from ncodec.files.album import Album
from ncodec.files.clip import Clip
from ncodec.files.features import FeatureFile
from ncodec.files.nested import NestedAlbum
from ncodec.formats.output import atomic_output, is_stream
from ncodec.media.sheets import is_array
from ncodec.plugin import Region

__all__ = ["natural_output", "write_decoded"]


def natural_output(opened: Clip | Album | FeatureFile, source: str) -> str:
    """Where the file `source` is decoded to if nobody says: a JPEG file, a TIFF of pages, a folder,
    or an array of the kind that it was, beside it.

    Raises:
        UsageError: it holds something else, or has no path.
    """
    if isinstance(opened, Album) and is_array(opened.layout) and source != "-":
        return str(Path(source).with_suffix(f".{opened.layout['kind']}"))
    if isinstance(opened, NestedAlbum) and _are_pages(opened) and source != "-":
        return str(Path(source).with_suffix(".tif"))
    if isinstance(opened, NestedAlbum) and source != "-":
        return str(Path(source).with_suffix("")) + "/"
    if isinstance(opened, Album) and opened.holds_file() and source != "-":
        return str(Path(source).with_suffix(".jpg"))
    raise UsageError("there is no output: give -o FILE, or --head classify for features")


def _are_pages(album: Album) -> bool:
    """Whether they are those of one TIFF."""
    is_tiff = Path(album.name()).suffix.lower() in (".tif", ".tiff")
    return is_tiff and len(album) > 1 and all(album.page(i) == i for i in range(len(album)))


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
        from ncodec.files.image_decoding import decode_images

        return decode_images(
            opened, output, format=format, frames=frames, region=region, watch=watch, warn=warn
        )
    from ncodec.files.clip_decoding import decode_clip

    return decode_clip(
        *(opened, output),
        format=format,
        frames=frames,
        at=at,
        region=region,
        only=only,
        watch=watch,
        warn=warn,
    )
