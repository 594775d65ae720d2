"""Decoding a file through PyAV: its video stream, every picture, and what was damaged."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from ncodec.errors import InputError
from ncodec.media.reading import READING, Reading

__all__ = ["Damage", "Damaged", "opened", "pictures", "raw_rest", "video_stream"]

# PyAV drops FFmpeg's own log unless told otherwise; state it, so that no other module's setting
# of it lets FFmpeg write over our messages and progress on standard error.
av.logging.set_level(None)

_RAW_SUFFIXES = frozenset((".yuv", ".rgb", ".raw", ".nv12", ".yuyv", ".uyvy"))


@dataclass(slots=True)
class Damage:
    """What was missing or concealed in one pass over a film.

    Attributes:
        before: coded pictures before the first one that can be decoded.
        packets: those that are incomplete or that the decoder refuses.
        concealed: pictures with errors that the decoder hid.
        near: the first picture with one of these.
        broken_off: why the container could not be read to its end, or "".
    """

    before: int = 0
    packets: int = 0
    concealed: int = 0
    near: int | None = None
    broken_off: str = ""

    def notices(self, name: str) -> list[str]:
        """A sentence for each kind of damage of the film `name`."""
        said = []
        if self.before:
            said.append(
                f"{name} begins amid pictures that cannot be decoded without those before:"
                f" {_count(self.before, 'picture')} left out"
            )
        parts = [
            _count(self.packets, "packet") + " incomplete or not decodable",
            _count(self.concealed, "frame") + " with errors concealed",
        ]
        wrong = [part for part, n in zip(parts, (self.packets, self.concealed), strict=True) if n]
        if wrong:
            said.append(f"{name} is damaged near frame {self.near}: {', '.join(wrong)}")
        if self.broken_off:
            said.append(f"{name} cannot be read to its end ({self.broken_off})")
        return said


class Damaged(Exception):
    """A film that is decoded on several threads is damaged: what they conceal is up to chance."""


def opened(path: Path, reading: Reading = READING, data: BytesIO | None = None) -> InputContainer:
    """The file as a PyAV container; `data` is its content where that was read already.

    Only local files are followed: a playlist that names a URL is refused.

    Raises:
        InputError: the file is not media.
    """
    options = {"protocol_whitelist": "file"}
    raw = reading.size is not None
    if reading.size is not None:
        width, height = reading.size
        options["video_size"] = f"{width}x{height}"
        options["pixel_format"] = reading.pixel_format or "yuv420p"
        options["framerate"] = str(reading.fps or 25)

    def opened_as(encoding: str) -> InputContainer:
        return av.open(
            data or f"file:{path}",
            "r",
            format="rawvideo" if raw else None,
            options=options,
            metadata_encoding=encoding,
        )

    try:
        try:
            return opened_as("utf-8")
        except UnicodeDecodeError:  # tags of old programs; every byte is a letter of Latin-1
            if data is not None:
                data.seek(0)
            return opened_as("latin-1")
    except (av.FFmpegError, ValueError) as error:
        if raw:
            raise InputError(
                f"{path} cannot be read as raw {options['pixel_format']} of"
                f" {options['video_size']}: name a pixel format of `ffmpeg -pix_fmts`"
            ) from None
        if path.suffix.lower() in _RAW_SUFFIXES:
            raise InputError(
                f"{path} does not say what it holds: if it is raw video, give its --size, as"
                " 640x360, its --pix-fmt and --fps"
            ) from None
        if _begins_mp4(path):
            raise InputError(
                f"{path} has no index (moov) that FFmpeg can read: it was cut short, or its"
                " recording was not finished; untrunc can make it anew by a whole file of the same"
                " recorder"
            ) from None
        reason = getattr(error, "strerror", error)
        raise InputError(
            f"{path} is not media that FFmpeg can open ({reason}): check that it is a"
            " whole video or image"
        ) from None


def _begins_mp4(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(8)[4:] == b"ftyp"


def raw_rest(path: Path, reading: Reading) -> str:
    """What is wrong with the length of raw video, or ""."""
    with opened(path, reading) as container:
        frame = next(container.demux(container.streams.video[0])).size
    size = path.stat().st_size
    if not frame or size % frame == 0:
        return ""
    return (
        f"{path} ends inside frame {size // frame}: its {size} bytes are no whole number of frames"
        f" of {frame}, so check --size and --pix-fmt"
    )


def video_stream(container: InputContainer, name: str, index: int | None = None) -> VideoStream:
    """Stream `index`, or the best video stream that is not a cover picture.

    Raises:
        InputError: there is no such stream, or no decoder for it.
    """
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not films:
        raise InputError(f"{name} has no video stream: give a file with pictures that move")
    if index is None:
        best = container.streams.best("video")
        stream = best if isinstance(best, VideoStream) and best in films else films[0]
        if stream.frames == 1:  # the still beside an animated AVIF's pictures
            stream = max(films, key=lambda film: film.frames)
    else:
        chosen = next((film for film in films if film.index == index), None)
        if chosen is None:
            there = ", ".join(str(film.index) for film in films)
            raise InputError(f"stream {index} of {name} is no video: its video streams are {there}")
        stream = chosen
    if stream.codec_context is None:
        raise InputError(f"{name} has video that this FFmpeg has no decoder for: convert it")
    return stream


def pictures(
    container: InputContainer,
    stream: VideoStream,
    name: str,
    damage: Damage | None = None,
    *,
    threads: bool = True,
) -> Generator[av.VideoFrame, None, None]:
    """Every picture that FFmpeg decodes from where the container stands, in display order.

    Args:
        container: open, and not read from since it was opened or sought.
        stream: one of its video streams.
        name: what messages call it.
        damage: told of what is wrong; None: nobody wants to know.
        threads: whether to decode on several threads as long as nothing is wrong.

    Raises:
        Damaged: something is, `threads` are several and `damage` is given.
        InputError: nothing can be decoded.
    """
    context = stream.codec_context
    stream.thread_type = "AUTO" if threads else "NONE"
    if not threads:
        context.thread_count = 1
    count, waiting = 0, list[int]()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            if damage is not None:
                damage.broken_off = str(error.strerror)
            packet = None
        if packet is None:
            break
        broken = packet.is_corrupt
        try:
            decoded = packet.decode()
        except av.FFmpegError:
            decoded, broken = [], True
        concealed = sum(picture.is_corrupt for picture in decoded)
        if damage is not None and (broken or concealed):
            damage.packets += broken
            damage.concealed += concealed
            damage.near = count if damage.near is None else damage.near
            if threads:
                raise Damaged
        if not count and packet.pts is not None and not packet.is_discard:
            waiting.append(packet.pts)
        if not count and decoded and damage is not None:
            first = decoded[0].pts
            damage.before = sum(pts < first for pts in waiting) if first is not None else 0
        for picture in decoded:
            yield picture
            count += 1
    if not count:
        raise InputError(
            f"{name} has no picture that can be decoded: check that it is the whole file"
        )


def _count(count: int, what: str) -> str:
    return f"{count} {what}" + ("s" if count > 1 else "")
