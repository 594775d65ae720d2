"""File names: their natural order, and names from a file that are safe to write."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from unicodedata import normalize

__all__ = ["IMAGE_SUFFIXES", "SafeNames", "natural_order"]

IMAGE_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("avif", "bmp", "dpx", "exr", "heic", "jpeg", "jpg", "jxl", "pbm", "pgm", "png", "pnm"),
        *("ppm", "tif", "tiff", "webp"),
    )
)
"""The extensions of what counts as a picture in a folder."""

_LONGEST = 255
"""The most bytes of a name that file systems take."""


def natural_order(name: str) -> list[tuple[int, str]]:
    """A sort key that puts 2 before 10."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(p), "") if i % 2 else (0, p) for i, p in enumerate(parts)]


class SafeNames:
    """Turns names that anybody may have written into distinct names of files in one folder."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def stem(self, name: str, known: frozenset[str], default: str) -> tuple[str, str]:
        """`name` without separators and what cannot be printed, and its suffix if in `known`."""
        clean = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name)
        clean = normalize("NFC", clean).strip()
        if not clean.strip("."):
            return default, ""
        suffix = PurePosixPath(clean).suffix
        if suffix.lower() not in known:
            return clean, ""
        return clean[: -len(suffix)], suffix

    def distinct(self, stem: str, suffix: str) -> str:
        """A name that was not given out yet, on any file system; a number tells doubles apart."""
        number = 1
        while True:
            mark = f"-{number}" if number > 1 else ""
            room = _LONGEST - len(f"{mark}{suffix}".encode())
            short = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
            name = f"{short}{mark}{suffix}"
            key = normalize("NFC", name.casefold())
            if key not in self._taken:
                self._taken.add(key)
                return name
            number += 1
