"""What stands around the picture of a film: sound, subtitles, chapters, attachments and tags.

All of it is copied into one Matroska file, packets bit by bit. FFmpeg's muxer makes the tracks'
headers; the times, which it would round to milliseconds, are written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.formats.output import is_full
from ncodec.media import film
from ncodec.media.clock import BROADCAST
from ncodec.media.copying import Copying
from ncodec.media.matroska.retiming import retimed
from ncodec.media.reading import READING, Reading
from ncodec.media.surroundings import (
    TIMECODE,
    add_attachments,
    add_chapters,
    add_tags,
    film_tags,
    picture_tags,
)
from ncodec.media.track import Track
from ncodec.media.track_kinds import codec_of, fits, is_attachment

__all__ = ["copy_tracks"]

_SECOND = 10**9
_NAMES = ("language", "title")
"""Tags that stay with a track that has no others."""

_MUXING = {"fflags": "+bitexact", "default_mode": "passthrough"}


def copy_tracks(
    path: Path,
    output: Path,
    copying: Copying,
    *,
    reading: Reading = READING,
    origin: Fraction = Fraction(0),
    shifts: Sequence[Fraction] = (),
) -> tuple[str, ...]:
    """Writes what is to be copied of the film at `path` to `output`, if there is anything.

    Args:
        path: the film.
        output: a Matroska file; absent afterwards if there is nothing to copy.
        copying: which parts.
        reading: what of the film is coded: its video stream, from where to where.
        origin: the seconds of the container's clock that become 0.
        shifts: the seconds by which the pictures' times are moved from each of their jumps on.

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
            tags = picture_tags(container, coded) if copying.tags else {}
            found = bool(tracks or tags)
            found |= copying.chapters and add_chapters(container, muxed, origin, end)
            found |= copying.attachments and add_attachments(container, muxed, path)
            found |= copying.tags and add_tags(container, muxed)
            if not found:
                return tuple(notices)
            muxed.start_encoding()
            count = 0
            broadcast = bool(container.format.flags & BROADCAST)
            damage: list[str] = []
            for packet, track in _packets(container, tracks, damage):
                if track.take(packet, reading, origin, shifts, broadcast):
                    if _mux(muxed, packet, track, count):
                        count += 1
                    else:
                        track.drop()
                    _check_size(raw, path)
            damage += [track.damage for track in tracks if track.damage]
            if damage and reading.strict:
                raise InputError(f"{path}: {damage[0]}: repair it, or leave --strict out")
            notices += [f"{path}: {each}" for each in damage]
            notices += [
                f"stream {track.source.index} (subtitle, mov_text) is kept as plain text: its "
                "styles, fonts and colours are left out"
                for track in tracks
                if track.styled
            ]
        except av.FFmpegError as error:
            if is_full(error):
                raise
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
            retimed(raw.read(), stream, stamps, tags, max(rates, default=0))
    return tuple(notices)


def _tracks(
    container: InputContainer,
    muxed: OutputContainer,
    copying: Copying,
    coded: int,
    notices: list[str],
) -> list[Track]:
    tracks = []
    for stream in container.streams:
        wanted = {"audio": copying.audio, "subtitle": copying.subtitles}.get(stream.type, True)
        # What FFmpeg discards by itself is read as something else: chapters that are a track.
        idle = stream.index == coded or stream.discard == Discard.all or is_attachment(stream)
        if idle or not wanted:
            stream.discard = Discard.all
            continue
        as_text = codec_of(stream) == "mov_text"
        if stream.type not in ("audio", "subtitle") or not (as_text or fits(stream, "matroska")):
            stream.discard = Discard.all
            if TIMECODE in stream.metadata:
                continue
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
        kept = film_tags(stream.metadata)
        copy.metadata.update(kept if copying.tags else {n: kept[n] for n in _NAMES if n in kept})
        tracks.append(Track(stream, copy, as_text))
    return tracks


def _packets(
    container: InputContainer, tracks: Sequence[Track], damage: list[str]
) -> Iterator[tuple[Packet[Stream], Track]]:
    """The packets of the tracks, as far as they can be read; `damage` is told where they end."""
    by_index = {track.source.index: track for track in tracks}
    if not by_index:
        return
    packets = container.demux([track.source for track in tracks])
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            damage.append(f"its sound and subtitles cannot be read to their end ({error.strerror})")
            return
        if packet is None:
            return
        if packet.size:
            yield packet, by_index[packet.stream.index]


def _mux(muxed: OutputContainer, packet: Packet[Stream], track: Track, count: int) -> bool:
    """Hands a packet to FFmpeg at a time of no meaning that keeps the order.

    Returns:
        Whether it is sound: FFmpeg looks into those that it writes in another form.
    """
    if track.as_text:
        data = bytes(packet)
        end = 2 + int.from_bytes(data[:2], "big")
        track.styled |= len(data) > end
        packet = Packet(data[2:end])
    packet.stream = track.copy
    packet.pts = packet.dts = count
    packet.duration = 1
    packet.time_base = Fraction(1, 1000)
    try:
        muxed.mux(packet)
    except av.error.InvalidDataError:
        return False
    return True


def _check_size(raw: BinaryIO, path: Path) -> None:
    if raw.tell() > Limits.box_bytes:
        raise InputError(
            f"the sound and subtitles of {path} have more than the {Limits.box_bytes} bytes that "
            "a .nc file holds: leave them out with --no-audio, or compress them first"
        )
