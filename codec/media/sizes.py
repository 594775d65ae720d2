"""The sizes an image may have, checked before its samples are decoded."""

from __future__ import annotations

from ncodec.errors import InputError
from ncodec.formats.limits import Limits

__all__ = ["check_size"]


def check_size(width: int, height: int, name: str, limits: Limits) -> None:
    """Raises InputError for an empty image and LimitExceeded for one over `limits`."""
    if width < 1 or height < 1:
        raise InputError(f"{name} is {width}x{height}: give an image with at least one pixel")
    limits.check("width", width)
    limits.check("height", height)
    limits.check("frame_pixels", width * height)
