"""The copied sound by itself: in Matroska, or in what the name of a file asks for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import av

from ncodec.errors import OutputError
from ncodec.media.matroska.excerpt import excerpt
from ncodec.media.matroska.listing import listed
from ncodec.media.partial import PartialFile, unwritable
from ncodec.media.remuxing import Remuxing

__all__ = ["write_sound"]

_MATROSKA = (".mka", ".mkv")
_FORMATS = {"m4a": "ipod", "aac": "adts"}
"""FFmpeg's names of formats that differ from the extension."""


def write_sound(
    tracks: bytes,
    output: str | Path | BinaryIO,
    *,
    start: int = 0,
    end: int | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Writes the tracks of sound, packets as they are; returns how many there are.

    Args:
        tracks: a complete Matroska file.
        output: a path; ``-`` or a stream for Matroska.
        start, end: nanoseconds of the part that is wanted; None for the end.
        warn: told what the output has no place for.

    Raises:
        OutputError: the output cannot be written, or cannot hold the sound.
    """
    data = excerpt(tracks, start, end, sound_only=True)
    count = sum(part.kind == "audio" for part in listed(data))
    if not isinstance(output, str | Path) or str(output) == "-":
        stream = sys.stdout.buffer if isinstance(output, str | Path) else output
        stream.write(data)
        stream.flush()
        return count
    path = Path(output)
    part = PartialFile(path)
    try:
        if path.suffix.lower() in _MATROSKA:
            part.stream.write(data)
        else:
            _remux(data, part.stream, path, warn)
        part.publish()
    except BaseException as error:
        part.discard()
        if isinstance(error, OSError) and not isinstance(error, av.FFmpegError):
            raise unwritable(str(path), error) from None
        raise
    return count


def _remux(data: bytes, stream: BinaryIO, path: Path, warn: Callable[[str], None]) -> None:
    name = path.suffix.lower()[1:]
    name = _FORMATS.get(name, name)
    try:
        av.format.ContainerFormat(name, "w")
    except ValueError:
        raise OutputError(
            f"{path} has the extension {path.suffix!r}, which is no format of sound: use .mka, "
            ".m4a, .mp4 or .wav"
        ) from None
    remuxing = Remuxing(data, name, path, warn)
    try:
        container = av.open(stream, "w", format=name)
        remuxing.add_to(container)
        remuxing.mux_until(None)
        container.close()
    except av.FFmpegError as error:
        raise OutputError(
            f"{path} cannot hold the sound ({error.strerror}): write a .mka instead"
        ) from None
