"""The segment that a fit is compared with: its frames, and how far from them a picture is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ncodec.video.inr.batches import WHOLE, Part

__all__ = ["Distortion", "decibels", "frame_times", "l1_ssim", "ssim"]


class Distortion:
    """The pictures that a network is to show, and what the difference counts.

    Args:
        frames: uint8 (or float16 in 0..1 for deeper samples), (T, C, H, W), padded.
        region: rows and columns of the unpadded picture, which alone count.
        weights: what each channel's mean squared error counts.
        place: where they are kept.
    """

    def __init__(
        self,
        frames: Tensor,
        region: tuple[int, int],
        weights: Sequence[float],
        place: torch.device,
    ) -> None:
        self.frames = frames.to(place).contiguous(memory_format=torch.channels_last)
        self.region = region
        self.weigh(weights)

    def weigh(self, weights: Sequence[float]) -> None:
        """Changes what each channel's mean squared error counts."""
        self.weights = torch.tensor(weights, device=self.frames.device)

    def __len__(self) -> int:
        return len(self.frames)

    def pictures(self, indices: Tensor | slice, part: Part = WHOLE) -> Tensor:
        """The frames of these indices, or a part of each, float32 in 0..1."""
        frames = self.frames[part][indices]
        return frames.float() / (255 if frames.dtype == torch.uint8 else 1)

    def batches(self, size: int) -> Iterator[slice]:
        """All frames in order, so many at a time."""
        for first in range(0, len(self.frames), size):
            yield slice(first, first + size)

    def errors(self, output: Tensor, target: Tensor, part: Part = WHOLE) -> Tensor:
        """Weighted mean squared error of each frame, or of a part of each, float32 (N,)."""
        differences = self._shown(output, part) - self._shown(target, part)
        return differences.square().mean(dim=(2, 3)) @ self.weights

    def l1_ssim(self, output: Tensor, target: Tensor) -> Tensor:
        """NeRV's loss of each frame, float32 (N,)."""
        return l1_ssim(self._shown(output), self._shown(target))

    def _shown(self, pictures: Tensor, part: Part = WHOLE) -> Tensor:
        """The picture without its padding; no part lies in the padding alone."""
        rows, columns = (
            length - (where.start or 0) for length, where in zip(self.region, part[1:], strict=True)
        )
        return pictures[..., :rows, :columns]


def decibels(errors: Tensor) -> Tensor:
    """The PSNR in dB of mean squared errors of pictures in 0..1; 100 at most."""
    return -10 * errors.clamp_min(1e-10).log10()


def frame_times(count: int) -> Tensor:
    """The times of a segment's frames, float32 (count,) from 0 up to under 1."""
    return torch.arange(count) / count


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
