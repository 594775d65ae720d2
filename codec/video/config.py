"""The section that says which decoder a segment holds: a CBOR map of small integers."""

from __future__ import annotations

from math import prod
from typing import Any

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, cbor
from ncodec.video.pictures import PICTURES, RGB, Pictures
from ncodec.video.shape import Shape

__all__ = ["MAX_KERNEL", "check_shape", "read_configuration", "stages"]

MAX_KERNEL = 15
_MAX_STAGES, _MAX_STRIDE, _MAX_WIDTH = 8, 16, 1 << 14


def read_configuration(
    section: bytes, lists: int, pictures_key: int, limits: Limits, flag_key: int | None = None
) -> tuple[list[tuple[int, ...]], Pictures, bool]:
    """The lists of integers under the keys 0, 1, ..., what the network shows, and whether the
    map has the flag.

    Raises:
        DamagedFile: not a map of `lists` lists and, if it is there, a known `pictures_key`.
    """
    found = cbor.loads(section, "the network's configuration", limits)
    if not isinstance(found, dict) or set(found) - {pictures_key, flag_key} != set(range(lists)):
        raise DamagedFile("the network's configuration has wrong keys")
    code = found.get(pictures_key, RGB.code)
    if type(code) is not int or code not in PICTURES:
        raise DamagedFile("the network's configuration asks for unknown pictures")
    flag = found.get(flag_key, 1)
    if type(flag) is not int or flag != 1:
        raise DamagedFile("the network's configuration has a flag that is not 1")
    return [_integers(found[key]) for key in range(lists)], PICTURES[code], flag_key in found


def stages(strides: tuple[int, ...], channels: tuple[int, ...], extra: int) -> bool:
    """Whether these can be a decoder's strides and, with `extra` more, its widths."""
    return (
        1 <= len(strides) <= _MAX_STAGES
        and len(channels) == len(strides) + extra
        and all(1 <= s <= _MAX_STRIDE for s in strides)
        and all(1 <= c <= _MAX_WIDTH for c in channels)
    )


def check_shape(shape: Shape, frames: int, limits: Limits) -> None:
    """Raises LimitExceeded for more parameters or pixels than the limits allow."""
    limits.check("frame_pixels", prod(shape.geometry.padded))
    limits.check("parameters", shape.values(frames))


def _integers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(v) is int for v in value):
        raise DamagedFile("the network's configuration holds other things than lists of integers")
    return tuple(value)
