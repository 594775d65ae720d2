"""Chances that adapt, by number, and the bits that are coded with them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.ranges import get_bit, put_bit
from ncodec.formats.entropy.vectors import item, set_item

__all__ = ["WHOLE_BITS", "Chances", "adapt_chance", "chance_of", "code_bit", "new_chances"]

WHOLE_BITS = 22
_STEADY = 1023
_SHARE = np.array([2 * 65536 // (2 * n + 3) for n in range(_STEADY + 1)], dtype=np.int64)
"""How far a chance that has seen n bits moves to the next one, in 1/65536."""


class Chances(NamedTuple):
    """Chances of a 1, with the coder that they serve.

    Attributes:
        coder, words: the range coder's.
        encoding: whether bits are written.
        chances: in 2^-22, int64 [contexts].
        counts: of bits seen, int64 [contexts].
        share: `_SHARE`.
    """

    coder: NDArray[np.uint64]
    words: NDArray[np.uint32]
    encoding: bool
    chances: NDArray[np.int64]
    counts: NDArray[np.int64]
    share: NDArray[np.int64]


def new_chances(
    contexts: int, coder: NDArray[np.uint64], words: NDArray[np.uint32], encoding: bool
) -> Chances:
    """So many chances before anything is seen."""
    chances = np.full(contexts, 1 << (WHOLE_BITS - 1), dtype=np.int64)
    return Chances(coder, words, encoding, chances, np.zeros(contexts, dtype=np.int64), _SHARE)


@inner_kernel(forceinline=True)
def chance_of(chances: Chances, context: Any) -> Any:
    """The chance of a 1, in 2^-22."""
    return item(chances.chances, context)


@inner_kernel(forceinline=True)
def adapt_chance(chances: Chances, context: Any, bit: Any) -> None:
    """Moves a chance towards a bit."""
    chance, seen = item(chances.chances, context), item(chances.counts, context)
    chance += (((bit << WHOLE_BITS) - chance) * item(chances.share, seen)) >> 16
    set_item(chances.chances, context, np.int64(chance))
    set_item(chances.counts, context, np.int64(min(seen + 1, _STEADY)))


@inner_kernel
def code_bit(chances: Chances, context: Any, bit: Any) -> Any:
    """Codes a bit, which a decoder ignores; returns it."""
    one = min(max(chance_of(chances, context) << 2, 1 << 9), (1 << 24) - (1 << 9))
    zeros = (1 << 24) - one
    if chances.encoding:
        put_bit(chances.coder, chances.words, zeros, bit)
    else:
        bit = np.int64(get_bit(chances.coder, chances.words, zeros))
    adapt_chance(chances, context, bit)
    return bit
