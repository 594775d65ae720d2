"""What stands around the picture of a film: sound, subtitles, chapters, attachments and tags.

All of it is copied into one Matroska file, packets bit by bit. FFmpeg's muxer makes the tracks'
headers; the times, which it would round to milliseconds, are written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Discard, Disposition, Stream

from ncodec.errors import InputError, UsageError
from ncodec.formats.limits import Limits
from ncodec.media import film
from ncodec.media.matroska.retiming import Stamp, retimed
from ncodec.media.reading import READING, Reading

if TYPE_CHECKING:
    from av.container.core import Chapter

__all__ = ["COPYING", "Copying", "codec_of", "copy_tracks", "fits"]

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

_NAMES = ("language", "title")
"""Tags that stay with a track that has no others."""

_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_MUXING = {"fflags": "+bitexact", "default_mode": "passthrough"}


@dataclass(frozen=True, slots=True)
class Copying:
    """What is copied beside the picture.

    Attributes:
        audio, subtitles: tracks of that kind.
        chapters: the chapters.
        attachments: files, such as fonts, and cover pictures.
        tags: those of the file and of its tracks; a track's language and title stay with it.

    Raises:
        UsageError: a value is neither true nor false.
    """

    audio: bool = True
    subtitles: bool = True
    chapters: bool = True
    attachments: bool = True
    tags: bool = True

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if type(value) is not bool:
                raise UsageError(f"{each.name} is {value!r} but must be True or False")


COPYING = Copying()
"""Everything."""


@dataclass(slots=True)
class _Track:
    """A stream of the source and its counterpart."""

    source: Stream
    copy: Stream
    as_text: bool
    stamps: list[Stamp] = field(default_factory=list)


def copy_tracks(
    path: Path,
    output: Path,
    copying: Copying,
    *,
    reading: Reading = READING,
    origin: Fraction = Fraction(0),
) -> tuple[str, ...]:
    """Writes what is to be copied of the film at `path` to `output`, if there is anything.

    Args:
        path: the film.
        output: a Matroska file; absent afterwards if there is nothing to copy.
        copying: which parts.
        reading: what of the film is coded: its video stream, from where to where.
        origin: the seconds of the container's clock that become 0.

    Returns:
        A sentence for each thing that cannot be copied.

    Raises:
        InputError: the film cannot be read, or the copy would be over the limit of a box.
    """
    notices: list[str] = []
    end = None
    if reading.end is not None:
        end = origin + reading.end - (reading.start or 0)
    with film.opened(path, reading) as container, TemporaryFile(dir=output.parent) as raw:
        muxed = av.open(raw, "w", format="matroska", options=_MUXING)
        try:
            coded = reading.stream
            if coded is None:
                coded = film.video_stream(container, str(path)).index
            # The place of the pictures' track: FFmpeg writes no file without one.
            muxed.add_mux_stream("subrip")
            tracks = _tracks(container, muxed, copying, coded, notices)
            picture_tags = _kept(container.streams[coded].metadata) if copying.tags else {}
            found = bool(tracks or picture_tags)
            found |= copying.chapters and _chapters(container, muxed, origin, end)
            found |= copying.attachments and _attachments(container, muxed, path)
            found |= copying.tags and _tags(container, muxed)
            if not found:
                return tuple(notices)
            muxed.start_encoding()
            for packet, track in _packets(container, tracks):
                stamp = _stamp(packet, track, origin, end)
                if stamp is not None:
                    _mux(muxed, packet, track, sum(len(t.stamps) for t in tracks))
                    track.stamps.append(stamp)
                    _check_size(raw, path)
        except av.FFmpegError as error:
            raise InputError(
                f"the tracks of {path} cannot be copied ({error.strerror}): leave them out with "
                "--no-audio, --no-subtitles, --no-attachments"
            ) from None
        finally:
            with suppress(av.FFmpegError):
                muxed.close()
        raw.seek(0)
        rates = [getattr(track.source.codec_context, "sample_rate", 0) for track in tracks]
        with output.open("wb") as stream:
            stamps = {track.copy.index + 1: track.stamps for track in tracks}
            retimed(raw.read(), stream, stamps, picture_tags, max(rates, default=0))
    return tuple(notices)


def _tracks(
    container: InputContainer,
    muxed: OutputContainer,
    copying: Copying,
    coded: int,
    notices: list[str],
) -> list[_Track]:
    tracks = []
    for stream in container.streams:
        wanted = {"audio": copying.audio, "subtitle": copying.subtitles}.get(stream.type, True)
        # What FFmpeg discards by itself is read as something else: chapters that are a track.
        idle = stream.index == coded or stream.discard == Discard.all or _is_attachment(stream)
        if idle or not wanted:
            stream.discard = Discard.all
            continue
        as_text = codec_of(stream) == "mov_text"
        if stream.type not in ("audio", "subtitle") or not (as_text or fits(stream, "matroska")):
            stream.discard = Discard.all
            notices.append(
                f"stream {stream.index} ({stream.type}, {codec_of(stream)}) is left out: a .nc "
                "file holds one video stream, and sound and subtitles that Matroska knows"
            )
            continue
        copy: Stream
        if as_text:
            copy = muxed.add_mux_stream("subrip")
        else:
            copy = muxed.add_stream_from_template(stream, opaque=True)
        copy.disposition = stream.disposition
        kept = _kept(stream.metadata)
        copy.metadata.update(kept if copying.tags else {n: kept[n] for n in _NAMES if n in kept})
        tracks.append(_Track(stream, copy, as_text))
    return tracks


def fits(stream: Stream, container: str) -> bool:
    """Whether FFmpeg's muxer of that name takes the stream."""
    trial = av.open(BytesIO(), "w", format=container)
    try:
        trial.add_stream_from_template(stream, opaque=True)
        trial.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    finally:
        with suppress(av.FFmpegError):
            trial.close()
    return True


