"""Frames of a clip together: one RGB array or tensor, with their times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FrameBatch"]


@dataclass(frozen=True, slots=True, eq=False)
class FrameBatch:
    """Several frames in RGB.

    Attributes:
        data: uint8, or uint16 over the full 0..65535 for clips above 8 bits; [N, H, W, 3], or
            [N, 3, H, W] where that layout was asked for. A NumPy array or a torch tensor.
        seconds: float64 [N]: when each frame is shown.
        durations: float64 [N]: seconds until the next frame of the clip.
    """

    data: NDArray[Any] | Tensor
    seconds: NDArray[np.float64]
    durations: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.seconds)

    def __repr__(self) -> str:
        kind = type(self.data).__name__
        shape = "x".join(map(str, self.data.shape))
        if not len(self):
            return f"FrameBatch({shape} {self.data.dtype} {kind})"
        ends = f"{self.seconds[0]:g} to {self.seconds[-1]:g} s"
        return f"FrameBatch({shape} {self.data.dtype} {kind}, {ends})"
