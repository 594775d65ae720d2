"""The kind of media of a source, told without decoding it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ncodec.media.arrays import array_format, is_idx_name
from ncodec.media.images import STILL_SUFFIXES, image_format
from ncodec.media.patterns import is_pattern, is_sequence

__all__ = ["media_kind"]

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
