"""Integers of any size, for side information and escaped values: an Exp-Golomb code.

A value is its class, the number of bits of value + 1 after the leading one, then those bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.coder import Decoder, Encoder, uniform

__all__ = [
    "decode_integers",
    "decode_signed",
    "encode_integers",
    "encode_signed",
    "integer_bits",
    "signed_bits",
]

_CLASSES = 34
"""The number of classes, for values up to 2**34 - 2: twice the distance between any two int32, and
a sign."""

_GROUP = 8


def encode_integers(encoder: Encoder, values: NDArray[np.int64]) -> None:
    """Appends `values`, int64 [n], each in 0 .. 2**34 - 2; the reader must know n."""
    classes = _classes(values)
    encoder.encode(classes, uniform(_CLASSES))
    for size in np.unique(classes).tolist():
        rest = values[classes == size] + 1
        for shift in range(0, size, _GROUP):
            group = 1 << min(_GROUP, size - shift)
            encoder.encode((rest >> shift) & (group - 1), uniform(group))


def decode_integers(decoder: Decoder, count: int) -> NDArray[np.int64]:
    """The next `count` integers, int64 [count].

    Raises:
        DamagedFile: as `Decoder.decode` does.
    """
    classes = decoder.decode(count, uniform(_CLASSES))
    values = np.left_shift(1, classes, dtype=np.int64)
    for size in np.unique(classes).tolist():
        members = classes == size
        for shift in range(0, size, _GROUP):
            group = 1 << min(_GROUP, size - shift)
            bits = decoder.decode(int(members.sum()), uniform(group)).astype(np.int64)
            values[members] += bits << shift
    return values - 1


def integer_bits(values: NDArray[np.int64]) -> NDArray[np.float64]:
    """The cost of each of `values` in bits."""
    bits: NDArray[np.float64] = np.log2(_CLASSES) + _classes(values)
    return bits


def encode_signed(encoder: Encoder, value: int) -> None:
    """Appends one int32: 0, -1, 1, -2, 2 ... in place of 0, 1, 2, 3, 4 ..."""
    encode_integers(encoder, np.array([_zigzag(value)]))


def decode_signed(decoder: Decoder) -> int:
    """The next signed integer; damaged data may yield one that is no int32.

    Raises:
        DamagedFile: as `Decoder.decode` does.
    """
    folded = int(decode_integers(decoder, 1)[0])
    return -(folded + 1) // 2 if folded % 2 else folded // 2


def signed_bits(value: int) -> float:
    """The cost of `encode_signed` in bits."""
    return float(integer_bits(np.array([_zigzag(value)]))[0])


def _zigzag(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def _classes(values: NDArray[np.int64]) -> NDArray[np.int32]:
    # frexp is exact below 2**53: its exponent is the bit length.
    return np.frexp((values + 1).astype(np.float64))[1].astype(np.int32) - 1
