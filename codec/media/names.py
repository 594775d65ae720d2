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
    """Turns names that anybody may have written into distinct paths of files below one folder."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._folders: set[str] = set()

    def split(self, name: str) -> tuple[str, str]:
        """The folders that `name` leads through, with a slash behind each, and the rest of it.

        There are none where one of them is not plain, or is a file already: the name of a path is
        that of one file then.
        """
        *folders, last = name.split("/")
        if not all(map(_is_plain, folders)) or not last:
            return "", name
        paths = ["/".join(folders[: end + 1]) for end in range(len(folders))]
        keys = set(map(_key, paths))
        if keys & self._taken:
            return "", name
        self._folders |= keys
        return "".join(f"{folder}/" for folder in folders), last

    def stem(self, name: str, known: frozenset[str], default: str) -> tuple[str, str]:
        """`name` without separators and what cannot be printed, and its suffix if in `known`."""
        clean = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name)
        clean = clean.strip()
        if not clean.strip("."):
            return default, ""
        suffix = PurePosixPath(clean).suffix
        if suffix.lower() not in known:
            return clean, ""
        return clean[: -len(suffix)], suffix

    def distinct(self, stem: str, suffix: str, folder: str = "") -> str:
        """A path that was not given out yet, on any file system; a number tells doubles apart.

        Args:
            folder: as `split` gives it.
        """
        number = 1
        while True:
            mark = f"-{number}" if number > 1 else ""
            room = _LONGEST - len(f"{mark}{suffix}".encode())
            short = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
            name = f"{folder}{short}{mark}{suffix}"
            key = _key(name)
            if key not in self._taken | self._folders:
                self._taken.add(key)
                return name
            number += 1


def _is_plain(folder: str) -> bool:
    """Whether a part of a path is the name of a folder, and would be on any system."""
    clean = folder.isprintable() and folder == folder.strip() and not set("\\:") & set(folder)
    return clean and bool(folder.strip(".")) and len(folder.encode("utf-8", "replace")) <= _LONGEST


def _key(path: str) -> str:
    """What is the same for paths that are one on some file system."""
    return normalize("NFC", path.casefold())
