"""What a .nc file says about itself, and what is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import MissingDependency
from ncodec.files.nested import inner_file
from ncodec.files.records import KEY, Records
from ncodec.formats import Reader, Segment, VideoInfo
from ncodec.formats.limits import raised
from ncodec.media.matroska.listing import Part, listed
from ncodec.media.timeline import constant_step, end_tick
from ncodec.plugin import (
    DescribesFiles,
    DescribesSegments,
    HasNetwork,
    KeptFile,
    Option,
    StillCodec,
)
from ncodec.registry import ALBUM, codec_names, load_codec

__all__ = ["CodecInfo", "PictureInfo", "Probe", "SegmentInfo", "codecs", "probe"]


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment: frames, bytes of each of its sections, the PSNR (dB) that was recorded, and what
    its codec says about it."""

    first_frame: int
    frame_count: int
    sections: Mapping[str, int]
    psnr: float | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """A picture of an album: its place, its name, its codec, its description and its bytes."""

    index: int
    name: str
    codec: str
    info: VideoInfo
    size: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file says about itself, without decoding a frame.

    Attributes:
        codec: the codec's id.
        bitstream_version: the version of the codec's bitstream.
        media_kind: ``video``, ``image`` or ``features``.
        info: size, pixel format, colour, time base.
        duration: seconds from the first frame's start to the last one's end.
        frame_time: seconds of a frame, None where the rate varies.
        start: seconds at which the first frame is shown, counted from the earliest track.
        size: the file's bytes.
        segments: the segments in display order.
        meta: tool, seed, options, as the encoder wrote them.
        models: BLAKE3 of the models that decoding needs, and that the file does not hold.
        images: how many images, for image codecs; None for frames. Those of an array are more
            than an album's pictures, which are sheets of them.
        names: the images' names, where they have any.
        pictures: of an album, those that it has; empty for all else.
        tracks: the copied sound, subtitles, chapters and attachments.
        tracks_size: bytes of the box that they and the tags are in.
        macs_per_pixel: multiply-accumulates of the decoder's network for a pixel, mean over
            frames; None without a network, or where the codec is not installed.
        kept: the file that came in, where the codec keeps files and describes them.
        samples: what the samples of a lone image are that its pixels are words of, such as
            ``float32``; "" where they are themselves.
    """

    codec: str
    bitstream_version: int
    media_kind: str
    info: VideoInfo
    duration: Fraction
    frame_time: Fraction | None
    start: Fraction
    size: int
    segments: Sequence[SegmentInfo]
    meta: Mapping[str, Any]
    models: Sequence[str] = ()
    images: int | None = None
    names: Sequence[str] = ()
    tracks: Sequence[Part] = ()
    tracks_size: int = 0
    macs_per_pixel: float | None = None
    pictures: Sequence[PictureInfo] = ()
    kept: KeptFile | None = None
    samples: str = ""

    @property
    def constant_rate(self) -> bool:
        """Whether all frames last equally long."""
        return self.frame_time is not None

    @property
    def psnr(self) -> float | None:
        """Mean over frames of the recorded PSNR in dB."""
        values = [s.psnr * s.frame_count for s in self.segments if s.psnr is not None]
        frames = sum(s.frame_count for s in self.segments)
        return sum(values) / frames if len(values) == len(self.segments) else None

    def breakdown(self) -> dict[str, int]:
        """Bytes of the file by part; they add up to `size`."""
        parts: dict[str, int] = {}
        for segment in self.segments:
            for name, size in segment.sections.items():
                parts[name] = parts.get(name, 0) + size
        if self.tracks_size:
            parts["tracks"] = self.tracks_size
        parts["container"] = self.size - sum(parts.values())
        return parts


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """An installed codec.

    Attributes:
        name: the codec's id.
        bitstream_version: the newest version of its bitstream that it reads; 0 with a fault.
        media: the kinds of sources that it codes, of ``video``, ``image`` and ``collection``.
        options: what it takes beside the settings that all codecs have.
        description: the first line of its class's docstring.
        fault: why it cannot be used, with the remedy; None for a sound codec. All else but the
            name is empty then.
    """

    name: str
    bitstream_version: int = 0
    media: Sequence[str] = ()
    options: Sequence[Option] = ()
    description: str = ""
    fault: str | None = None


def probe(source: str | Path | bytes | BinaryIO, *, limit_pixels: int | None = None) -> Probe:
    """Reads what a .nc file says about itself; `limit_pixels` as in `open`.

    Raises:
        NcodecError: the file cannot be read.

    >>> _ = ncodec.encode("clip.mkv", "clip.nc", codec="hnerv", preset="ultrafast", epochs=1)
    >>> probed = ncodec.probe("clip.nc")
    >>> probed.codec, probed.info.frames, sum(probed.breakdown().values()) == probed.size
    ('hnerv', 10, True)
    """
    with raised(frame_pixels=limit_pixels), Reader(source) as reader:
        header = reader.header
        is_album = header.codec_id == ALBUM
        known = is_album or header.codec_id in codec_names()
        codec = load_codec(header.codec_id) if known else None
        names = codec.sections if codec else ()
        decoder: object = codec
        packed = reader.meta.get(KEY)
        record = Records() if packed is None else Records.unpack(packed)
        segments, pictures, read = [], [], []
        macs = 0.0
        for entry in sorted(reader.segments, key=lambda s: s.first_frame):
            segment = reader.read_segment(entry.index)
            sizes = {
                names[i] if i < len(names) else f"section {i}": len(section)
                for i, section in enumerate(segment.sections)
            }
            if isinstance(decoder, HasNetwork):
                macs += segment.frame_count * decoder.macs_per_pixel(segment, header.info)
            if is_album:
                pictures.append(_picture(segment, record.name(segment.first_frame)))
            if isinstance(decoder, DescribesFiles):
                read.append(segment)
            about = ""
            if isinstance(decoder, DescribesSegments):
                about = decoder.describe_segment(segment)
            segments.append(
                SegmentInfo(segment.first_frame, segment.frame_count, sizes, segment.psnr, about)
            )
        frames = header.info.frames or sum(s.frame_count for s in segments)
        times = reader.times
        step = constant_step(times)
        ticks = max(end_tick(times) - times[0], 1) if times else frames
        tracks = reader.mka
        # What codes frames has no such record; neither has one image without metadata.
        count = 1 if isinstance(decoder, StillCodec) and header.info.frames == 1 else None
        if packed is not None:
            count = record.count
        elif is_album:
            count = frames
        return Probe(
            codec=header.codec_id,
            bitstream_version=header.bitstream_version,
            media_kind=header.media_kind,
            info=replace(header.info, frames=frames),
            duration=ticks * header.info.time_base,
            frame_time=None if step is None else step * header.info.time_base,
            start=times[0] * header.info.time_base if times else Fraction(0),
            size=reader.size,
            segments=tuple(segments),
            meta={key: value for key, value in reader.meta.items() if key != KEY},
            models=tuple(c.digest.hex() for c in reader.confs() if c.reference),
            images=count,
            names=record.names,
            tracks=listed(tracks) if tracks is not None else (),
            tracks_size=len(tracks or b""),
            macs_per_pixel=macs / frames if macs else None,
            pictures=tuple(pictures),
            kept=decoder.describe_file(read) if isinstance(decoder, DescribesFiles) else None,
            samples=record.metadata_of(0).samples.words if count == 1 else "",
        )


def _picture(segment: Segment, name: str) -> PictureInfo:
    data = inner_file(segment.sections)
    with Reader(data) as reader:
        header = reader.header
        return PictureInfo(segment.first_frame, name, header.codec_id, header.info, len(data))


def codecs() -> list[CodecInfo]:
    """The installed codecs with their options; those that cannot be used say so in their `fault`.

    >>> [codec.name for codec in ncodec.codecs() if codec.name.startswith("ng")]
    ['ngrid']
    """
    return [_described(name) for name in codec_names()]


def _described(name: str) -> CodecInfo:
    try:
        codec = load_codec(name)
    except MissingDependency as error:
        # One broken package does not hide the others.
        return CodecInfo(name, fault=str(error))
    description = (type(codec).__doc__ or "").strip().splitlines()
    return CodecInfo(
        name,
        codec.bitstream_version,
        tuple(sorted(codec.media)),
        tuple(codec.options),
        description[0] if description else "",
    )
