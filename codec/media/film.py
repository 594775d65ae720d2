"""Decoding a file through PyAV: its video stream, every picture, and whether any is missing."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from ncodec.errors import InputError
from ncodec.formats.info import UNSPECIFIED, VideoInfo
from ncodec.media.frame import bit_depth, canonical_format

__all__ = ["check_same", "described", "opened", "pictures", "rates", "video_stream"]

# PyAV drops FFmpeg's own log unless told otherwise; state it, so that no other module's setting
# of it lets FFmpeg write over our messages and progress on standard error.
av.logging.set_level(None)

_FULL_RANGE = 2
_RGB_MATRIX = 0


def opened(path: Path, data: BytesIO | None = None) -> InputContainer:
    """The file as a PyAV container; `data` is its content where that was read already.

    Only local files are followed: a playlist that names a URL is refused.

    Raises:
        InputError: the file is not media, or ends before its own declared end.
    """
    _check_complete(path)
    try:
        return av.open(data or f"file:{path}", "r", options={"protocol_whitelist": "file"})
    except av.FFmpegError as error:
        raise InputError(
            f"{path} is not media that FFmpeg can open ({error.strerror}): check that it is a"
            " whole video or image"
        ) from None


def video_stream(container: InputContainer, name: str) -> VideoStream:
    """The best video stream that is not a cover picture."""
    best = container.streams.best("video")
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not films:
        raise InputError(f"{name} has no video stream: give a file with pictures that move")
    stream = best if isinstance(best, VideoStream) and best in films else films[0]
    if stream.codec_context is None:
        raise InputError(f"{name} has video that this FFmpeg has no decoder for: convert it")
    return stream


def pictures(
    container: InputContainer, stream: VideoStream, name: str, *, whole: bool = True
) -> Generator[av.VideoFrame, None, None]:
    """Every picture from where the container stands, in display order.

    Raises:
        InputError: a packet or a picture is damaged, or `whole` and the container declares
            another number of pictures than there are.
    """
    stream.thread_type = "AUTO"
    count = 0
    try:
        for packet in container.demux(stream):
            decoded = packet.decode()
            if packet.is_corrupt or any(picture.is_corrupt for picture in decoded):
                raise InputError(
                    f"{name} is damaged near frame {count}{_of(container, stream)}: repair it or"
                    " make it again"
                )
            for picture in decoded:
                yield picture
                count += 1
    except av.FFmpegError as error:
        raise InputError(
            f"{name} cannot be decoded after frame {count}{_of(container, stream)}"
            f" ({error.strerror}): repair it or make it again"
        ) from None
    if not whole:
        return
    if not count:
        raise InputError(f"{name} has no frame that can be decoded: check that it is whole")
    declared = _declared(container, stream) or count
    if count != declared:
        raise InputError(
            f"{name} declares {declared} frames but has {count}: it is cut short or damaged, make"
            " it again"
        )


def described(picture: av.VideoFrame, stream: VideoStream) -> VideoInfo:
    """The clip that `picture` begins; the decoder knows more than the container's header."""
    name = picture.format.name
    pixel_format = canonical_format(name)
    rgb, grey = pixel_format.startswith("gbrp"), pixel_format.startswith("gray")
    # FFmpeg takes grey without a stated range for full, and YUV for limited.
    unstated = grey and picture.color_range == 0
    matrix = _RGB_MATRIX if rgb else int(picture.colorspace)
    context = stream.codec_context
    if picture.pts is None or not stream.time_base:
        time_base = 1 / (rates(stream) or (Fraction(25),))[0]
    else:
        time_base = Fraction(stream.time_base)
    return VideoInfo(
        width=picture.width,
        height=picture.height,
        frames=0,
        time_base=time_base,
        pixel_format=pixel_format,
        bit_depth=bit_depth(pixel_format),
        # Pictures have these from PyAV 18 on.
        primaries=getattr(picture, "color_primaries", context.color_primaries) or UNSPECIFIED,
        transfer=getattr(picture, "color_trc", context.color_trc) or UNSPECIFIED,
        matrix=UNSPECIFIED if matrix == _RGB_MATRIX and not rgb else matrix,
        full_range=rgb or unstated or "yuvj" in name or picture.color_range == _FULL_RANGE,
        sample_aspect_ratio=Fraction(
            stream.sample_aspect_ratio or context.sample_aspect_ratio or 1
        ),
        rotation=-round(picture.rotation / 90) * 90 % 360,
    )


def check_same(picture: av.VideoFrame, info: VideoInfo, name: str) -> None:
    """Refuse a picture whose size or format differs from the first one's."""
    layout = (picture.width, picture.height, canonical_format(picture.format.name))
    if layout != (info.width, info.height, info.pixel_format):
        raise InputError(
            f"{name} is {layout[0]}x{layout[1]} {layout[2]}, but the first one is"
            f" {info.width}x{info.height} {info.pixel_format}: convert them to one size and"
            " format"
        )


def rates(stream: VideoStream) -> tuple[Fraction, ...]:
    """The frames a second that the container states, likeliest first."""
    stated = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return tuple(Fraction(rate) for rate in stated if rate)


def _declared(container: InputContainer, stream: VideoStream) -> int:
    """The number of pictures that the container is certain of, or 0.

    MP4 and MOV index every sample, less those that an edit list hides; Matroska has a statistics
    tag where mkvmerge wrote the file. The counts of AVI, FLV and others are estimates (dropped
    and packed frames), and MPEG-TS and raw streams have none: there a damaged packet or, for
    RIFF, a short file is what tells.
    """
    if "mp4" in container.format.name.split(","):
        index = getattr(stream, "index_entries", None)  # PyAV before 17 counts hidden samples too
        return stream.frames if index is None else sum(not entry.is_discard for entry in index)
    for tag in ("NUMBER_OF_FRAMES", "NUMBER_OF_FRAMES-eng"):
        if stream.metadata.get(tag, "").isdecimal():
            return int(stream.metadata[tag])
    return 0


def _of(container: InputContainer, stream: VideoStream) -> str:
    declared = _declared(container, stream)
    return f" of {declared}" if declared else ""


def _check_complete(path: Path) -> None:
    """Refuse a Matroska or RIFF file that is shorter than its header says.

    FFmpeg plays such a file to where it stops, as if that were its end.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    size = path.stat().st_size
    declared = 0
    if start[:4] == b"RIFF":
        declared = 8 + int.from_bytes(start[4:8], "little")
    elif start[:4] == b"\x1a\x45\xdf\xa3":
        header, body = _vint(start, 4)
        segment = body + (header or 0)
        if start[segment : segment + 4] == b"\x18\x53\x80\x67":
            length, body = _vint(start, segment + 4)
            declared = body + length if length is not None else 0
    if size < declared:
        raise InputError(
            f"{path} has {size} of its {declared} bytes: it is cut short, copy or make it again"
        )


def _vint(data: bytes, offset: int) -> tuple[int | None, int]:
    """An EBML length and the offset after it; None for "unknown"."""
    if offset >= len(data):
        return None, offset
    width = 9 - data[offset].bit_length()
    value = int.from_bytes(data[offset : offset + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), offset + width
