"""How far a network's pictures are from a segment's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ncodec.video.losses import l1_ssim
from ncodec.video.patches import WHOLE, Part

__all__ = ["Distortion", "frame_times"]


class Distortion:
    """The pictures that a network is to show, and what the difference counts.

    Args:
        frames: uint8 (or float16 in 0..1 for deeper samples), (T, C, H, W), padded.
        region: rows and columns of the unpadded picture, which alone count.
        weights: of each channel's mean squared error.
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
        """Without the padding, of which no part consists."""
        rows, columns = (
            length - (where.start or 0) for length, where in zip(self.region, part[1:], strict=True)
        )
        return pictures[..., :rows, :columns]


def frame_times(count: int) -> Tensor:
    """The times of a segment's frames, float32 (count,) from 0 up to under 1."""
    return torch.arange(count) / count
