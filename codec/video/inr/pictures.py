"""What a network shows: RGB, or a 4:2:0 clip's own planes packed at half resolution. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats import VideoInfo
from ncodec.media import Frame, from_rgb, to_rgb
from ncodec.media.frame import PIXEL_FORMATS, sample_type
from ncodec.plugin import Planes

__all__ = ["PACKED", "PICTURES", "RGB", "Pictures", "source_pictures"]

Levels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pictures:
    """A form of frames for a network.

    Attributes:
        code: in the file's configuration.
        channels: how many a picture has.
        factor: pixels of a frame that one position covers, each way.
    """

    code: int
    channels: int
    factor: int

    def size(self, info: VideoInfo) -> tuple[int, int]:
        """Rows and columns of a picture."""
        return -(-info.height // self.factor), -(-info.width // self.factor)

    def weights(self, chroma: float) -> tuple[float, ...]:
        """What each channel's mean squared error counts, 1 in all: a chroma plane `chroma`, in RGB
        every channel the same.
        """
        if self is RGB:
            return (1 / 3,) * 3
        return (*((1 - 2 * chroma) / 4,) * 4, chroma, chroma)

    def pack(self, frame: Frame, info: VideoInfo) -> Levels:
        """A frame as (rows, columns, channels): uint8, or float32 in 0..1 above 8 bits."""
        if self is RGB:
            levels, largest = to_rgb(frame, info), 65535
        else:
            levels, largest = _packed(frame.planes), (1 << info.bit_depth) - 1
        return levels if info.bit_depth == 8 else levels.astype(np.float32) / largest

    def unpack(self, picture: NDArray[np.float32], info: VideoInfo) -> Planes:
        """The planes of a clip's frame from (rows, columns, channels) in 0..1."""
        if self is RGB:
            # 16 bits whatever the clip's depth: the colour conversion rounds once, at its end.
            levels = np.rint(picture * 65535).astype(np.uint16)
            return from_rgb(levels, info, 0).planes
        largest = (1 << info.bit_depth) - 1
        levels = np.rint(picture * largest).astype(sample_type(info.pixel_format))
        rows, columns = self.size(info)
        luma = levels[..., :4].reshape(rows, columns, 2, 2).transpose(0, 2, 1, 3)
        luma = luma.reshape(2 * rows, 2 * columns)[: info.height, : info.width]
        return tuple(map(np.ascontiguousarray, (luma, levels[..., 4], levels[..., 5])))

    def preview(
        self, picture: NDArray[np.float32], info: VideoInfo, reduction: int, position: int
    ) -> Planes:
        """The planes of a smaller frame.

        Args:
            picture: (rows, columns, channels) in 0..1.
            info: the smaller clip.
            reduction: how much smaller it is each way.
            position: pixels of a whole frame that a position of the picture covers, each way; at
                most `reduction`.
        """
        if self is RGB:
            return self.unpack(_means(picture, reduction // position), info)
        largest = (1 << info.bit_depth) - 1
        luma = _means(picture[..., :4].mean(axis=2, keepdims=True), reduction // position)
        chroma = _means(picture[..., 4:], 2 * reduction // position)
        planes = luma[..., 0], chroma[..., 0], chroma[..., 1]
        kind = sample_type(info.pixel_format)
        return tuple(np.rint(plane * largest).astype(kind) for plane in planes)


RGB = Pictures(code=0, channels=3, factor=1)

PACKED = Pictures(code=1, channels=6, factor=2)
"""Four luma samples and the chroma ones of each 2x2 square."""

PICTURES = {pictures.code: pictures for pictures in (RGB, PACKED)}


def source_pictures(info: VideoInfo) -> Pictures:
    """The form in which a clip needs no conversion, or RGB."""
    family, _ = PIXEL_FORMATS[info.pixel_format]
    return PACKED if family == "yuv420p" else RGB


def _packed(planes: Planes) -> Levels:
    luma, *chroma = planes
    rows, columns = chroma[0].shape
    luma = np.pad(luma, ((0, 2 * rows - len(luma)), (0, 2 * columns - luma.shape[1])), mode="edge")
    squares = luma.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)
    return np.concatenate([squares, *(plane[..., None] for plane in chroma)], axis=2)


def _means(picture: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Means over squares of so many positions each way; the last ones may be cut."""
    rows, columns, channels = picture.shape
    padding = ((0, -rows % side), (0, -columns % side), (0, 0))
    whole = np.pad(picture, padding, mode="edge")
    squares = whole.reshape(len(whole) // side, side, -1, side, channels)
    means: NDArray[np.float32] = squares.mean(axis=(1, 3), dtype=np.float32)
    return means
