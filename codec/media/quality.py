"""The distance of decoded frames from the source, as PSNR."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, log10
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ncodec.formats import VideoInfo
from ncodec.media.colour import to_rgb
from ncodec.media.frame import Frame

if TYPE_CHECKING:
    from ncodec.plugin import Planes

__all__ = ["mean_psnr", "plane_psnr", "planes_psnr", "rgb_psnr"]


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
