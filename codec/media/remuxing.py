"""Copied tracks into another container, as far as it can hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import chain
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Stream

from ncodec.errors import DamagedFile, OutputError
from ncodec.media.matroska.stored import Stored
from ncodec.media.track_kinds import codec_of, fits

__all__ = ["Remuxing"]

_TEXTS = ("subrip", "text", "webvtt")
"""Codecs of subtitles whose packets are text, with at most some tags of HTML in it."""

_STYLE = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, BackColour, Bold, Italic, Underline, Alignment
Style: Default,Arial,16,&Hffffff,&H0,0,0,0,2
"""
"""How text is shown that says nothing of it, as FFmpeg's encoder of mov_text is told."""

_MP4_TAGS = frozenset(
    (
        *("album", "album_artist", "artist", "comment", "compilation", "composer", "copyright"),
        *("creation_time", "date", "description", "disc", "encoder", "episode_id", "episode_sort"),
        *("gapless_playback", "genre", "grouping", "hd_video", "keywords", "lyrics", "media_type"),
        *("network", "rating", "season_number", "show", "sort_album", "sort_album_artist"),
        *("sort_artist", "sort_composer", "sort_name", "sort_show", "synopsis", "title", "track"),
    )
)
"""The tags of a file that FFmpeg's muxer of mp4 writes."""

_LAYOUTS = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
"""FFmpeg's layouts of so many channels: Matroska leaves that of PCM open, mp4 states one."""

_TEXT_CLOCK = 1000
_LONGEST = 2**31 - 1
"""Ticks of a packet at most; FFmpeg's subtitles that last to the next ones have 2**32 - 1."""


@dataclass(slots=True)
class _Track:
    """A stream of the Matroska file and its copy.

    Attributes:
        source, copy: the streams.
        as_text: whether packets of text become those of mov_text.
        clock: ticks a second of the copy.
        next: the tick at which the next packet is expected, None before the first.
    """

    source: Stream
    copy: Stream
    as_text: bool
    clock: int
    next: int | None = None


class Remuxing:
    """The tracks, chapters, covers and tags of a Matroska file on their way into another file.

    Args:
        tracks: the Matroska file.
        format: FFmpeg's name of the other file's format.
        path: the other file's name, for messages.
        warn: told, once, what it cannot hold.

    Raises:
        OutputError: it can hold none of the tracks.
        DamagedFile: they are no Matroska file.
    """

    def __init__(self, tracks: bytes, format: str, path: Path, warn: Callable[[str], None]) -> None:
        self._format = format
        self._picture_tags = Stored(tracks).picture_tags
        try:
            self._container = av.open(
                BytesIO(tracks), "r", format="matroska", metadata_errors="replace"
            )
        except av.FFmpegError as error:
            raise DamagedFile(
                f"the copied tracks cannot be read ({error.strerror}): write pictures alone, as"
                " .y4m, or get another copy of the file"
            ) from None
        self._path = path
        self._warn = warn
        self._tracks: dict[int, _Track] = {}
        self._waiting: Iterator[Packet[Stream]] = iter(())

    @property
    def clocks(self) -> list[int]:
        """The ticks a second that the copies have."""
        return [_clock(stream) for stream in self._container.streams.audio] + [_TEXT_CLOCK]

    def add_to(self, output: OutputContainer, video: Stream | None = None) -> None:
        """Adds what the format can hold to a file that has its video track and no packet yet."""
        lost = []
        for stream in self._container.streams:
            copy: Stream
            as_text = codec_of(stream) in _TEXTS and "mov_text" in output.supported_codecs
            if as_text:
                copy = output.add_stream("mov_text")
                copy.codec_context.subtitle_header = _STYLE
            elif isinstance(stream, AttachmentStream) or not fits(stream, self._format):
                lost.append(_described(stream))
                continue
            else:
                copy = output.add_stream_from_template(stream, opaque=True)
                _lay_out(copy)
            clock = _clock(stream)
            copy.time_base = Fraction(1, clock)
            copy.disposition = stream.disposition
            copy.metadata.update(stream.metadata)
            if "title" in stream.metadata:
                copy.metadata["handler_name"] = stream.metadata["title"]
            self._tracks[stream.index] = _Track(stream, copy, as_text, clock)
        output.metadata.update(self._container.metadata)
        output.set_chapters(self._container.chapters())
        if video is not None:
            video.metadata.update(self._picture_tags)
        self._output = output
        if self._tracks:
            sources = [track.source for track in self._tracks.values()]
            self._waiting = self._container.demux(sources)
        if self._format == "mp4":
            tags = (name for name in self._container.metadata if name.lower() not in _MP4_TAGS)
            lost += [f"the tag {name}" for name in tags]
            lost += ["the timecode"] if "timecode" in self._picture_tags else []
        if lost:
            other = ".mkv" if video else ".mka"
            named = ", ".join(dict.fromkeys(lost))
            message = f"{self._path} cannot hold {named}: write a {other} to keep it"
            if video is None and not self._tracks:
                raise OutputError(message)
            self._warn(message)

    def mux_until(self, time: Fraction | None) -> None:
        """Copies the packets up to a time in seconds; None for all that are left."""
        for packet in self._waiting:
            if not packet.size:
                continue
            if time is not None and (packet.pts or 0) * packet.time_base > time:
                self._waiting = chain((packet,), self._waiting)
                return
            self._mux(packet, self._tracks[packet.stream.index])

    def _mux(self, packet: Packet[Stream], track: _Track) -> None:
        ticks = round((packet.pts or 0) * packet.time_base * track.clock)
        duration = round((packet.duration or 0) * packet.time_base * track.clock)
        if track.as_text:
            data = bytes(packet)
            packet = Packet(len(data).to_bytes(2, "big") + data)
        elif track.source.type == "audio":
            ticks, duration = self._on_grid(ticks, duration, packet.time_base, track)
            duration -= _padding(packet)
        packet.stream = track.copy
        packet.time_base = Fraction(1, track.clock)
        packet.pts = packet.dts = ticks
        packet.duration = duration if duration <= _LONGEST else 0
        self._output.mux(packet)

    def _on_grid(self, ticks: int, duration: int, base: Fraction, track: _Track) -> tuple[int, int]:
        """Time and duration in samples, without what Matroska's ticks have rounded."""
        slack = base * track.clock + 1
        frame = getattr(track.source.codec_context, "frame_size", 0) or duration
        if not duration or abs(frame - duration) <= slack:
            duration = frame
        if track.next is not None and abs(ticks - track.next) <= slack:
            ticks = track.next
        track.next = ticks + duration
        return ticks, duration


def _padding(packet: Packet[Stream]) -> int:
    """Samples at the packet's end that are not the sound's."""
    if not packet.has_sidedata("skip_samples"):
        return 0
    return int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[4:8], "little")


def _lay_out(copy: Stream) -> None:
    """States a layout of sound whose channels have none."""
    context = copy.codec_context
    if isinstance(context, av.AudioCodecContext) and context.layout.name.endswith("channels"):
        channels = context.layout.nb_channels
        if channels <= len(_LAYOUTS):
            context.layout = _LAYOUTS[channels - 1]


def _clock(stream: Stream) -> int:
    return getattr(stream.codec_context, "sample_rate", 0) or _TEXT_CLOCK


def _described(stream: Stream) -> str:
    """What a warning calls a stream."""
    if isinstance(stream, AttachmentStream):
        return f"the attachment {stream.metadata.get('filename', '')}"
    kind = "subtitles" if stream.type == "subtitle" else "sound"
    return f"{kind} of {codec_of(stream)}"
