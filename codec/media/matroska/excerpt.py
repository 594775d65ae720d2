"""The part of a Matroska file between two times, as a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO

from ncodec.media.matroska import elements as ids
from ncodec.media.matroska.ebml import Element, children, element, number
from ncodec.media.matroska.stored import Stored, child_number
from ncodec.media.matroska.writer import Block, MatroskaWriter

__all__ = ["excerpt"]

_SOUND = 2


def excerpt(
    data: bytes, start: int = 0, end: int | None = None, *, sound_only: bool = False
) -> bytes:
    """What begins between two times, shifted so that the first of them is 0.

    Subtitles that are shown already at `start` are shown for the rest of their time. Sound that
    began before loses what its codec needs to run in: its first packet may be a little off.

    Args:
        data: a complete Matroska file.
        start, end: nanoseconds; None for the end of the file.
        sound_only: whether only tracks of sound are taken, and tags.

    Raises:
        DamagedFile: `data` is damaged.
    """
    file = Stored(data)
    entries, delays = [], {}
    for entry in file.entries:
        if sound_only and child_number(entry, ids.TRACK_TYPE) != _SOUND:
            continue
        delay = child_number(entry, ids.CODEC_DELAY)
        kept = delay if not start else 0
        delays[child_number(entry, ids.TRACK_NUMBER)] = (delay, kept)
        entries.append(bytes(entry.whole) if kept == delay else without(entry, ids.CODEC_DELAY))
    parts = []
    for part in file.parts.values():
        if part.id == ids.CHAPTERS and not sound_only:
            chapters = _chapters(part, start, end)
            parts.append(chapters)
        elif part.id == ids.TAGS or not sound_only:
            parts.append(bytes(part.whole))
    stream = BytesIO()
    writer = MatroskaWriter(stream, entries, parts=parts, scale=file.scale, title=file.title)
    for block in file.blocks():
        if block.track not in delays:
            continue
        delay, kept = delays[block.track]
        shown = _shown(replace(block, time=block.time - delay), start, end)
        if shown is not None:
            writer.write(replace(shown, time=shown.time + kept))
    writer.finish()
    return stream.getvalue()


def without(entry: Element, identifier: int) -> bytes:
    """The element without its children of a kind."""
    inside = (e.whole for e in children(entry.payload) if e.id not in (identifier, ids.CRC))
    return element(entry.id, *inside)


def _shown(block: Block, start: int, end: int | None) -> Block | None:
    """The block on the new clock; None where nothing of it is in the excerpt."""
    time = block.time - start
    if end is not None and block.time >= end:
        return None
    if time >= 0 or not start:
        return replace(block, time=time)
    if block.duration is None or time + block.duration <= 0:
        return None
    return replace(block, time=0, duration=block.duration + time)


def _chapters(part: Element, start: int, end: int | None) -> bytes:
    """The chapters that are shown between two times."""

    def clock(time: int) -> int:
        return max(0, (time if end is None else min(time, end)) - start)

    return element(part.id, *_atoms(part, clock))


def _atoms(parent: Element, clock: Callable[[int], int]) -> Iterator[bytes]:
    for each in children(parent.payload):
        if each.id == ids.CHAPTER_ATOM:
            first = clock(child_number(each, ids.CHAPTER_START))
            last = clock(child_number(each, ids.CHAPTER_END))
            if first < last:
                yield element(each.id, *_atoms(each, clock))
        elif each.id == ids.EDITION:
            yield element(each.id, *_atoms(each, clock))
        elif each.id in (ids.CHAPTER_START, ids.CHAPTER_END):
            yield number(each.id, clock(each.number))
        elif each.id != ids.CRC:
            yield bytes(each.whole)
