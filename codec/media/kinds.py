"""The kind of media of a source, told without decoding it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ncodec.media.arrays import array_format, is_idx_name
from ncodec.media.images import STILL_SUFFIXES, image_format
from ncodec.media.patterns import is_pattern, is_sequence

__all__ = ["is_media_name", "media_kind"]

_FILM_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts"),
        *("mxf", "nut", "ogv", "ts", "vob", "webm", "wmv", "y4m", "yuv"),
    )
)
_OTHER_SUFFIXES = frozenset((".avif", ".dpx", ".exr", ".heic", ".jxl"))
_ARRAY_SUFFIXES = frozenset((".npy", ".npz", ".idx"))


def media_kind(spec: str | Path, *, timed: bool = False) -> Literal["video", "image", "collection"]:
    """What to open `spec` as.

    One still image is an "image"; a glob, NPY or IDX file is a "collection"; all else, a folder
    (whose images play as a film), numbered images as ``f_%04d.png``, a glob with a rate (`timed`)
    and what cannot be read included, is "video".
    """
    path = Path(spec)
    try:
        if path.is_dir() or str(spec) == "-":
            return "video"
        if path.is_file():
            with path.open("rb") as stream:
                start = stream.read(32)
            if image_format(start):
                return "image"
            if array_format(path):
                return "collection"
        elif is_pattern(path):
            return "video" if timed or is_sequence(path) else "collection"
    except (OSError, ValueError):
        pass
    name = path.name.lower().removesuffix(".gz")
    if path.suffix.lower() in STILL_SUFFIXES:
        return "image"
    return "collection" if Path(name).suffix in _ARRAY_SUFFIXES or is_idx_name(name) else "video"


def is_media_name(name: str | Path) -> bool:
    """Whether `name` has the extension of a film, an image or an array, which no .nc file has."""
    known = _FILM_SUFFIXES | STILL_SUFFIXES | _OTHER_SUFFIXES | _ARRAY_SUFFIXES
    return Path(name).suffix.lower() in known
