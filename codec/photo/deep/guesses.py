"""Values that a sample may repeat exactly: drawn surfaces, flat areas, chroma that a JPEG file
quantised.

A guess is coded, as a bit, only where it was right so often in like places that this is worth more
than what the circuit says of that value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import item
from ncodec.photo.deep.chances import Chances, chance_of

__all__ = ["CONTEXTS", "GUESSES", "guess_at", "is_worth_it", "place_of_guess"]

GUESSES = 5
"""W, N and W + N - NW, moved as the plane before moves; then W and N as they are."""
_RATES = 24
_RIGHT = 16
CONTEXTS = GUESSES * _RATES * _RIGHT

_WORTH = 3
"""How many times as probable as the circuit thinks a guess must be to be coded."""


@inner_kernel(forceinline=True)
def guess_at(samples: Any, number: Any, plane: int, here: int, stride: int, size: int) -> Any:
    """The guess of a number; it may lie outside what samples can be."""
    north = here - stride
    w, n, nw = item(samples, here - 1), item(samples, north), item(samples, north - 1)
    if number == 3:
        return np.int64(w)
    if number == 4:
        return np.int64(n)
    guess = np.int64(w if number == 0 else n)
    if number == 2:
        guess = np.int64(w) + n - nw
    if plane > 0:
        other = here - size
        there = np.int64(item(samples, other))
        if number == 0:
            guess += there - item(samples, other - 1)
        elif number == 1:
            guess += there - item(samples, other - stride)
        else:
            guess += there - item(samples, other - 1) - item(samples, other - stride)
            guess += item(samples, other - stride - 1)
    return guess


@inner_kernel(forceinline=True)
def place_of_guess(right: Any, number: Any, mass: Any, here: int, stride: int) -> Any:
    """The context of a guess: which of the samples around it was right for, and how probable the
    circuit thinks it, `mass` in 2^-24."""
    north = here - stride
    around = (item(right, here - 1) >> number) & 1
    around |= ((item(right, north) >> number) & 1) << 1
    around |= ((item(right, north + 1) >> number) & 1) << 2
    around |= ((item(right, north - 1) >> number) & 1) << 3
    rate, rest = 0, mass
    while rest > 0 and rate < _RATES - 1:
        rest >>= 1
        rate += 1
    return (number * _RATES + rate) * _RIGHT + around


@inner_kernel(forceinline=True)
def is_worth_it(bits: Chances, context: Any, mass: Any) -> Any:
    """Whether a guess is to be coded."""
    return chance_of(bits, context) << 2 > _WORTH * mass
