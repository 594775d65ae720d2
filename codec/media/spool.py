"""Frames kept in a file of ncodec's own: every pixel format and time exact, any frame at once.

NCFRAMES        the signature, a line
{...}           a line of JSON: kind and `VideoInfo`
8 bytes         pts, little-endian with a sign, then the planes in order; for each frame
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ncodec.formats.errors import InputError
from ncodec.formats.info import VideoInfo
from ncodec.media.frame import Frame, plane_shapes, sample_type

__all__ = ["SIGNATURE", "info_from_record", "info_to_record", "read_head", "read_spool", "spool"]

SIGNATURE = b"NCFRAMES\n"
_PTS_BYTES = 8


def info_to_record(info: VideoInfo) -> dict[str, Any]:
    """`info` as JSON has it; fractions are pairs."""
    return {
        name: list(value.as_integer_ratio()) if isinstance(value, Fraction) else value
        for name, value in asdict(info).items()
    }


def info_from_record(record: Mapping[str, Any]) -> VideoInfo:
    """What `info_to_record` was given; TypeError or ValueError where it made no such record."""
    fields: dict[str, Any] = {
        name: Fraction(*value) if isinstance(value, list) else value
        for name, value in record.items()
    }
    return VideoInfo(**fields)


def spool(
    path: Path, kind: Literal["video", "image"], info: VideoInfo, frames: Iterable[Frame]
) -> None:
    """Writes frames of one size to `path`."""
    head = json.dumps({"kind": kind, "info": info_to_record(info)})
    with path.open("wb") as stream:
        stream.write(SIGNATURE + head.encode() + b"\n")
        for frame in frames:
            stream.write(frame.pts.to_bytes(_PTS_BYTES, "little", signed=True))
            for plane in frame.planes:
                stream.write(np.ascontiguousarray(plane).data)


def read_head(path: Path) -> tuple[Literal["video", "image"], VideoInfo, int]:
    """The kind, the clip, and the offset of the first frame.

    Raises:
        InputError: `path` is not what `spool` wrote.
    """
    with path.open("rb") as stream:
        try:
            assert stream.readline() == SIGNATURE
            record = json.loads(stream.readline())
            return record["kind"], info_from_record(record["info"]), stream.tell()
        except (AssertionError, ValueError, KeyError, TypeError):
            raise InputError(
                f"{path} is no whole file of frames: delete its folder and start anew"
            ) from None


def read_spool(path: Path, first: int) -> Iterator[Frame]:
    """Frames from `first` on.

    Raises:
        InputError: the file ends inside a frame.
    """
    _, info, offset = read_head(path)
    shapes = plane_shapes(info.pixel_format, info.width, info.height)
    dtype = sample_type(info.pixel_format)
    sizes = [rows * columns * dtype.itemsize for rows, columns in shapes]
    size = _PTS_BYTES + sum(sizes)
    with path.open("rb") as stream:
        stream.seek(offset + first * size)
        while data := stream.read(size):
            if len(data) < size:
                raise InputError(f"{path} ends inside a frame: delete its folder and start anew")
            position, planes = _PTS_BYTES, []
            for shape, length in zip(shapes, sizes, strict=True):
                plane = np.frombuffer(data, dtype, length // dtype.itemsize, position)
                planes.append(plane.reshape(shape))
                position += length
            pts = int.from_bytes(data[:_PTS_BYTES], "little", signed=True)
            yield Frame(tuple(planes), pts)
