"""The PSNR of the planes of a frame, in the source's pixel format and as RGB, and its two poolings.

A PSNR is at most 6 dB a bit and 12 more (60 dB at 8 bits, 72 at 10), as in libvmaf: so a frame
without error weighs in a mean like one with hardly any, and has a place on a curve. The mean
squared errors are kept as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, log10
from typing import Any

from numpy.typing import NDArray

from ncodec.formats import VideoInfo
from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "channels",
    "combined",
    "error_keys",
    "mean",
    "mean_squared_error",
    "pooled_psnr",
    "psnr",
    "psnr_cap",
    "rgb_peak",
]


def psnr_cap(info: VideoInfo) -> float:
    """The dB that no PSNR of a clip exceeds."""
    return 6.0 * info.bit_depth + 12


def psnr(mse: float, peak: int, cap: float = inf) -> float:
    """The PSNR in dB of a mean squared error."""
    return min(cap, 10 * log10(peak**2 / mse)) if mse else cap


def combined(y: float, u: float, v: float) -> float:
    """The decibels (6Y + U + V) / 8: one figure for three planes."""
    return (6 * y + u + v) / 8


def channels(info: VideoInfo) -> str:
    """The planes that are scored in the clip's own format: ``yuv``, ``y`` of grey, none of RGB."""
    if info.pixel_format.startswith("gbrp"):
        return ""
    return "y" if info.pixel_format.startswith("gray") else "yuv"


def rgb_peak(info: VideoInfo) -> int:
    """The white of what `ncodec.media.to_rgb` makes."""
    return 255 if info.bit_depth == 8 else 65535


def error_keys(info: VideoInfo) -> Sequence[tuple[str, int]]:
    """The (name, peak) of each mean squared error that a frame of the clip has.

    Grey has no RGB: it would be the same samples three times.
    """
    own = [(channel, (1 << info.bit_depth) - 1) for channel in channels(info)]
    return own if len(own) == 1 else [*own, ("rgb", rgb_peak(info))]


def mean_squared_error(decoded: NDArray[Any], source: NDArray[Any]) -> float:
    """The mean squared error of arrays of unsigned integers of 8 or 16 bits, equal in shape; exact
    up to the last step."""
    return int(_squared_errors(decoded.reshape(-1), source.reshape(-1))) / source.size


def mean(values: Sequence[float]) -> float:
    """The mean of values over frames."""
    return sum(values) / len(values)


def pooled_psnr(errors: Mapping[str, Sequence[float]], info: VideoInfo) -> dict[str, float]:
    """The PSNR of the mean over frames of the mean squared errors.

    Args:
        errors: a list over frames for each of `error_keys`.

    Returns:
        The dB by name; and ``yuv``, which combines the planes' decibels, where there are three.
    """
    scores = {
        name: psnr(mean(errors[name]), peak, psnr_cap(info)) for name, peak in error_keys(info)
    }
    if "v" in scores:
        scores["yuv"] = combined(scores["y"], scores["u"], scores["v"])
    return scores


@kernel
def _squared_errors(decoded: NDArray[Any], source: NDArray[Any]) -> int:
    total = 0
    for i in range(len(source)):
        difference = int(decoded[i]) - int(source[i])
        total += difference * difference
    return total
