"""A window's frames as the tensor that a network is fitted to."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ncodec.errors import InputError
from ncodec.plugin import Window
from ncodec.video.shape import Shape

__all__ = ["padded_frames"]


def padded_frames(window: Window, shape: Shape) -> Tensor:
    """The window's pictures, (T, C, H, W): uint8, or float16 in 0..1 above 8 bits."""
    (rows, columns), pictures = shape.geometry.padded, shape.pictures
    below, right = rows - shape.geometry.height, columns - shape.geometry.width
    frames = torch.empty(
        (window.frame_count, pictures.channels, rows, columns),
        dtype=torch.float16 if window.info.bit_depth > 8 else torch.uint8,
    )
    count = 0
    for count, frame in enumerate(window.frames(), 1):
        picture = pictures.pack(frame, window.info)
        padded = np.pad(picture, ((0, below), (0, right), (0, 0)), mode="edge")
        frames[count - 1] = torch.from_numpy(padded).permute(2, 0, 1)
    if count != window.frame_count:
        raise InputError(
            f"frames {window.first_frame} to {window.first_frame + window.frame_count - 1} were "
            f"announced, {count} could be read: the source changed while it was encoded"
        )
    return frames
