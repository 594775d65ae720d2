"""Losses of published recipes that are not a squared error."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["l1_ssim", "ssim"]

SIDE, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
"""The window and constants of SSIM (Wang et al., 2004, section III-C)."""


def l1_ssim(output: Tensor, target: Tensor) -> Tensor:
    """NeRV's loss (arXiv 2110.13903, equation 2) of each frame: 0.7 L1 + 0.3 (1 - SSIM).

    Args:
        output: (N, C, H, W) in 0..1.
        target: likewise.

    Returns:
        float32 (N,).
    """
    difference = (output - target).abs().mean(dim=(1, 2, 3))
    return 0.7 * difference + 0.3 * (1 - ssim(output, target))


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Mean structural similarity of each frame, every channel alone, float32 (N,).

    An 11x11 Gaussian window of deviation 1.5 where it lies within the picture; along a side
    shorter than that there is no smoothing, as in pytorch_msssim, whose values these are.

    Args:
        a: (N, C, H, W) in 0..1.
        b: likewise.
    """
    # Variances are differences of near squares: not in half precision.
    with torch.autocast(a.device.type, enabled=False):
        a, b = a.float(), b.float()
        mean_a, mean_b = _smooth(a), _smooth(b)
        variance_a = _smooth(a * a) - mean_a**2
        variance_b = _smooth(b * b) - mean_b**2
        covariance = _smooth(a * b) - mean_a * mean_b
        c1, c2 = K1**2, K2**2
        structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
        luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
        return (luminance * structure).mean(dim=(1, 2, 3))


def _smooth(x: Tensor) -> Tensor:
    offsets = torch.arange(SIDE, device=x.device) - SIDE // 2
    window = torch.softmax(-(offsets**2) / (2 * SIGMA**2), dim=0)
    channels = x.shape[1]
    for dim in (2, 3):
        if x.shape[dim] < SIDE:
            continue
        shape = (1, 1, SIDE, 1) if dim == 2 else (1, 1, 1, SIDE)
        x = F.conv2d(x, window.view(shape).repeat(channels, 1, 1, 1), groups=channels)
    return x
