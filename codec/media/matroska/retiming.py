"""A Matroska file written again with the times that its packets have, to the sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from ncodec.media.matroska import elements as ids
from ncodec.media.matroska.ebml import Element, children, element, number, text
from ncodec.media.matroska.stored import PICTURES, Stored, child, child_number
from ncodec.media.matroska.writer import COARSE, FINE, Block, MatroskaWriter

__all__ = ["Stamp", "retimed"]

_FINE_RATE = 48_000
_CODEC_CLOCKED = 2
"""The type of tracks of sound."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a packet begins and how long it lasts, in nanoseconds; None for what others say."""

    time: int
    duration: int | None


def retimed(
    data: bytes,
    stream: BinaryIO,
    stamps: Mapping[int, Sequence[Stamp]],
    picture_tags: Mapping[str, str],
    rate: int,
) -> None:
    """Writes the file `data` to `stream` with other times, and without its track `PICTURES`.

    Sound that begins before time 0 is the codec's priming: players leave it out.

    Args:
        data: a Matroska file as FFmpeg makes it.
        stream: where to.
        stamps: for each track number, the times of its blocks.
        picture_tags: tags of the track of pictures.
        rate: samples a second of the finest sound, 0 for none.
    """
    file = Stored(data)
    delays = {}
    entries = []
    for entry in file.entries:
        track = child_number(entry, ids.TRACK_NUMBER)
        if track == PICTURES:
            continue
        delay = child_number(entry, ids.CODEC_DELAY)
        first = min((stamp.time for stamp in stamps.get(track, ())), default=0)
        if child_number(entry, ids.TRACK_TYPE) == _CODEC_CLOCKED and not delay and first < 0:
            delay = -first
            entries.append(_with(entry, ids.CODEC_DELAY, delay))
        else:
            entries.append(bytes(entry.whole))
        delays[track] = delay
    times = [stamp.time for each in stamps.values() for stamp in each]
    whole = all(time % COARSE == 0 for time in times)
    scale = COARSE if whole else FINE * _FINE_RATE // max(_FINE_RATE, rate)
    parts = [bytes(part.whole) for part in file.parts.values() if part.id != ids.TAGS]
    tags = [*_tags(file), *_picture_tag(picture_tags)]
    parts += [element(ids.TAGS, *tags)] if tags else []
    writer = MatroskaWriter(stream, entries, parts=parts, scale=scale, title=file.title)
    for block in _in_order(file.blocks(), stamps, delays):
        writer.write(block)
    writer.finish()


def _in_order(
    blocks: Iterator[Block], stamps: Mapping[int, Sequence[Stamp]], delays: Mapping[int, int]
) -> list[Block]:
    """The blocks with their times, sorted by them; those of a track stay in their order."""
    waiting = {track: iter(each) for track, each in stamps.items()}
    reached = dict.fromkeys(stamps, 0)
    placed = []
    for block in blocks:
        stamp = next(waiting[block.track])
        time = max(0, stamp.time + delays[block.track])
        reached[block.track] = max(reached[block.track], time)
        placed.append((reached[block.track], replace(block, time=time, duration=stamp.duration)))
    return [block for _, block in sorted(placed, key=lambda place: place[0])]


def _tags(file: Stored) -> Iterator[bytes]:
    """The tags but for the durations that FFmpeg has counted."""
    found = file.parts.get(ids.TAGS)
    for tag in children(found.payload) if found else ():
        inside = (
            [e for e in children(tag.payload) if not _is_duration(e)] if tag.id == ids.TAG else []
        )
        if any(e.id == ids.SIMPLE_TAG for e in inside):
            yield element(ids.TAG, *(e.whole for e in inside))


def _picture_tag(tags: Mapping[str, str]) -> Iterator[bytes]:
    if tags:
        simple = (
            element(ids.SIMPLE_TAG, text(ids.TAG_NAME, name.upper()), text(ids.TAG_STRING, value))
            for name, value in tags.items()
        )
        targets = element(ids.TARGETS, number(ids.TAG_TRACK_UID, PICTURES))
        yield element(ids.TAG, targets, *simple)


def _is_duration(part: Element) -> bool:
    if part.id != ids.SIMPLE_TAG:
        return False
    name = child(part, ids.TAG_NAME)
    return name is not None and name.text in ("DURATION", "ENCODER")


def _with(entry: Element, identifier: int, value: int) -> bytes:
    """The element with one more number in it."""
    inside = (e.whole for e in children(entry.payload) if e.id not in (identifier, ids.CRC))
    return element(entry.id, *inside, number(identifier, value))
