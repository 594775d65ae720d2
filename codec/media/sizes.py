"""What an image may be, checked before its samples are decoded."""

from __future__ import annotations

from ncodec.errors import InputError
from ncodec.formats.limits import Limits

__all__ = ["check_alone", "check_size"]


def check_size(width: int, height: int, name: str, limits: Limits) -> None:
    """Raises InputError for an empty image and LimitExceeded for one over `limits`."""
    if width < 1 or height < 1:
        raise InputError(f"{name} is {width}x{height}: give an image with at least one pixel")
    limits.check("width", width)
    limits.check("height", height)
    limits.check("frame_pixels", width * height)


def check_alone(name: str, pages: int) -> None:
    """Raises InputError where a file has several pages, of which one is no more it than all."""
    if pages > 1:
        raise InputError(
            f"{name} has {pages} pages, which make an album: give it by its path, and leave codec"
            " out"
        )
