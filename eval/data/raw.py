"""Raw planar YUV files, whose names alone say what is in them.

``Beauty_1920x1080_120fps_420_8bit_YUV.yuv`` (UVG), ``videoSRC01_1920x1080_30.yuv`` (MCL-JCV):
name, size, frames a second, then sampling and depth, which are 4:2:0 and 8 bits where they are
absent. Samples above 8 bits take 16, little-endian. Colour is unspecified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ncodec.errors import InputError
from ncodec.formats import VideoInfo
from ncodec.media import Frame, VideoSource
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, sample_type

__all__ = ["RAW_SUFFIX", "RawSource"]

RAW_SUFFIX = ".yuv"

_NAME = re.compile(
    r".+?_(?P<width>[1-9]\d{0,4})x(?P<height>[1-9]\d{0,4})_(?P<rate>[1-9]\d{0,3})(?:fps)?"
    r"(?:_(?P<sampling>400|420|422|444))?(?:_(?P<depth>\d{1,2})bit)?(?:_.*)?",
    re.IGNORECASE,
)


class RawSource(VideoSource):
    """A raw file as a source whose number of frames is known from its size.

    Raises:
        InputError: the name does not say what the file holds, or its size is no whole number of
            frames.
    """

    def __init__(self, path: Path) -> None:
        info = _described(path)
        shapes = plane_shapes(info.pixel_format, info.width, info.height)
        samples = sum(rows * columns for rows, columns in shapes)
        self._frame_bytes = samples * sample_type(info.pixel_format).itemsize
        try:
            size = path.stat().st_size
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
        if not size or size % self._frame_bytes:
            raise InputError(
                f"{path} has {size} bytes, no whole number of frames of {self._frame_bytes} "
                f"({info.width}x{info.height} {info.pixel_format}): get it again, or correct its "
                "name"
            )
        super().__init__(path, "video", replace(info, frames=size // self._frame_bytes))

    def _all(self, first: int) -> Iterator[Frame]:
        assert self.path is not None
        shapes = plane_shapes(self.info.pixel_format, self.info.width, self.info.height)
        edges = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
        dtype = sample_type(self.info.pixel_format)
        with self.path.open("rb") as stream:
            stream.seek(first * self._frame_bytes)
            for index in range(first, self.info.frames):
                data = stream.read(self._frame_bytes)
                if len(data) != self._frame_bytes:
                    raise InputError(f"{self.name} ends inside frame {index}: get it again")
                planes = np.split(np.frombuffer(data, dtype), edges)
                yield Frame(tuple(map(np.ndarray.reshape, planes, shapes)), index)


def _described(path: Path) -> VideoInfo:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InputError(
            f"the name of {path} does not say what is in it: call it "
            "NAME_1920x1080_120fps_420_8bit.yuv (size, frames a second, sampling, depth)"
        )
    sampling, depth = match["sampling"] or "420", int(match["depth"] or 8)
    family = "gray" if sampling == "400" else f"yuv{sampling}p"
    pixel_format = family + (f"{depth}le" if depth > 8 else "")
    if pixel_format not in PIXEL_FORMATS:
        depths = sorted({bits for _, bits in PIXEL_FORMATS.values()})
        raise InputError(
            f"{path} has {depth} bits by its name: ncodec takes {', '.join(map(str, depths))}"
        )
    return VideoInfo(
        width=int(match["width"]),
        height=int(match["height"]),
        frames=0,
        time_base=Fraction(1, int(match["rate"])),
        pixel_format=pixel_format,
        bit_depth=depth,
    )
