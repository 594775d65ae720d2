"""YUV4MPEG2, read and written without FFmpeg.

FFmpeg's reader ends a stream quietly in the middle of a frame; this one does not. The format
carries size, rate, sample aspect ratio, sampling, depth, range and, for 8-bit 4:2:0, the chroma
location. It has no colour primaries, transfer or matrix, no rotation and no RGB.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from ncodec.errors import InputError, OutputError
from ncodec.formats.info import VideoInfo
from ncodec.media.frame import PIXEL_FORMATS, Frame, bit_depth, plane_shapes, sample_type

__all__ = [
    "SIGNATURE",
    "CutShort",
    "frame_bytes",
    "header",
    "holds",
    "read_frames",
    "read_header",
]

SIGNATURE = b"YUV4MPEG2"
_LONGEST_LINE = 4096
_LARGEST_SIDE = 65535
_FIELD_ORDERS = {"p": 1, "t": 2, "b": 3}
"""The AVFieldOrder of each interlacing that names one."""
_LOCATIONS = {"420jpeg": 2, "420mpeg2": 1, "420paldv": 3}
"""The AVChromaLocation of chroma tags that name a location."""

_TAGS = {
    name: ("mono" if family == "gray" else family[3:6] + "p" * (depth > 8))
    + (str(depth) if depth > 8 else "")
    for name, (family, depth) in PIXEL_FORMATS.items()
    if family != "gbrp" and name != "gray14le"
}
"""The chroma tag of each pixel format, as FFmpeg writes it."""

_INTERLACING = "?ptbtb"
"""The interlacing of each AVFieldOrder, as FFmpeg writes it."""

_FORMATS = {tag: name for name, tag in _TAGS.items()} | dict.fromkeys(_LOCATIONS, "yuv420p")


class CutShort(Exception):
    """A stream that ends inside a frame; its text says where."""


def read_header(stream: BinaryIO, name: str) -> VideoInfo:
    """The stream header as a `VideoInfo` with an unknown number of frames.

    Raises:
        InputError: `stream` is not YUV4MPEG2 or uses something that ncodec does not carry.
    """
    line = stream.readline(_LONGEST_LINE)
    if not line:
        raise InputError(f"{name} is empty: give a y4m stream with at least one frame")
    words = line.decode("ascii", "replace").split()
    if words[:1] != [SIGNATURE.decode()] or not line.endswith(b"\n"):
        raise InputError(
            f"{name} is not YUV4MPEG2: make one with `ffmpeg -i INPUT -strict -1 -f yuv4mpegpipe -`"
        )
    fields = {word[0]: word[1:] for word in words[1:] if word[0] != "X"}
    extensions = dict(word[1:].partition("=")[::2] for word in words[1:] if word[0] == "X")
    tag = fields.get("C", "420jpeg")
    if tag not in _FORMATS:
        raise InputError(
            f"{name} has y4m chroma {tag!r}: convert it to one of {', '.join(_FORMATS)}"
        )
    try:
        width, height = int(fields["W"]), int(fields["H"])
        rate = _ratio(fields.get("F", "")) or Fraction(25)
        aspect = _ratio(fields.get("A", "")) or Fraction(1)
    except (KeyError, ValueError):
        width = height = 0
    if not (1 <= width <= _LARGEST_SIDE and 1 <= height <= _LARGEST_SIDE):
        raise InputError(
            f"{name} has no usable size in its y4m header: width and height are 1 to"
            f" {_LARGEST_SIDE}"
        )
    full_range = extensions.get("COLORRANGE", "").upper() == "FULL"
    return VideoInfo(
        width=width,
        height=height,
        frames=0,
        time_base=1 / rate,
        pixel_format=_FORMATS[tag],
        bit_depth=bit_depth(_FORMATS[tag]),
        full_range=full_range,
        chroma_location=_LOCATIONS.get(tag, 0),
        sample_aspect_ratio=aspect,
        field_order=_FIELD_ORDERS.get(fields.get("I", ""), 0),
    )


def read_frames(stream: BinaryIO, info: VideoInfo, name: str) -> Iterator[Frame]:
    """The frames after the header, at ticks 0, 1, 2, ...

    Raises:
        CutShort: the stream ends inside a frame.
        InputError: it has something else than a frame.
    """
    shapes = plane_shapes(info.pixel_format, info.width, info.height)
    dtype = sample_type(info.pixel_format)
    index = 0
    while line := stream.readline(_LONGEST_LINE):
        if not (line.startswith(b"FRAME") and line.endswith(b"\n")):
            raise InputError(f"{name} is damaged after {index} frames: no FRAME line; remake it")
        planes = []
        for rows, columns in shapes:
            size = rows * columns * dtype.itemsize
            data = _read_exactly(stream, size)
            if len(data) != size:
                raise CutShort(f"{name} ends inside frame {index}, after {index} whole ones")
            planes.append(np.frombuffer(data, dtype).reshape(rows, columns))
        yield Frame(tuple(planes), index)
        index += 1


def holds(info: VideoInfo) -> bool:
    """Whether y4m has the pixel format."""
    return info.pixel_format in _TAGS


def header(info: VideoInfo, name: str) -> bytes:
    """The stream header for `info`.

    Raises:
        OutputError: y4m cannot hold this pixel format.
    """
    if info.pixel_format not in _TAGS:
        raise OutputError(
            f"{name} cannot hold {info.pixel_format}, for y4m has only YUV and grey: write a .mkv"
            " instead"
        )
    tag = _TAGS[info.pixel_format]
    if tag == "420":
        tag = next((t for t, loc in _LOCATIONS.items() if loc == info.chroma_location), tag)
    rate, aspect = 1 / info.time_base, info.sample_aspect_ratio
    fields = _INTERLACING[info.field_order]
    return (
        f"YUV4MPEG2 W{info.width} H{info.height} F{rate.numerator}:{rate.denominator} I{fields}"
        f" A{aspect.numerator}:{aspect.denominator} C{tag}"
        f" XCOLORRANGE={'FULL' if info.full_range else 'LIMITED'}\n"
    ).encode()


def frame_bytes(frame: Frame) -> Iterator[bytes]:
    """The bytes of one frame in y4m, piece by piece."""
    yield b"FRAME\n"
    for plane in frame.planes:
        yield plane.tobytes()


def _ratio(text: str) -> Fraction | None:
    """The fraction of a text like `30000:1001`; None where it is absent or 0:0, y4m's "unknown"."""
    numerator, _, denominator = text.partition(":")
    if not text or int(numerator) <= 0 or int(denominator) <= 0:
        return None
    return Fraction(int(numerator), int(denominator))


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    """`size` bytes, fewer only at the end: a pipe hands out what it has."""
    data = stream.read(size)
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data
