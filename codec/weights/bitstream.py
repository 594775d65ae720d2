"""Quantised tensors as bytes: side information, then one entropy-coded stream of integers.

    for each tensor   kind u8: 0 = stepped, 128 = stepped and coded by differences along the first
                      axis, 1 = affine over the whole, 2 + axis = affine along it
                      stepped: index i16, -4096 to 4096;      affine: minima f16..., scales f16...
    then              the integers, as `ncodec.formats.entropy` codes arrays

All little-endian. Shapes are not stored: they follow from the codec's own configuration.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.tensor import decode_arrays, encode_arrays
from ncodec.weights.quantize import (
    LARGEST_INDEX,
    AffineTensor,
    QuantizedTensor,
    SteppedTensor,
)

__all__ = ["coded_arrays", "differences", "pack_side", "pack_tensors", "unpack_tensors"]

_STEPPED, _WHOLE, _FIRST_AXIS, _DIFFERENCES = 0, 1, 2, 128
_KIND = struct.Struct("<B")
_INDEX = struct.Struct("<h")
_HALF = np.dtype("<f2")


def pack_tensors(tensors: Sequence[QuantizedTensor]) -> bytes:
    """Side information and coded integers of the tensors, in their order."""
    return pack_side(tensors) + encode_arrays(coded_arrays(tensors))


def coded_arrays(tensors: Sequence[QuantizedTensor]) -> list[NDArray[np.integer]]:
    """What the entropy coder gets: the integers, or their differences."""
    return [
        differences(t.values) if isinstance(t, SteppedTensor) and t.differences else t.values
        for t in tensors
    ]


def differences(values: NDArray[np.int32]) -> NDArray[np.int64]:
    """Each entry along the first axis less the one before, and the first as it is."""
    changes = values.astype(np.int64)
    changes[1:] -= values[:-1]
    return changes


def pack_side(tensors: Sequence[QuantizedTensor]) -> bytes:
    """The side information alone."""
    parts = []
    for tensor in tensors:
        if isinstance(tensor, SteppedTensor):
            kind = _DIFFERENCES if tensor.differences else _STEPPED
            parts += [_KIND.pack(kind), _INDEX.pack(tensor.index)]
        else:
            kind = _WHOLE if tensor.axis is None else _FIRST_AXIS + tensor.axis
            parts += [_KIND.pack(kind)]
            parts += [a.astype(_HALF).tobytes() for a in (tensor.minimum, tensor.scale)]
    return b"".join(parts)


def unpack_tensors(data: bytes, shapes: Sequence[tuple[int, ...]]) -> list[QuantizedTensor]:
    """What `pack_tensors` packed.

    Args:
        data: all of its bytes.
        shapes: of the tensors, in their order.

    Raises:
        DamagedFile: `data` cannot be tensors of these shapes.
    """
    side: list[tuple[int, int, tuple[np.ndarray, np.ndarray] | None]] = []
    offset = 0
    try:
        for shape in shapes:
            (kind,) = _KIND.unpack_from(data, offset)
            offset += _KIND.size
            if kind in (_STEPPED, _DIFFERENCES):
                (index,) = _INDEX.unpack_from(data, offset)
                offset += _INDEX.size
                if abs(index) > LARGEST_INDEX:
                    raise ValueError(f"a step has index {index}")
                side.append((kind, index, None))
                continue
            reduced = _reduced(shape, kind)
            count = prod(reduced)
            pair = np.frombuffer(data, _HALF, 2 * count, offset).astype(np.float16)
            offset += 2 * count * _HALF.itemsize
            if not np.isfinite(pair).all():
                raise ValueError("a minimum or scale is not finite")
            lows, scales = pair.reshape(2, *reduced)
            side.append((kind, 0, (lows, scales)))
    except (struct.error, ValueError) as error:
        raise DamagedFile(f"the tensors' side information is damaged: {error}") from None
    arrays = decode_arrays(data[offset:], [prod(shape) for shape in shapes])
    tensors: list[QuantizedTensor] = []
    for values, shape, (kind, index, bounds) in zip(arrays, shapes, side, strict=True):
        values = values.reshape(shape)
        if bounds is None:
            if kind == _DIFFERENCES:
                values = _summed(values)
            tensors.append(SteppedTensor(values, index, kind == _DIFFERENCES))
        else:
            axis = None if kind == _WHOLE else kind - _FIRST_AXIS
            tensors.append(AffineTensor(values, *bounds, axis))
    return tensors


def _summed(values: NDArray[np.int32]) -> NDArray[np.int32]:
    sums = np.cumsum(values, axis=0, dtype=np.int64)
    if np.abs(sums).max(initial=0) > np.iinfo(np.int32).max:
        raise DamagedFile("differences of a tensor add up to more than an int32")
    return sums.astype(np.int32)


def _reduced(shape: tuple[int, ...], kind: int) -> tuple[int, ...]:
    if kind == _WHOLE:
        return (1,) * len(shape)
    axis = kind - _FIRST_AXIS
    if axis >= len(shape):
        raise ValueError(f"quantiser kind {kind} for a tensor of {len(shape)} axes")
    return (*shape[:axis], 1, *shape[axis + 1 :])
