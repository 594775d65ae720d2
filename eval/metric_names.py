"""The figures that a clip gets, and the definition of each."""

from __future__ import annotations

from collections.abc import Sequence

from ncodec.eval.results import Metric

__all__ = ["METRICS"]

_CAP = "a PSNR is at most 6 dB a bit plus 12 dB (60 at 8 bits), which is also what no error gives"
_RGB = "matrix and range of the source for both clips, rounded to 8 bits, or 16 above 8"
_COMBINED = "(6Y + U + V) / 8 of the planes' decibels"
_SSIM = "Gaussian window of 11 samples and sigma 1.5, K1 0.01, K2 0.03, as pytorch-msssim"


def _psnr(name: str, label: str, what: str) -> tuple[Metric, Metric]:
    return (
        Metric(
            f"psnr_{name}",
            f"{label}-PSNR",
            "dB",
            f"Mean over frames of the PSNR of {what}; {_CAP}.",
        ),
        Metric(
            f"psnr_{name}_pooled",
            f"{label}-PSNR of the mean MSE",
            "dB",
            f"PSNR of the mean over frames of the mean squared error of {what}; {_CAP}.",
        ),
    )


def _xpsnr(name: str, label: str, what: str) -> tuple[Metric, Metric]:
    return (
        Metric(
            f"xpsnr_{name}",
            f"{label}-XPSNR",
            "dB",
            f"Mean over frames of the XPSNR of {what}, FFmpeg's filter, one pass over the whole"
            f" clip; {_CAP}.",
        ),
        Metric(
            f"xpsnr_{name}_pooled",
            f"{label}-XPSNR of the mean error",
            "dB",
            f"XPSNR of the mean over frames of the weighted root error of {what}, the average that"
            f" FFmpeg's filter prints; {_CAP}.",
        ),
    )


METRICS: Sequence[Metric] = (
    *_psnr("y", "Y", "luma"),
    *_psnr("yuv", "YUV", f"Y, U and V, combined as {_COMBINED}"),
    *_psnr("rgb", "RGB", f"R, G and B together ({_RGB})"),
    *_psnr("u", "U", "the first chroma plane"),
    *_psnr("v", "V", "the second chroma plane"),
    Metric("ssim_y", "Y-SSIM", "", f"Mean over frames of the SSIM of luma; {_SSIM}."),
    Metric(
        "ms_ssim_y",
        "Y-MS-SSIM",
        "",
        f"Mean over frames of the MS-SSIM of luma, five scales; {_SSIM}.",
    ),
    Metric(
        "ms_ssim_rgb",
        "RGB-MS-SSIM",
        "",
        f"Mean over frames of the mean MS-SSIM of R, G and B ({_RGB}), five scales; {_SSIM}.",
    ),
    *_xpsnr("y", "Y", "luma"),
    *_xpsnr("yuv", "YUV", f"Y, U and V, combined as {_COMBINED}"),
    *_xpsnr("u", "U", "the first chroma plane"),
    *_xpsnr("v", "V", "the second chroma plane"),
    Metric(
        "vmaf",
        "VMAF",
        "",
        "Mean over frames of VMAF, model vmaf_v0.6.1, through FFmpeg's libvmaf filter.",
    ),
)
"""The metrics whose keys `Scores.pooled` has, the main one first."""
