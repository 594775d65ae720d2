"""Frames of a clip together: one RGB array or tensor, with their times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.formats import VideoInfo
from ncodec.media.colour import to_rgb
from ncodec.media.frame import Frame

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FrameBatch", "Layout", "rgb_batch"]

Layout = Literal["NHWC", "NCHW"]


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


def rgb_batch(
    frames: Iterable[tuple[int, Frame]],
    count: int,
    info: VideoInfo,
    device: str | None,
    layout: Layout,
) -> FrameBatch:
    """Frames as one array, or as one tensor on `device`.

    Args:
        frames: (place in the batch, frame), in any order.
        count: how many there are.
        info: what the frames are.
        device, layout: as in `ncodec.Clip.batch`.
    """
    if layout not in ("NHWC", "NCHW"):
        raise UsageError(f"layout is {layout!r} but must be NHWC or NCHW")
    dtype = np.uint8 if info.bit_depth == 8 else np.uint16
    data = np.empty((count, info.height, info.width, 3), dtype)
    seconds, durations = np.empty(count), np.empty(count)
    for place, frame in frames:
        data[place] = to_rgb(frame, info)
        seconds[place], durations[place] = frame.seconds, frame.duration
    if layout == "NCHW":
        data = np.ascontiguousarray(data.transpose(0, 3, 1, 2))
    if device is None:
        return FrameBatch(data, seconds, durations)
    import torch

    from ncodec.device import resolve_device

    return FrameBatch(torch.from_numpy(data).to(resolve_device(device).place), seconds, durations)
