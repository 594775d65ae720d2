"""The distance of decoded frames from the source, as PSNR."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import VerificationFailed
from ncodec.formats import VideoInfo
from ncodec.media.colour import to_rgb
from ncodec.media.frame import Frame

if TYPE_CHECKING:
    from ncodec.plugin import Planes

__all__ = ["image_psnr", "mean_psnr", "plane_psnr", "planes_psnr", "rgb_psnr", "span_psnr"]


def plane_psnr(decoded: NDArray[np.generic], source: NDArray[np.generic], peak: int) -> float:
    """The peak signal-to-noise ratio in dB of two arrays of samples; inf where they are equal."""
    difference = decoded.astype(np.float32) - source.astype(np.float32)
    error = float(np.mean(np.square(difference), dtype=np.float64))
    return 10 * log10(peak**2 / error) if error else inf


def rgb_psnr(decoded: Planes, source: Planes, info: VideoInfo) -> float:
    """The PSNR in dB of two pictures in the clip's pixel format, after conversion to RGB."""
    a, b = (to_rgb(Frame(tuple(planes), 0), info) for planes in (decoded, source))
    return plane_psnr(a, b, np.iinfo(a.dtype).max)


def mean_psnr(values: Iterable[float]) -> float | None:
    """The mean over frames, which is inf if any frame is exact; None of no frames."""
    values = list(values)
    return sum(values) / len(values) if values else None


def planes_psnr(decoded: Planes, source: Planes, info: VideoInfo) -> Sequence[float]:
    """The PSNR in dB of each plane, in the order of the pixel format."""
    peak = (1 << info.bit_depth) - 1
    return [plane_psnr(a, b, peak) for a, b in zip(decoded, source, strict=True)]


def image_psnr(decoded: NDArray[Any], source: NDArray[Any]) -> float:
    """PSNR in dB of two still images, all channels together; white is the largest sample.

    Args:
        decoded, source: uint8 or uint16 of one shape (height, width, channels).

    Raises:
        VerificationFailed: they differ in shape or type.
    """
    if (decoded.shape, decoded.dtype) != (source.shape, source.dtype):
        raise VerificationFailed(
            f"an image decodes to {decoded.dtype} {decoded.shape}, its source is {source.dtype} "
            f"{source.shape}: this is another source, or its codec is wrong"
        )
    return plane_psnr(decoded, source, np.iinfo(source.dtype).max)


def span_psnr(values: Sequence[float], first: int, count: int, frames: int) -> float:
    """PSNR in dB of a segment of still images: the mean over its images.

    Args:
        values: of all images of the file.
        first, count: what the segment holds: images, or tiles of the only one.
        frames: what all segments hold; the tiles of an image have the image's PSNR.
    """
    own = values[first : first + count] if frames == len(values) else values
    return sum(own) / len(own)