def _chapters(
    container: InputContainer, muxed: OutputContainer, origin: Fraction, end: Fraction | None
) -> bool:
    chapters: list[Chapter] = []
    for chapter in container.chapters():
        base = chapter["time_base"] or Fraction(1)
        start, stop = chapter["start"] * base, chapter["end"] * base
        if stop > origin and (end is None or start < end):
            times = {
                "start": round((max(start, origin) - origin) * _SECOND),
                "end": round((stop - origin) * _SECOND),
                "time_base": Fraction(1, _SECOND),
            }
            chapters.append(cast("Chapter", {**chapter, **times}))
    muxed.set_chapters(chapters)
    return bool(chapters)


def _attachments(container: InputContainer, muxed: OutputContainer, path: Path) -> bool:
    attached = False
    for stream in filter(_is_attachment, container.streams):
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


def _tags(container: InputContainer, muxed: OutputContainer) -> bool:
    muxed.metadata.update(_kept(container.metadata))
    return bool(muxed.metadata)


def _kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """The tags about the film."""
    return {
        name: value
        for name, value in metadata.items()
        if name.lower() not in _OF_THE_CONTAINER
        and not name.lower().startswith(_STATISTICS)
        and (name, value) != ("language", "und")
    }


def _is_attachment(stream: Stream) -> bool:
    return stream.type == "attachment" or bool(stream.disposition & Disposition.attached_pic)


def codec_of(stream: Stream) -> str:
    """FFmpeg's name of the stream's codec."""
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"


def _packets(
    container: InputContainer, tracks: Sequence[_Track]
) -> Iterator[tuple[Packet[Stream], _Track]]:
    by_index = {track.source.index: track for track in tracks}
    if not by_index:
        return
    for packet in container.demux([track.source for track in tracks]):
        if packet.size:
            yield packet, by_index[packet.stream.index]


def _stamp(
    packet: Packet[Stream], track: _Track, origin: Fraction, end: Fraction | None
) -> Stamp | None:
    """The times of a packet; None if it is outside of what is coded."""
    base = packet.time_base
    ticks = packet.dts if packet.pts is None else packet.pts
    if ticks is None:
        last = track.stamps[-1] if track.stamps else Stamp(0, 0)
        time = Fraction(last.time + (last.duration or 0), _SECOND)
    else:
        time = ticks * base - origin
    lasts = (packet.duration or 0) * base
    if end is not None and time >= end - origin:
        return None
    if time + lasts <= 0 and time < 0 and not packet.is_discard:
        return None
    if track.source.type == "subtitle":
        lasts += min(time, Fraction(0))
        return Stamp(round(max(time, Fraction(0)) * _SECOND), round(lasts * _SECOND) or None)
    return Stamp(round(time * _SECOND), None)


def _mux(muxed: OutputContainer, packet: Packet[Stream], track: _Track, count: int) -> None:
    """Hands a packet to FFmpeg at a time of no meaning that keeps the order."""
    if track.as_text:
        data = bytes(packet)
        packet = Packet(data[2 : 2 + int.from_bytes(data[:2], "big")])
    packet.stream = track.copy
    packet.pts = packet.dts = count
    packet.duration = 1
    packet.time_base = Fraction(1, 1000)
    muxed.mux(packet)


def _check_size(raw: BinaryIO, path: Path) -> None:
    if raw.tell() > Limits.box_bytes:
        raise InputError(
            f"the sound and subtitles of {path} have more than the {Limits.box_bytes} bytes that "
            "a .nc file holds: leave them out with --no-audio, or compress them first"
        )
