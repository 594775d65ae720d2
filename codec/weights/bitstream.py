"""Quantised tensors as bytes: side information, then one entropy-coded stream of integers.

    for each tensor   kind u8: 0 = stepped; plus 128 = coded by differences along the first axis;
                      32 = stepped, of 4 axes, coded by prediction, as all others are then, too;
                      1 = affine over the whole, 2 + axis = affine along it
                      stepped: index i16, -4096 to 4096;      affine: minima f16..., scales f16...
    then              the integers, as `ncodec.formats.entropy` codes arrays, or by prediction as
                      `ncodec.weights.predicted` does

All little-endian. Shapes are not stored: they follow from the codec's own configuration. Older
files have kinds 64 and 192, 0 and 128 coded with contexts: `ncodec.weights.context`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.coder import Decoder
from ncodec.formats.entropy.tensor import decode_array, encode_arrays, estimate_bytes
from ncodec.weights.context import decode_grid
from ncodec.weights.quantize import (
    LARGEST_INDEX,
    AffineTensor,
    QuantizedTensor,
    SteppedTensor,
)

__all__ = ["differences", "estimate_tensors", "pack_side", "pack_tensors", "unpack_tensors"]

_STEPPED, _WHOLE, _FIRST_AXIS, _PREDICTED, _CONTEXT, _DIFFERENCES = 0, 1, 2, 32, 64, 128
_ALL_STEPPED = {_STEPPED, _DIFFERENCES, _PREDICTED, _CONTEXT, _CONTEXT | _DIFFERENCES}
_GRIDS = _PREDICTED | _CONTEXT
_KIND = struct.Struct("<B")
_INDEX = struct.Struct("<h")
_HALF = np.dtype("<f2")


def pack_tensors(tensors: Sequence[QuantizedTensor]) -> bytes:
    """The side information and the coded integers of the tensors, in their order; all or none of
    them are coded by prediction.
    """
    coded = [_coded(tensor) for tensor in tensors]
    if not any(map(_is_predicted, tensors)):
        return pack_side(tensors) + encode_arrays(coded)
    # Here, for numba takes a while to import.
    from ncodec.weights.predicted import encode_grids

    return pack_side(tensors) + encode_grids(coded)


def estimate_tensors(tensors: Sequence[QuantizedTensor]) -> int:
    """The approximate number of bytes that `pack_tensors` makes of them, within a per cent."""
    size = len(pack_side(tensors))
    size += estimate_bytes([_coded(t) for t in tensors if not _is_predicted(t)])
    grids = [t.values for t in tensors if _is_predicted(t)]
    if grids:
        from ncodec.weights.predicted import grid_bytes

        size += round(sum(map(grid_bytes, grids)))
    return size


def _is_predicted(tensor: QuantizedTensor) -> bool:
    return isinstance(tensor, SteppedTensor) and tensor.predicted


def _coded(tensor: QuantizedTensor) -> NDArray[np.integer]:
    """The integers that the entropy coder gets: the tensor's, or their differences."""
    if isinstance(tensor, SteppedTensor) and tensor.differences:
        return differences(tensor.values)
    return tensor.values


def differences(values: NDArray[np.int32]) -> NDArray[np.int64]:
    """The differences along the first axis, its first entry as it is."""
    changes = values.astype(np.int64)
    changes[1:] -= values[:-1]
    return changes


def pack_side(tensors: Sequence[QuantizedTensor]) -> bytes:
    """The side information alone."""
    parts = []
    for tensor in tensors:
        if isinstance(tensor, SteppedTensor):
            kind = _DIFFERENCES * tensor.differences | _PREDICTED * tensor.predicted
            parts += [_KIND.pack(kind), _INDEX.pack(tensor.index)]
        else:
            kind = _WHOLE if tensor.axis is None else _FIRST_AXIS + tensor.axis
            parts += [_KIND.pack(kind)]
            parts += [a.astype(_HALF).tobytes() for a in (tensor.minimum, tensor.scale)]
    return b"".join(parts)


def unpack_tensors(data: bytes, shapes: Sequence[tuple[int, ...]]) -> list[QuantizedTensor]:
    """Reads the tensors that `pack_tensors` packed.

    Args:
        data: all of the bytes.
        shapes: the shapes of the tensors, in their order.

    Raises:
        DamagedFile: `data` cannot be tensors of these shapes.
    """
    side: list[tuple[int, int, tuple[np.ndarray, np.ndarray] | None]] = []
    offset = 0
    try:
        for shape in shapes:
            (kind,) = _KIND.unpack_from(data, offset)
            offset += _KIND.size
            if kind in _ALL_STEPPED:
                (index,) = _INDEX.unpack_from(data, offset)
                offset += _INDEX.size
                if abs(index) > LARGEST_INDEX:
                    raise ValueError(f"a step has index {index}")
                if kind & _GRIDS and len(shape) != 4:
                    raise ValueError(f"a grid of {len(shape)} axes")
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
        if len({kind & _PREDICTED if bounds is None else 0 for kind, _, bounds in side}) > 1:
            raise ValueError("some tensors are coded by prediction, others are not")
    except (struct.error, ValueError) as error:
        raise DamagedFile(f"the tensors' side information is damaged: {error}") from None
    if any(kind == _PREDICTED for kind, _, bounds in side if bounds is None):
        from ncodec.weights.predicted import decode_grids

        grids = decode_grids(data[offset:], shapes)
        pairs = zip(grids, side, strict=True)
        return [SteppedTensor(grid, index, predicted=True) for grid, (_, index, _) in pairs]
    decoder = Decoder(data[offset:])
    tensors: list[QuantizedTensor] = []
    for shape, (kind, index, bounds) in zip(shapes, side, strict=True):
        if bounds is None and kind & _CONTEXT:
            values = decode_grid(decoder, shape)
        else:
            values = decode_array(decoder, prod(shape)).reshape(shape)
        if bounds is None:
            changes = bool(kind & _DIFFERENCES)
            tensors.append(SteppedTensor(_summed(values) if changes else values, index, changes))
        else:
            axis = None if kind == _WHOLE else kind - _FIRST_AXIS
            tensors.append(AffineTensor(values, *bounds, axis))
    decoder.finish()
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
