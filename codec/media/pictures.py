"""What a picture in memory has to be, to become an image or a frame of a clip."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.errors import UsageError
from ncodec.formats.info import VideoInfo
from ncodec.media.colour import from_rgb
from ncodec.media.frame import Frame, plane_shapes, sample_type
from ncodec.media.image import Image

__all__ = ["as_frame", "as_image", "check_planes", "check_samples", "clip_info"]


def check_samples(array: NDArray[Any]) -> None:
    """Raises UsageError for an array whose samples are neither uint8 nor uint16."""
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise UsageError(
            f"the samples are {array.dtype} but must be uint8 or uint16: scale and round them, "
            "for example (255 * x).round().astype('uint8')"
        )


def as_image(picture: Any) -> Image:
    """An `Image`, or an array [H, W] or [H, W, C], as an image.

    Raises:
        UsageError: it is a `Frame`, or an array of another shape or type.
    """
    if isinstance(picture, Image):
        return picture
    if isinstance(picture, Frame):
        raise UsageError("the codec takes images, not frames: give arrays [H, W, C]")
    array = np.asarray(picture)
    check_samples(array)
    if array.ndim not in (2, 3) or not array.size or (array.ndim == 3 and array.shape[2] > 4):
        raise UsageError(
            f"a picture has shape {array.shape} but must be [H, W] or [H, W, C], C from 1 to 4"
        )
    return Image(array if array.ndim == 3 else array[..., np.newaxis])


def clip_info(picture: Any, time_base: Fraction) -> VideoInfo:
    """The description of a clip, still without frames, whose first picture is this array or image.

    Raises:
        UsageError: it is a `Frame`, has alpha, or is no picture.
    """
    pixels = _pixels(picture)
    grey, deep = pixels.shape[2] == 1, pixels.dtype.itemsize == 2
    return VideoInfo(
        width=pixels.shape[1],
        height=pixels.shape[0],
        frames=0,
        time_base=time_base,
        pixel_format=("gray" if grey else "gbrp") + "16le" * deep,
        bit_depth=16 if deep else 8,
        matrix=2 if grey else 0,
        full_range=True,
    )


def as_frame(picture: Any, index: int, info: VideoInfo) -> Frame:
    """An array or image, grey or RGB, as the `index`th frame of a clip that `info` describes.

    Raises:
        UsageError: it has another size or number of channels, or is no picture.
    """
    pixels = _pixels(picture)
    height, width, channels = pixels.shape
    grey = info.pixel_format.startswith("gray")
    if (height, width) != (info.height, info.width) or (channels == 1) != grey:
        raise UsageError(
            f"frame {index} is {width}x{height} with {channels} channels but must be "
            f"{info.width}x{info.height} {info.pixel_format}: give frames of one shape"
        )
    return from_rgb(np.broadcast_to(pixels, (height, width, 3)), info, index)


def check_planes(frame: Frame, index: int, info: VideoInfo) -> None:
    """Raises UsageError for a frame, the clip's `index`th, whose planes are not as `info` says."""
    shapes = plane_shapes(info.pixel_format, info.width, info.height)
    dtype = sample_type(info.pixel_format)
    alike = [plane.shape for plane in frame.planes] == list(shapes)
    if not alike or any(plane.dtype != dtype for plane in frame.planes):
        raise UsageError(
            f"frame {index} is {frame!r} but must have planes of {info.width}x{info.height} "
            f"{info.pixel_format}: give frames of one shape, and the info that describes them"
        )


def _pixels(picture: Any) -> NDArray[Any]:
    """A frame as [H, W, 3] or [H, W, 1]."""
    if isinstance(picture, Frame):
        raise UsageError("arrays and ncodec.Frame are mixed: give frames of one kind")
    pixels = as_image(picture).pixels
    if pixels.shape[2] not in (1, 3):
        raise UsageError(
            f"a frame has {pixels.shape[2]} channels, but clips have no alpha: give frame[..., :3]"
        )
    return pixels
