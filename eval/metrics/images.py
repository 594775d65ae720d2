"""PSNR, SSIM and MS-SSIM of a decoded still image against its source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.eval.metrics.planes import mean_squared_error, psnr
from ncodec.eval.metrics.similarity import similarity
from ncodec.eval.results import Metric

__all__ = ["IMAGE_METRICS", "image_scores"]

_WINDOW = "Gaussian window of 11 samples and sigma 1.5, as pytorch-msssim"

IMAGE_METRICS: Sequence[Metric] = (
    Metric(
        "psnr_rgb",
        "RGB-PSNR",
        "dB",
        "PSNR of R, G and B together, or of grey; at most 6 dB a bit plus 12 dB (60 at 8 bits).",
    ),
    Metric("ssim_rgb", "RGB-SSIM", "", f"Mean SSIM of R, G and B, or that of grey; {_WINDOW}."),
    Metric(
        "ms_ssim_rgb",
        "RGB-MS-SSIM",
        "",
        f"Mean MS-SSIM of R, G and B, or that of grey, five scales; {_WINDOW}; sides over 160.",
    ),
)
"""What lossy coders of still images are measured by, the main one first."""


def image_scores(decoded: NDArray[Any], source: NDArray[Any]) -> dict[str, float | None]:
    """Values by key of `IMAGE_METRICS`, None for those that the size does not have.

    Args:
        decoded, source: uint8 or uint16 (height, width, channels). Alpha is left out; grey may
            have come back as RGB.

    Raises:
        InputError: they differ in size or type.
    """
    if (decoded.shape[:2], decoded.dtype) != (source.shape[:2], source.dtype):
        raise InputError(
            f"an image of {source.dtype} {source.shape} came back as {decoded.dtype} "
            f"{decoded.shape}: the coder is wrong"
        )
    ours, theirs = np.broadcast_arrays(*(_colours(pixels) for pixels in (decoded, source)))
    peak = int(np.iinfo(source.dtype).max)
    error = mean_squared_error(np.ascontiguousarray(ours), np.ascontiguousarray(theirs))
    alike = [
        similarity(ours[..., channel], theirs[..., channel], peak)
        for channel in range(ours.shape[2])
    ]
    return {
        "psnr_rgb": psnr(error, peak, 6.0 * 8 * source.itemsize + 12),
        "ssim_rgb": _mean([one.ssim for one in alike]),
        "ms_ssim_rgb": _mean([one.ms_ssim for one in alike]),
    }


def _colours(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[:, :, :3] if pixels.shape[2] > 2 else pixels[:, :, :1]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
