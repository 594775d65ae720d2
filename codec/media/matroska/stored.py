"""A Matroska file in memory, taken apart: what is copied goes on byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

from ncodec.errors import DamagedFile
from ncodec.media.matroska import elements as ids
from ncodec.media.matroska.ebml import Element, children, element, vint
from ncodec.media.matroska.writer import COARSE, Block

__all__ = ["PICTURES", "Stored", "child", "child_number"]

PICTURES = 1
"""The number and the identifier of the track of pictures among those that are copied."""

PICTURE_NAMES = ("LANGUAGE", "TITLE")
"""Tags of the track of pictures that a track has elements for."""

_KEYFRAME = 0x80
_MORE = (ids.BLOCK_ADDITIONS, ids.DISCARD_PADDING)


class Stored:
    """A complete Matroska file.

    Attributes:
        scale: nanoseconds of a tick.
        title: of the file, or "".
        duration: nanoseconds, 0 where it is not known.
        entries: the TrackEntry elements.
        parts: Chapters, Attachments and Tags, those that there are, by their identifiers.

    Raises:
        DamagedFile: it is none.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        segment = next((e for e in children(memoryview(data)) if e.id == ids.SEGMENT), None)
        if segment is None:
            raise DamagedFile("the copied tracks are no Matroska file")
        self._segment = segment.payload
        self.scale, self.title, self.duration = COARSE, "", 0
        self.entries: list[Element] = []
        self.parts: dict[int, Element] = {}
        for part in children(self._segment):
            if part.id == ids.INFO:
                scale = child(part, ids.TIMESTAMP_SCALE)
                self.scale = scale.number if scale else COARSE
                title = child(part, ids.TITLE)
                self.title = title.text if title else ""
                duration = child(part, ids.DURATION)
                self.duration = round(duration.real * self.scale) if duration else 0
            elif part.id == ids.TRACKS:
                self.entries = [e for e in children(part.payload) if e.id == ids.TRACK_ENTRY]
            elif part.id in (ids.CHAPTERS, ids.ATTACHMENTS, ids.TAGS):
                self.parts[part.id] = part

    @property
    def picture_tags(self) -> dict[str, str]:
        """The tags of the track of pictures, which itself is not in the file."""
        found = {}
        for tag in self._tags():
            for each in children(tag.payload) if _is_of_pictures(tag) else ():
                name, value = child(each, ids.TAG_NAME), child(each, ids.TAG_STRING)
                if each.id == ids.SIMPLE_TAG and name and value:
                    found[name.text.lower()] = value.text
        return found

    def parts_beside_pictures(self) -> list[bytes]:
        """The parts as they stand beside a track of pictures that has its own language and name."""
        parts = [bytes(part.whole) for part in self.parts.values() if part.id != ids.TAGS]
        tags = []
        for tag in self._tags():
            inside = list(children(tag.payload))
            if _is_of_pictures(tag):
                inside = [each for each in inside if not _is_called(each, PICTURE_NAMES)]
            if any(each.id == ids.SIMPLE_TAG for each in inside):
                tags.append(element(ids.TAG, *(each.whole for each in inside)))
        return [*parts, element(ids.TAGS, *tags)] if tags else parts

    def _tags(self) -> list[Element]:
        part = self.parts.get(ids.TAGS)
        return [each for each in children(part.payload) if each.id == ids.TAG] if part else []

    def blocks(self) -> Iterator[Block]:
        """The packets of all tracks, in file order.

        Raises:
            DamagedFile: one is cut short or laced, which ncodec never writes.
        """
        for cluster in children(self._segment):
            if cluster.id != ids.CLUSTER:
                continue
            start = 0
            for part in children(cluster.payload):
                if part.id == ids.TIMESTAMP:
                    start = part.number
                elif part.id == ids.SIMPLE_BLOCK:
                    yield self._block(part.payload, start, None, b"")
                elif part.id == ids.BLOCK_GROUP:
                    yield self._group(part, start)

    def _group(self, group: Element, start: int) -> Block:
        body: Element | None = None
        duration, more, dependent = None, b"", False
        for part in children(group.payload):
            if part.id == ids.BLOCK:
                body = part
            elif part.id == ids.BLOCK_DURATION:
                duration = part.number * self.scale
            elif part.id == ids.REFERENCE_BLOCK:
                dependent = True
            elif part.id in _MORE:
                more += bytes(part.whole)
        if body is None:
            raise DamagedFile("a BlockGroup has no Block")
        return self._block(body.payload, start, duration, more, group=not dependent)

    def _block(
        self,
        payload: memoryview,
        start: int,
        duration: int | None,
        more: bytes,
        group: bool | None = None,
    ) -> Block:
        track, offset = vint(payload, 0)
        if track is None or len(payload) < offset + 3 or payload[offset + 2] & 0x06:
            raise DamagedFile("a block is cut short or laced")
        time = start + int.from_bytes(payload[offset : offset + 2], "big", signed=True)
        keyframe = bool(payload[offset + 2] & _KEYFRAME) if group is None else group
        return Block(track, time * self.scale, payload[offset + 3 :], keyframe, duration, more)


def _is_of_pictures(tag: Element) -> bool:
    targets = child(tag, ids.TARGETS)
    return targets is not None and child_number(targets, ids.TAG_TRACK_UID) == PICTURES


def _is_called(tag: Element, names: tuple[str, ...]) -> bool:
    name = child(tag, ids.TAG_NAME) if tag.id == ids.SIMPLE_TAG else None
    return name is not None and name.text in names


def child(parent: Element, identifier: int) -> Element | None:
    """The first child of that kind."""
    return next((e for e in children(parent.payload) if e.id == identifier), None)


def child_number(parent: Element, identifier: int) -> int:
    """The integer in the first child of that kind, 0 without one."""
    found = child(parent, identifier)
    return found.number if found else 0
