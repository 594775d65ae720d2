"""The figures of one decoded frame and its source."""

from __future__ import annotations

import numpy as np

from ncodec.eval.metrics.planes import (
    channels,
    combined,
    error_keys,
    mean_squared_error,
    psnr,
    psnr_cap,
    rgb_peak,
)
from ncodec.eval.metrics.similarity import LARGEST_WITHOUT_SCALES, SMALLEST_SIDE, similarity
from ncodec.formats import VideoInfo
from ncodec.media import Frame, to_rgb

__all__ = ["absent_planes", "frame_scores"]


def frame_scores(decoded: Frame, source: Frame, info: VideoInfo) -> dict[str, float]:
    """The ``mse_``, ``psnr_``, ``ssim_`` and ``ms_ssim_`` of the planes and of RGB.

    Args:
        info: the source's; its matrix makes RGB of both.

    Returns:
        The same keys for every frame of a clip: those that `absent_planes` does not explain.
    """
    scores: dict[str, float] = {}
    own = channels(info)
    for name, ours, theirs in zip(own, decoded.planes, source.planes, strict=bool(own)):
        scores[f"mse_{name}"] = mean_squared_error(ours, theirs)
    if own:
        alike = similarity(decoded.planes[0], source.planes[0], (1 << info.bit_depth) - 1)
        if alike.ssim is not None:
            scores["ssim_y"] = alike.ssim
        if alike.ms_ssim is not None:
            scores["ms_ssim_y"] = alike.ms_ssim
    if own != "y":
        ours, theirs = to_rgb(decoded, info), to_rgb(source, info)
        scores["mse_rgb"] = mean_squared_error(ours, theirs)
        if min(info.width, info.height) > LARGEST_WITHOUT_SCALES:
            parts = (
                similarity(ours[..., channel], theirs[..., channel], rgb_peak(info)).ms_ssim
                for channel in range(3)
            )
            scores["ms_ssim_rgb"] = float(np.mean([part for part in parts if part is not None]))
    for name, peak in error_keys(info):
        scores[f"psnr_{name}"] = psnr(scores[f"mse_{name}"], peak, psnr_cap(info))
    if own == "yuv":
        scores["psnr_yuv"] = combined(scores["psnr_y"], scores["psnr_u"], scores["psnr_v"])
    return scores


def absent_planes(info: VideoInfo) -> list[str]:
    """The figures that `frame_scores` does not have of a clip, and why, in sentences."""
    reasons = []
    own = channels(info)
    if own == "y":
        reasons.append("PSNR of U, V, YUV and RGB is absent: the clip is grey.")
    elif not own:
        reasons.append("PSNR of Y, U, V and YUV, and SSIM of Y, are absent: the clip is RGB.")
    side = min(info.width, info.height)
    if side < SMALLEST_SIDE:
        reasons.append(
            f"SSIM is absent: it takes sides of {SMALLEST_SIDE} or more, and the clip is"
            f" {info.width}x{info.height}."
        )
    if side <= LARGEST_WITHOUT_SCALES:
        reasons.append(
            f"MS-SSIM is absent: it takes sides above {LARGEST_WITHOUT_SCALES}, and the clip is"
            f" {info.width}x{info.height}."
        )
    return reasons
