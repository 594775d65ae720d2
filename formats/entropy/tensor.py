"""Quantised tensors in one range-coder stream, each with the cheapest of a few integer models.

    constant   every value is the same: dead layers, zero biases
    Laplace    a fixed table: small or sparse tensors, where side information must be short
    Gaussian   a fixed table: what trained weights with a plain prior look like
    adaptive   Laplace counts that learn: large tensors of any other shape

The reader knows the sizes, so the stream holds no lengths; docs/entropy.md has every bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.adaptive import decode_adaptive, encode_adaptive
from ncodec.formats.entropy.choice import (
    ADAPTIVE,
    CONSTANT,
    GAUSSIAN,
    MODELS,
    STRENGTHS,
    Choice,
    choose,
)
from ncodec.formats.entropy.coder import Decoder, Encoder, Table, uniform
from ncodec.formats.entropy.integers import (
    decode_integers,
    decode_signed,
    encode_integers,
    encode_signed,
)
from ncodec.formats.entropy.tables import SCALES, gaussian, laplace
from ncodec.formats.errors import DamagedFile, UsageError

__all__ = [
    "decode_array",
    "decode_arrays",
    "decode_choice",
    "encode_array",
    "encode_arrays",
    "encode_choice",
    "estimate_bytes",
    "table_of",
]

_INT32 = np.iinfo(np.int32)


def encode_arrays(arrays: Sequence[NDArray[Any]]) -> bytes:
    """Codes integer arrays of any shape, with values in the range of int32, into one stream.

    Raises:
        UsageError: for an array that is not of integers or exceeds int32.
    """
    encoder = Encoder()
    for array in arrays:
        encode_array(encoder, array)
    return encoder.finish()


def decode_arrays(data: bytes, sizes: Sequence[int]) -> list[NDArray[np.int32]]:
    """Reads back what `encode_arrays` made of arrays with `sizes` values, each flat: int32 [size].

    Memory and time are bounded by `sizes`, whatever `data` holds.

    Raises:
        DamagedFile: if `data` cannot be the code of such arrays.
    """
    decoder = Decoder(data)
    arrays = [decode_array(decoder, size) for size in sizes]
    decoder.finish()
    return arrays


def estimate_bytes(arrays: Sequence[NDArray[Any]]) -> int:
    """The approximate length of `encode_arrays(arrays)` in bytes, from histograms alone: within 1 %
    and 8 bytes an array.

    Raises:
        UsageError: as `encode_arrays` does.
    """
    bits = sum(choose(flat).bits for flat in map(_flat, arrays) if flat.size)
    return 4 * ceil(bits / 32)


def encode_array(encoder: Encoder, array: NDArray[Any]) -> None:
    """Appends one array to a stream that may hold other things; an empty one takes no bits.

    Raises:
        UsageError: for an array that is not of integers or exceeds int32.
    """
    values = _flat(array)
    if not values.size:
        return
    choice = choose(values)
    encode_choice(encoder, choice)
    if choice.model == CONSTANT:
        return
    table = table_of(choice)
    escape = len(table) - 1
    radius = escape // 2
    centred = values.astype(np.int64) - choice.offset
    escaped = np.abs(centred) > radius
    symbols = np.where(escaped, escape, centred + radius).astype(np.int32)
    if choice.model == ADAPTIVE:
        encode_adaptive(encoder, symbols, table, STRENGTHS[choice.strength])
    else:
        encoder.encode(symbols, table)
    beyond = centred[escaped]
    encode_integers(encoder, 2 * (np.abs(beyond) - radius - 1) + (beyond < 0))


def decode_array(decoder: Decoder, size: int) -> NDArray[np.int32]:
    """Reads the next array of `size` values, int32 [size].

    Raises:
        DamagedFile: if the stream cannot be the code of such an array.
    """
    if not size:
        return np.empty(0, dtype=np.int32)
    choice = decode_choice(decoder)
    if choice.model == CONSTANT:
        return _int32(np.full(size, choice.offset, dtype=np.int64))
    table = table_of(choice)
    escape = len(table) - 1
    radius = escape // 2
    if choice.model == ADAPTIVE:
        symbols = decode_adaptive(decoder, size, table, STRENGTHS[choice.strength])
    else:
        symbols = decoder.decode(size, table)
    escaped = np.flatnonzero(symbols == escape)
    values = symbols.astype(np.int64) - radius
    folded = decode_integers(decoder, len(escaped))
    distance = folded // 2 + radius + 1
    values[escaped] = np.where(folded % 2, -distance, distance)
    return _int32(values + choice.offset)


def encode_choice(encoder: Encoder, choice: Choice) -> None:
    """Appends what a reader needs to know of a model before its symbols."""
    _encode_index(encoder, choice.model, MODELS)
    encode_signed(encoder, choice.offset)
    if choice.model != CONSTANT:
        _encode_index(encoder, choice.scale, SCALES)
    if choice.model == ADAPTIVE:
        _encode_index(encoder, choice.strength, len(STRENGTHS))


def decode_choice(decoder: Decoder) -> Choice:
    """Reads the choice that `encode_choice` appended.

    Raises:
        DamagedFile: if the stream cannot be that.
    """
    model = _decode_index(decoder, MODELS)
    offset = decode_signed(decoder)
    scale = _decode_index(decoder, SCALES) if model != CONSTANT else 0
    strength = _decode_index(decoder, len(STRENGTHS)) if model == ADAPTIVE else 0
    return Choice(model, offset, scale, strength)


def table_of(choice: Choice) -> Table:
    """The table of a model that is not CONSTANT, with its radius in the middle."""
    return gaussian(choice.scale) if choice.model == GAUSSIAN else laplace(choice.scale)


def _flat(array: NDArray[Any]) -> NDArray[np.int32]:
    if array.dtype.kind not in "iu":
        raise UsageError(
            f"an array of {array.dtype} cannot be entropy-coded: quantise it to integers first"
        )
    if array.size and not (_INT32.min <= int(array.min()) <= int(array.max()) <= _INT32.max):
        raise UsageError(
            f"values from {array.min()} to {array.max()} cannot be entropy-coded: "
            f"int32 is the widest type; use a coarser quantisation step"
        )
    return array.reshape(-1).astype(np.int32, copy=False)


def _int32(values: NDArray[np.int64]) -> NDArray[np.int32]:
    if values.min() < _INT32.min or values.max() > _INT32.max:
        raise DamagedFile(
            f"an entropy-coded section is damaged: it yields values from {values.min()} to "
            f"{values.max()} where only int32 was written; fetch the file again"
        )
    return values.astype(np.int32)


def _encode_index(encoder: Encoder, index: int, size: int) -> None:
    encoder.encode(np.array([index], dtype=np.int32), uniform(size))


def _decode_index(decoder: Decoder, size: int) -> int:
    return int(decoder.decode(1, uniform(size))[0])
