"""The section that says which decoder a segment holds: a CBOR map of small integers."""

from __future__ import annotations

from math import prod
from typing import Any

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.video.geometry import Geometry
from ncodec.video.sizing import Shape

__all__ = ["pack_shape", "unpack_shape"]

_STRIDES, _CHANNELS, _KERNELS = range(3)
_MAX_STAGES, _MAX_STRIDE, _MAX_KERNEL, _MAX_WIDTH = 8, 16, 15, 1 << 14


def pack_shape(shape: Shape) -> bytes:
    """The decoder's shape without the frame size, which the file's header has."""
    return cbor.dumps(
        {
            _STRIDES: list(shape.geometry.strides),
            _CHANNELS: list(shape.channels),
            _KERNELS: list(shape.kernels),
        }
    )


def unpack_shape(section: bytes, info: VideoInfo, frames: int, limits: Limits) -> Shape:
    """What `pack_shape` packed, checked before anything is allocated for it.

    Args:
        section: its bytes.
        info: the clip, for the frame size.
        frames: embeddings that go with the decoder.
        limits: what the file may ask for.

    Raises:
        DamagedFile: not such a map, or numbers that no encoder writes.
        LimitExceeded: more parameters or pixels than the limits allow.
    """
    found = cbor.loads(section, "the network's configuration", limits)
    if not isinstance(found, dict) or set(found) != {_STRIDES, _CHANNELS, _KERNELS}:
        raise DamagedFile("the network's configuration has wrong keys")
    strides, channels, kernels = (_integers(found[key]) for key in range(3))
    stages = len(strides)
    plausible = (
        1 <= stages <= _MAX_STAGES
        and len(kernels) == stages
        and len(channels) == stages + 2
        and all(1 <= s <= _MAX_STRIDE for s in strides)
        and all(1 <= k <= _MAX_KERNEL and k % 2 for k in kernels)
        and all(1 <= c <= _MAX_WIDTH for c in channels)
    )
    if not plausible:
        raise DamagedFile(
            f"a network of strides {strides}, channels {channels}, kernels {kernels} cannot be"
        )
    shape = Shape(Geometry(info.height, info.width, strides), channels, kernels)
    limits.check("frame_pixels", prod(shape.geometry.padded))
    limits.check("parameters", shape.values(frames))
    return shape


def _integers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(v) is int for v in value):
        raise DamagedFile("the network's configuration holds other things than lists of integers")
    return tuple(value)
