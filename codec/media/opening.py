"""Opens what a user names as a source of frames."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import InputError, UsageError
from ncodec.media import spool, y4m
from ncodec.media.film_source import FilmSource
from ncodec.media.image_source import ImageSource, is_animation
from ncodec.media.names import IMAGE_SUFFIXES
from ncodec.media.patterns import image_files, is_pattern
from ncodec.media.pipes import is_pipe
from ncodec.media.plain_source import SpoolSource, Y4mSource
from ncodec.media.reading import READING, Reading
from ncodec.media.source import VideoSource

__all__ = ["open_source"]

_ALWAYS = ("start", "end", "strict", "alpha")
_FLAGS = {
    "stream": "stream (--stream)",
    "fps": "fps (--fps)",
    "size": "size (--size)",
    "pixel_format": "pixel_format (--pix-fmt)",
}
_MEANT_FOR = {
    "stream": "films of several streams",
    "fps": "folders and patterns of images and for raw video, whose --size is given",
    "size": "raw video",
    "pixel_format": "raw video, whose --size is given",
}


def open_source(
    spec: str | Path, reading: Reading = READING, *, stdin: BinaryIO | None = None
) -> VideoSource:
    """Opens a clip or an image.

    Args:
        spec: a file, a folder of images, a pattern of them such as ``f_%04d.png`` or ``*.png``, or
            "-" for y4m on standard input.
        reading: what of it is read, and how.
        stdin: the stream that "-" stands for, `sys.stdin.buffer` if not given.

    Raises:
        InputError: there is nothing there, or nothing that can be decoded.
        UsageError: `reading` has something that does not apply.
    """
    if str(spec) == "-":
        _check("standard input, read as y4m,", reading)
        return Y4mSource(None, stdin or sys.stdin.buffer, reading)
    path = Path(spec)
    if is_pipe(path):
        _check(f"{path}, read as y4m,", reading)
        return Y4mSource(path, reading=reading, once=True)
    try:
        if path.is_dir() or is_pattern(path):
            _check(f"{path}, images", reading, "fps")
            return ImageSource(path, image_files(path), reading)
        with path.open("rb") as stream:
            start = stream.read(max(len(y4m.SIGNATURE), len(spool.SIGNATURE)))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    if not start:
        raise InputError(f"{path} is empty: give a file with at least one frame")
    if start == y4m.SIGNATURE:
        _check(f"{path}, a y4m file", reading)
        return Y4mSource(path, reading=reading)
    if start == spool.SIGNATURE:
        return SpoolSource(path, reading)
    if reading.size is not None:
        _check(f"{path}, raw video", reading, "fps", "size", "pixel_format")
        return FilmSource(path, reading)
    if path.suffix.lower() in IMAGE_SUFFIXES and not is_animation(path):
        _check(f"{path}, an image", reading, "fps")
        return ImageSource(path, (path,), reading)
    _check(f"{path}, a film", reading, "stream")
    return FilmSource(path, reading)


def _check(what: str, reading: Reading, *heeded: str) -> None:
    """Raises UsageError where `reading` has something that a source of this kind does not heed."""
    for field in fields(Reading):
        name = field.name
        if name in _ALWAYS or name in heeded or getattr(reading, name) is None:
            continue
        raise UsageError(
            f"{_FLAGS[name]} does not apply to {what}: it is for {_MEANT_FOR[name]}; leave it out"
        )
