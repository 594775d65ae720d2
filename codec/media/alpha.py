"""Alpha of decoded pictures, which clips have no place for."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ncodec.errors import InputError

__all__ = ["check_opaque", "check_stream"]


def check_stream(stream: VideoStream, name: str) -> None:
    """Raises InputError where alpha is coded beside the pictures, as VP8 and VP9 have it."""
    if stream.metadata.get("alpha_mode") == "1":
        raise _refusal(name)


def check_opaque(picture: av.VideoFrame, name: str) -> None:
    """Raises InputError for a picture that is not opaque everywhere; `name` is what it is."""
    described = picture.format
    if described.has_palette:
        indices = _samples(picture.planes[0], np.uint8)[:, : picture.width]
        # A palette has 256 native 32-bit integers 0xAARRGGBB.
        alpha = np.frombuffer(bytes(picture.planes[1]), np.uint32)[np.unique(indices)] >> 24
        opaque = 255
    elif any(part.is_alpha for part in described.components):
        depth = max(part.bits for part in described.components if part.is_alpha)
        deep = depth > 8
        if len(picture.planes) < 4:
            picture = picture.reformat(format="gbrap16le" if deep else "gbrap", threads=1)
            depth = 16 if deep else 8
        opaque = 0xFF << depth - 8  # what becomes of 8 opaque bits where they are only shifted
        alpha = _samples(picture.planes[3], "<u2" if deep else np.uint8)[:, : picture.width]
    else:
        return
    if (alpha < opaque).any():
        raise _refusal(name)


def _samples(plane: Any, dtype: Any) -> NDArray[Any]:
    """The memory of a plane by rows, with what pads them."""
    samples: NDArray[Any] = np.frombuffer(plane, dtype)
    return samples.reshape(-1, plane.line_size // samples.itemsize)


def _refusal(name: str) -> InputError:
    return InputError(
        f"{name} has alpha, which clips cannot hold: drop it with --no-alpha (alpha=False), or put"
        " the pictures on a background first"
    )
