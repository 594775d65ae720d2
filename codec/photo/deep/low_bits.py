"""What of a sample the circuit does not code: whether and how far it lies beyond the circuit's
symbols, and the bits below its scale. Each bit has a chance that adapts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.photo.deep.chances import Chances, code_bit

__all__ = ["CONTEXTS", "code_far", "code_low", "code_outside"]

_PLACES = 16
_NODES = 8
"""The contexts of a bit at one place: up to two bits above it, as they were read."""
_LOW = 0
_OUTSIDE = _LOW + _PLACES * _NODES
_ABOVE = _OUTSIDE + 64
_LONGER = _ABOVE + 2
_MANTISSA = _LONGER + 2 * _PLACES
CONTEXTS = _MANTISSA + 2 * _PLACES
"""The chances that these functions need."""


@inner_kernel
def code_low(bits: Chances, value: Any, count: Any) -> Any:
    """Codes the lowest `count` bits of `value`; returns them."""
    read = 1
    for place in range(count - 1, -1, -1):
        node = (read & 3) + 4 if read > 3 else read
        read = 2 * read + code_bit(bits, _LOW + _NODES * place + node, (value >> place) & 1)
    return read - (1 << count)


@inner_kernel
def code_outside(bits: Chances, around: Any, outside: Any) -> Any:
    """Codes whether a sample lies beyond the circuit's symbols; `around`, 0 .. 63, says which
    samples around it do."""
    return code_bit(bits, _OUTSIDE + around, outside)


@inner_kernel
def code_far(bits: Chances, value: Any, base: Any, symbols: Any, top: Any) -> Any:
    """Codes a value, 0 .. `top`, that is below `base` or at least `base + symbols`."""
    above = np.int64(value >= base)
    if base == 0 or base + symbols > top:
        above = np.int64(base == 0)
    else:
        above = code_bit(bits, _ABOVE, above)
    distance = value - base - symbols if above else base - 1 - value
    size, rest = 0, distance + 1
    while rest > 1:
        rest >>= 1
        size += 1
    length = 0
    while length < _PLACES and code_bit(bits, _LONGER + 2 * length + above, np.int64(size > length)):
        length += 1
    read = 1
    for place in range(length - 1, -1, -1):
        bit = ((distance + 1) >> place) & 1
        read = 2 * read + code_bit(bits, _MANTISSA + 2 * place + above, bit)
    value = base + symbols + read - 1 if above else base - read
    return min(max(value, 0), top)
