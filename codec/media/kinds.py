"""The kind of media of a source, told without decoding it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ncodec.media.arrays import array_format, is_idx_name
from ncodec.media.foreign import foreign_format
from ncodec.media.images import JPEG_SUFFIXES, STILL_SUFFIXES, image_format, is_still_gif
from ncodec.media.pages import page_count
from ncodec.media.patterns import is_pattern, is_sequence

__all__ = ["Kind", "is_media_name", "media_kind", "still_kind"]

Kind = Literal["video", "image", "jpeg", "collection", "album"]

_FILM_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts"),
        *("mxf", "nut", "ogv", "ts", "vob", "webm", "wmv", "y4m", "yuv"),
    )
)
_OTHER_SUFFIXES = frozenset((".heic", ".heif", ".psb"))
_ARRAY_SUFFIXES = frozenset((".npy", ".npz", ".idx"))


def media_kind(spec: str | Path, *, timed: bool = False) -> Kind:
    """What to open `spec` as.

    One still image is an "image", or "jpeg" where its file is a JPEG file; an NPY or IDX file is a
    "collection", a folder, a glob or a file of several pages an "album"; all else, what has a rate
    (`timed`), numbered images as ``f_%04d.png`` and what cannot be read included, is "video".
    """
    path = Path(spec)
    suffix = path.suffix.lower()
    try:
        if str(spec) == "-":
            return "video"
        if path.is_dir():
            return "video" if timed else "album"
        if path.is_file():
            with path.open("rb") as stream:
                start = stream.read(32)
            if kind := still_kind(start):
                return "album" if kind == "image" and page_count(path) > 1 else kind
            if is_still_gif(path):
                return "image"
            if array_format(path):
                return "collection"
        elif is_pattern(path):
            return "video" if timed or is_sequence(path) else "album"
        elif suffix in JPEG_SUFFIXES:
            return "jpeg"
    except (OSError, ValueError):
        pass
    name = path.name.lower().removesuffix(".gz")
    if suffix in STILL_SUFFIXES:
        return "image"
    return "collection" if Path(name).suffix in _ARRAY_SUFFIXES or is_idx_name(name) else "video"


def still_kind(start: bytes) -> Literal["image", "jpeg"] | None:
    """The kind of the still image whose file has these first 32 bytes; None for no such file. Those
    that are not read count: they are refused rather than made a film."""
    name = image_format(start) or foreign_format(start)
    return ("jpeg" if name == "JPEG" else "image") if name else None


def is_media_name(name: str | Path) -> bool:
    """Whether `name` has the extension of a film, an image or an array, which no .nc file has."""
    known = _FILM_SUFFIXES | STILL_SUFFIXES | _OTHER_SUFFIXES | _ARRAY_SUFFIXES
    return Path(name).suffix.lower() in known
