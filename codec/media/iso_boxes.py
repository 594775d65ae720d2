"""The boxes of files of the ISO base media file format, such as AVIF, HEIC and JPEG XL (ISO/IEC
14496-12, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["boxes", "find"]


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The (type, content) of each box, up to one that is cut short."""
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + size if size else len(data)
        if (size and size < head) or end > len(data):
            return
        yield data[at + 4 : at + 8], data[at + head : end]
        at = end


def find(data: bytes, *path: bytes) -> list[bytes]:
    """The contents of all boxes at this path of types."""
    for kind in path[:-1]:
        inside = next((content for name, content in boxes(data) if name == kind), b"")
        # A meta box has a version and flags in front of its boxes.
        data = inside[4:] if kind == b"meta" else inside
    return [content for name, content in boxes(data) if name == path[-1]]
