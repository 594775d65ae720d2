"""Chapters, attachments and tags of a film, on their way into the copied tracks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream

from ncodec.media import film
from ncodec.media.track_kinds import codec_of, is_attachment

if TYPE_CHECKING:
    from av.container.core import Chapter

__all__ = ["TIMECODE", "add_attachments", "add_chapters", "add_tags", "film_tags", "picture_tags"]

_SECOND = 10**9
_OF_THE_CONTAINER = frozenset(
    (
        *("major_brand", "minor_version", "compatible_brands", "vendor_id"),
        *("encoder", "software", "handler_name"),
    )
)
"""Tags about the file that the tracks came in, not about the film."""

_STATISTICS = ("bps", "duration", "number_of_frames", "number_of_bytes", "_statistics_")
"""What tags of tracks begin with that a muxer has counted."""

TIMECODE = "timecode"
_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}


def add_chapters(
    container: InputContainer, muxed: OutputContainer, origin: Fraction, end: Fraction | None
) -> bool:
    chapters: list[Chapter] = []
    for chapter in container.chapters():
        base = chapter["time_base"] or Fraction(1)
        start, stop = chapter["start"] * base, chapter["end"] * base
        if stop > origin and (end is None or start < end):
            times = {
                "start": round((max(start, origin) - origin) * _SECOND),
                "end": round(((stop if end is None else min(stop, end)) - origin) * _SECOND),
                "time_base": Fraction(1, _SECOND),
            }
            chapters.append(cast("Chapter", {**chapter, **times}))
    muxed.set_chapters(chapters)
    return bool(chapters)


def add_attachments(container: InputContainer, muxed: OutputContainer, path: Path) -> bool:
    attached = False
    for stream in filter(is_attachment, container.streams):
        name, mime = _COVERS.get(codec_of(stream), ("attachment", "application/octet-stream"))
        name = stream.metadata.get("filename", name)
        mime = stream.metadata.get("mimetype", mime)
        data = stream.data if isinstance(stream, AttachmentStream) else _cover(path, stream.index)
        copy = muxed.add_attachment(name, mime, data)
        if "title" in stream.metadata:
            copy.metadata["title"] = stream.metadata["title"]
        attached = True
    return attached


def _cover(path: Path, index: int) -> bytes:
    with film.opened(path) as container:
        return next(bytes(p) for p in container.demux(container.streams[index]) if p.size)


def add_tags(container: InputContainer, muxed: OutputContainer) -> bool:
    muxed.metadata.update(film_tags(container.metadata))
    return bool(muxed.metadata)


def film_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """The tags about the film."""
    return {
        name: value
        for name, value in metadata.items()
        if name.lower() not in _OF_THE_CONTAINER
        and not name.lower().startswith(_STATISTICS)
        and (name, value) != ("language", "und")
    }


def picture_tags(container: InputContainer, coded: int) -> dict[str, str]:
    """The tags of the coded video; the timecode that a track beside it has is one of them."""
    timecodes = [s.metadata[TIMECODE] for s in container.streams if TIMECODE in s.metadata]
    tags = film_tags(container.streams[coded].metadata)
    return tags | ({TIMECODE: timecodes[0]} if timecodes else {})
