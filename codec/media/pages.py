"""Files of several pictures: pages, which are stills, or pictures in time, which are films."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ncodec.media.images import image_format, is_still_gif, mapped
from ncodec.media.tiff_ifd import pages_of

__all__ = ["moves", "page_count"]

_ANIMATED_WEBP = 2
"""The bit of a WebP's flags that says that it moves."""


def page_count(path: Path) -> int:
    """How many pages a TIFF or an icon has, versions of one picture aside; 1 for all else.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(32)
    kind = image_format(start)
    if kind == "ICO":
        return max(int.from_bytes(start[4:6], "little"), 1)
    if kind == "TIFF":
        with suppress(ValueError):  # whoever reads it says so
            return len(pages_of(mapped(path))[0])
    return 1


def moves(path: Path) -> bool:
    """Whether an image file holds pictures in time: an animated GIF, PNG, WebP or AVIF.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(32)
        if start[8:16] == b"WEBPVP8X":
            return bool(start[20] & _ANIMATED_WEBP)
        if start[4:12] == b"ftypavis":
            return True
        if image_format(start) == "PNG":
            at = 8
            while len(head := (stream.seek(at), stream.read(16))[1]) > 11:
                if head[4:8] in (b"IDAT", b"acTL"):
                    return head[4:8] == b"acTL" and int.from_bytes(head[8:12], "big") > 1
                at += 12 + int.from_bytes(head[:4], "big")
    return start.startswith(b"GIF8") and not is_still_gif(path)
