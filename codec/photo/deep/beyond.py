"""What of a sample the circuit does not code: one beyond the circuit's symbols, and the bits below
its scale. Each bit has a chance that adapts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import item
from ncodec.photo.deep.chances import Chances, code_bit

__all__ = ["BEYOND", "code_beyond", "code_low", "is_beyond"]

_PLACES = 16
_NODES = 8
"""The contexts of a bit at one place: up to two bits above it, as they were read."""
_AROUND = 64
_LOW = 0
_BEYOND = _LOW + _PLACES * _NODES
_NEW = _BEYOND + _AROUND
_MOVED = _NEW + 1
_BELOW = _MOVED + 2
_LONGER = _BELOW + 2
_MANTISSA = _LONGER + 2 * _PLACES
BEYOND = _MANTISSA + 2 * _PLACES
"""The number of chances that these functions need."""

I32 = NDArray[np.int32]


@inner_kernel
def code_low(bits: Chances, value: Any, count: Any) -> Any:
    """Codes the lowest `count` bits of `value`; returns them."""
    read = 1
    for place in range(count - 1, -1, -1):
        node = (read & 3) + 4 if read > 3 else read
        read = 2 * read + code_bit(bits, _LOW + _NODES * place + node, (value >> place) & 1)
    return read - (1 << count)


@inner_kernel
def is_beyond(bits: Chances, around: Any, beyond: Any) -> Any:
    """Codes whether a sample lies beyond the circuit's symbols; `around`, 0 .. 63, says which
    samples around it do."""
    return code_bit(bits, _BEYOND + around, beyond)


@inner_kernel
def code_beyond(
    bits: Chances,
    value: Any,
    samples: I32,
    here: Any,
    stride: Any,
    first: Any,
    last: Any,
    latest: Any,
    top: Any,
) -> Any:
    """Codes a sample outside `first` .. `last`, what the circuit can code.

    It is coded by its difference from a neighbour that is outside, too; without any it is the
    latest sample of the plane that was coded here, or is coded by its difference from `first`.
    """
    reference, near = first, 0
    for place in (here - stride - 1, here - stride + 1, here - 1, here - stride):
        beside = np.int64(item(samples, place))
        if beside < first or beside > last:
            reference, near = beside, 1
    if not near and not code_bit(bits, _NEW, np.int64(value != latest)):
        return latest
    difference = value - reference
    if not code_bit(bits, _MOVED + near, np.int64(difference != 0)):
        return reference
    below = code_bit(bits, _BELOW + near, np.int64(difference < 0))
    distance = abs(difference)
    size, rest = 0, distance
    while rest > 1:
        rest >>= 1
        size += 1
    length = 0
    while length < _PLACES:
        if not code_bit(bits, _LONGER + 2 * length + near, np.int64(size > length)):
            break
        length += 1
    read = 1
    for place in range(length - 1, -1, -1):
        bit = (distance >> place) & 1
        read = 2 * read + code_bit(bits, _MANTISSA + 2 * place + near, bit)
    return min(max(reference - read if below else reference + read, 0), top)
