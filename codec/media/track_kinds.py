"""Streams of a container: what they are, and which muxers take them."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import av
from av.stream import Disposition, Stream

__all__ = ["codec_of", "fits", "is_attachment"]


def codec_of(stream: Stream) -> str:
    """FFmpeg's name of the stream's codec."""
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"


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


def is_attachment(stream: Stream) -> bool:
    """Whether the stream is a file or a cover picture."""
    return stream.type == "attachment" or bool(stream.disposition & Disposition.attached_pic)
