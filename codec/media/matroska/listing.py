"""What a Matroska file has in it, told without decoding or FFmpeg."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ncodec.media.matroska import elements as ids
from ncodec.media.matroska.ebml import Element, children
from ncodec.media.matroska.stored import Stored, child, child_number

__all__ = ["Part", "listed"]

_KINDS = {1: "video", 2: "audio", 17: "subtitles"}


@dataclass(frozen=True, slots=True)
class Part:
    """A track, an attachment, or the chapters.

    Attributes:
        kind: ``audio``, ``subtitles``, ``attachment`` or ``chapters``.
        name: a track's or an attachment's.
        codec: Matroska's identifier of the codec, such as ``A_AAC``.
        language: ISO 639-2, or "".
        size: bytes of its packets or its data.
        count: packets or chapters.
    """

    kind: str
    name: str = ""
    codec: str = ""
    language: str = ""
    size: int = 0
    count: int = 1


def listed(data: bytes) -> tuple[Part, ...]:
    """The tracks, attachments and chapters of a Matroska file.

    Raises:
        DamagedFile: it is none.
    """
    file = Stored(data)
    sizes: Counter[int] = Counter()
    counts: Counter[int] = Counter()
    for block in file.blocks():
        sizes[block.track] += len(block.data)
        counts[block.track] += 1
    parts = []
    for entry in file.entries:
        track = child_number(entry, ids.TRACK_NUMBER)
        language = _text(entry, ids.LANGUAGE)
        parts.append(
            Part(
                _KINDS.get(child_number(entry, ids.TRACK_TYPE), "data"),
                _text(entry, ids.NAME),
                _text(entry, ids.CODEC_ID),
                "" if language == "und" else language,
                sizes[track],
                counts[track],
            )
        )
    for attached in _inside(file, ids.ATTACHMENTS):
        held = child(attached, ids.FILE_DATA)
        size = len(held.payload) if held else 0
        parts.append(Part("attachment", _text(attached, ids.FILE_NAME), size=size))
    chapters = file.parts.get(ids.CHAPTERS)
    if chapters:
        count = sum(
            atom.id == ids.CHAPTER_ATOM
            for e in _inside(file, ids.CHAPTERS)
            for atom in children(e.payload)
            if e.id == ids.EDITION
        )
        parts.append(Part("chapters", size=len(chapters.whole), count=count))
    return tuple(parts)


def _inside(file: Stored, part: int) -> list[Element]:
    found = file.parts.get(part)
    return [e for e in children(found.payload) if e.id not in (ids.CRC, ids.VOID)] if found else []


def _text(parent: Element, identifier: int) -> str:
    found = child(parent, identifier)
    return found.text if found else ""
