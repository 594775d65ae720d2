"""A colour that no neighbour foretells: by its place among the colours seen so far, or channel
by channel as the difference from a prediction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.simple.mixing import CONTEXTS, code_bit, code_plain, slot, stir

__all__ = ["COLOUR_SETS", "code_colour", "code_number", "magnitude"]

_SETS = 22
"""The sets of weights of a channel: zero?, sign, 16 classes, 4 for mantissa bits."""

_NUMBER = 4 * _SETS

COLOUR_SETS = _NUMBER + 20
"""The sets of weights for `code_colour`, and from _NUMBER on for `code_number`."""

_MODELLED = 7
"""The number of mantissa bits that have contexts; those below are as good as random."""


@kernel
def magnitude(value: Any) -> Any:
    """The number of bits of |value|."""
    rest, bits = abs(value), 0
    while rest > 0:
        rest >>= 1
        bits += 1
    return bits


@kernel(inline="always")
def code_number(coder: Any, mixture: Any, contexts: Any, value: Any, count: Any) -> Any:
    """Code one of 0 .. count-1, most significant bit first, under uint64 [CONTEXTS]."""
    bits = magnitude(count - 1)
    node = 1 << (20 - bits)
    for place in range(bits - 1, -1, -1):
        for i in range(CONTEXTS):
            mixture.places[i] = slot(contexts[i], node, mixture.shift)
        bit = code_bit(coder, mixture, _NUMBER + place, (value >> place) & 1)
        node = 2 * node + bit
    # Damaged data may name a number that was never given.
    return min(node - (1 << 20), count - 1)


@kernel(inline="always")
def _code_node(coder: Any, mixture: Any, contexts: Any, node: Any, row: Any, bit: Any) -> Any:
    for i in range(CONTEXTS):
        mixture.places[i] = slot(contexts[i], node, mixture.shift)
    return code_bit(coder, mixture, row, bit)


@kernel(inline="always")
def _code_difference(
    coder: Any, mixture: Any, contexts: Any, value: Any, first: Any, depth: Any
) -> Any:
    """Code a value in -2**(depth-1) .. 2**(depth-1): zero?, sign, class, mantissa."""
    if _code_node(coder, mixture, contexts, 0, first, np.int64(value != 0)) == 0:
        return 0
    negative = _code_node(coder, mixture, contexts, 1, first + 1, np.int64(value < 0))
    size = abs(value)
    top = magnitude(size) - 1
    bits = 0
    while bits < depth - 1:
        node = 2 + 2 * bits + negative
        if _code_node(coder, mixture, contexts, node, first + 2 + bits, np.int64(top > bits)) == 0:
            break
        bits += 1
    read = 1
    modelled = min(bits, _MODELLED)
    for place in range(modelled):
        node = 64 + 2 * (16 * read + bits) + negative
        bit = (size >> (bits - 1 - place)) & 1
        bit = _code_node(coder, mixture, contexts, node, first + 18 + min(place, 3), bit)
        read = 2 * read + bit
    rest = bits - modelled
    if rest > 0:
        read = read << rest | code_plain(coder, size & ((1 << rest) - 1), rest)
    return -read if negative else read


@kernel
def _median_edge(west: Any, north: Any, corner: Any) -> Any:
    """The LOCO-I prediction: min or max at an edge, else the plane through the three."""
    return min(max(west, north), max(min(west, north), west + north - corner))


@kernel(inline="always")
def code_colour(
    coder: Any,
    mixture: Any,
    contexts: Any,
    colour: Any,
    near: Any,
    residuals: Any,
    column: Any,
    channels: Any,
    depth: Any,
    references: Any,
) -> Any:
    """Code a packed colour, uint64, `channels` fields of `depth` bits; the colour.

    Args:
        contexts: scratch, uint64 [CONTEXTS].
        near: uint64 [5]: the colours west, north, north-west, north-east and west-west.
        residuals: int32 [4, 2, width]: differences of the row above and of this one.
        column: of this pixel in `residuals`, at least 1; a column follows it.
        references: int64 [4]: the place in coding order of the channel whose error each
            channel's prediction takes over, or -1.
    """
    mask = (1 << depth) - 1
    half = 1 << (depth - 1)
    near_hash = stir(stir(np.uint64(21), near[0]), near[1])
    packed = np.uint64(0)
    errors_0, errors_1, errors = 0, 0, 0
    for turn in range(channels):
        # Green first, the others lean on it.
        channel = 1 - turn if channels >= 3 and turn < 2 else turn
        shift = np.uint64(channel * depth)
        west = np.int64(near[0] >> shift) & mask
        north = np.int64(near[1] >> shift) & mask
        corner = np.int64(near[2] >> shift) & mask
        east = np.int64(near[3] >> shift) & mask
        far = np.int64(near[4] >> shift) & mask
        base = _median_edge(west, north, corner)
        leaning = references[turn]
        shared = 0 if leaning < 0 else errors_0 if leaning == 0 else errors_1
        prediction = min(max(base + shared, 0), mask)
        difference = ((np.int64(colour >> shift) - prediction + half) & mask) - half
        activity = abs(west - corner) + abs(north - corner) + abs(north - east) + abs(west - far)
        before = residuals[turn, 1, column - 1]
        above = residuals[turn, 0, column]
        name = np.uint64(32 * turn + 32)
        contexts[0] = stir(name, 32 * magnitude(activity) + magnitude(before))
        contexts[1] = stir(stir(name + np.uint64(1), errors_0), errors_1)
        contexts[2] = stir(stir(name + np.uint64(2), west), north)
        contexts[3] = stir(stir(name + np.uint64(3), prediction), errors)
        contexts[4] = stir(stir(name + np.uint64(4), before), above)
        contexts[5] = stir(stir(near_hash, packed), turn)
        contexts[6] = stir(
            stir(stir(name + np.uint64(6), north - west), east - north), corner - west
        )
        difference = _code_difference(coder, mixture, contexts, difference, turn * _SETS, depth)
        value = (prediction + difference) & mask
        packed |= np.uint64(value) << shift
        residuals[turn, 1, column] = difference
        if turn == 0:
            errors_0 = value - base
        elif turn == 1:
            errors_1 = value - base
        errors = 5 * errors + min(magnitude(difference), 4)
    return packed
