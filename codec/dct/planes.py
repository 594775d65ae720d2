"""The blocks of a component in turn, and their DC coefficients, predicted from what adjoins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.bits import code_bit
from ncodec.dct.borders import put_borders
from ncodec.dct.edges import code_edges
from ncodec.dct.inside import code_inside
from ncodec.dct.memory import (
    CONTEXTS,
    LINES_ACROSS,
    LINES_DOWN,
    TURNED,
    VALUES,
    map_of,
    plain_of,
    sets_of,
)
from ncodec.dct.values import DC, EDGE, NZ, code_size, code_tail, level, signed, size_of
from ncodec.formats.entropy.kernels import bare_kernel, inner_kernel

__all__ = ["code_plane", "new_borders"]

_SIZE, _SIGN = CONTEXTS["dc"], CONTEXTS["dc sign"]
_SIZE_A, _SIZE_B, _SIZE_C, _SIZE_D = sets_of("dc")
_SIGN_A, _SIGN_B, _SIGN_C, _SIGN_D = sets_of("dc sign")
_SIZE_MAP, _SIGN_MAP, _TAIL = map_of("dc"), map_of("dc sign"), plain_of("dc")


def new_borders(stride: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Room for the last two lines of samples of all blocks above and of the one beside."""
    return np.zeros((stride, 16), dtype=np.int32), np.zeros(16, dtype=np.int32)


@inner_kernel
def _estimate(before: Any, memory: Any, lines: Any) -> Any:
    """The mean of what eight pairs of lines tell of the DC's share of a sample, and their spread.

    `before` holds the last two lines of the block before; the first two of this one are at `lines`.
    """
    total = np.int64(0)
    for x in range(8):
        total += _step(before, memory, lines, x)
    mean = total >> 3
    spread = np.int64(0)
    for x in range(8):
        spread += abs(_step(before, memory, lines, x) - mean)
    return mean, spread >> 3


@inner_kernel(forceinline=True)
def _step(before: Any, memory: Any, lines: Any, x: Any) -> Any:
    beyond = 3 * np.int64(before[8 + x]) - np.int64(before[x])
    return (beyond - 3 * np.int64(memory[lines + x]) + np.int64(memory[lines + 8 + x])) >> 1


@inner_kernel
def _code_dc(
    coder: Any, plane: Any, block: Any, facts: Any, up_facts: Any, side_facts: Any,
    corner_facts: Any, right_facts: Any, other_facts: Any, bottom: Any, edge: Any, has_up: Any,
    has_side: Any,
) -> None:  # fmt: skip
    memory, colour = coder.memory, plane.colour
    scale = 4 * plane.steps[0]
    up_mean, up_spread, side_mean, side_spread = 0, 0, 0, 0
    if has_up:
        up_mean, up_spread = _estimate(bottom, memory, LINES_DOWN)
    if has_side:
        side_mean, side_spread = _estimate(edge, memory, LINES_ACROSS)
    if has_up and has_side:
        a, b = up_spread + 16, side_spread + 16
        mean = (up_mean * b + side_mean * a) // (a + b)
        spread = min(up_spread, side_spread) + (abs(up_mean - side_mean) >> 1)
    else:
        mean = up_mean + side_mean
        spread = up_spread + side_spread
    guess = (mean + (scale >> 1)) // scale
    part = (mean - guess * scale) * 8 // scale + 4
    there = colour * 4 + 2 * np.int64(has_up) + np.int64(has_side)
    unsure = min(level(spread * 8 // scale), 23)
    apart = (up_mean - side_mean) * 4 // scale
    r1, r2, r3 = up_facts[DC], side_facts[DC], other_facts[DC]
    before, wide = min(level(r1), 15) * 16 + min(level(r2), 15), min(level(abs(r1) + abs(r2)), 15)
    spreads = min(level(up_spread * 4 // scale), 20) * 21
    spreads += min(level(side_spread * 4 // scale), 20)
    step = min(level(plane.steps[0]), 15)
    lines = (
        _SIZE[0] + ((there * 24 + unsure) * 16 + min(level(facts[NZ]), 15)) * 8,
        _SIZE[1] + ((colour * 3 + (unsure >> 3)) * 256 + before) * 8,
        _SIZE[2] + ((colour * 16 + min(level(r3), 15)) * 24 + unsure) * 8,
        _SIZE[3] + ((colour * 3 + (unsure >> 3)) * 441 + spreads) * 8,
        _SIZE[4] + ((colour * 21 + min(level(apart), 20)) * 24 + unsure) * 8,
        _SIZE[5] + ((colour * 16 + step) * 24 + unsure) * 8,
        _SIZE[6] + ((colour * 16 + wide) * 24 + unsure) * 8,
    )
    value = np.int64(block[0]) - guess
    sets = (
        _SIZE_A + (colour * 3 + (unsure >> 3)) * 8,
        _SIZE_B + (colour * 24 + unsure) * 8,
        _SIZE_C + (colour * 16 + min(level(facts[NZ]), 15)) * 8,
        _SIZE_D,
    )
    size = code_size(coder, lines, unsure >> 3, sets, _SIZE_MAP, size_of(value))
    if size:
        small = min(size, 4) - 1
        if size > 1:
            size = code_tail(coder, _TAIL + (size * 24 + unsure) * 4, size, abs(value))
        lean = signed(apart, 12)
        beneath = signed(corner_facts[DC], 5) * 11 + signed(right_facts[DC], 5)
        lines = (
            _SIGN[0] + (colour * 9 + part) * 4 + small,
            _SIGN[1] + (colour * 25 + lean) * 4 + small,
            _SIGN[2] + (colour * 15 + signed(r1, 7)) * 15 + signed(r2, 7),
            _SIGN[3] + (colour * 25 + signed(r3, 12)) * 4 + small,
            _SIGN[4] + ((colour * 9 + part) * 25 + lean) * 4 + small,
            _SIGN[5] + (colour * 25 + signed(r1 + r2, 12)) * 4 + small,
            _SIGN[6] + colour * 121 + beneath,
        )
        sets = (
            _SIGN_A + colour * 8 + part,
            _SIGN_B + colour * 25 + lean,
            _SIGN_C + colour * 4 + small,
            _SIGN_D,
        )
        negative = code_bit(coder, lines, 0, sets, _SIGN_MAP, np.int64(value < 0))
        value = -size if negative else size
    else:
        value = 0
    facts[DC] = value
    block[0] = guess + value
    plane.known[0] = np.int64(block[0])


@bare_kernel
def code_plane(
    coder: Any,
    plane: Any,
    coefficients: Any,
    layout: Any,
    before: Any,
    borders: Any,
    start: Any,
    stop: Any,
) -> None:
    """Codes the blocks of a component in the rows start .. stop.

    Args:
        coefficients: int16 [blocks + 1, 64]; the last block is 0 and stands for those that are
            not there. A decoder's are filled in.
        layout: int64 [2]: the first block of the component and its stride.
        before: int64 [4]: the same of the one that was coded before, and how many twelfths of its
            blocks lie across and down a block of this one; 0 across where there is none.
        borders: `new_borders` of the stride.
    """
    none = len(coefficients) - 1
    first, stride = layout[0], layout[1]
    bottoms, edge = borders
    memory = coder.memory
    facts = plane.facts
    for y in range(start, stop):
        for x in range(stride):
            here = first + y * stride + x
            up = here - stride if y > start else none
            side = here - 1 if x else none
            corner = up - 1 if x and y > start else none
            right = up + 1 if y > start and x + 1 < stride else none
            other = none
            if before[2]:
                other = before[0] + y * before[3] // 12 * before[1] + x * before[2] // 12
            block = coefficients[here]
            plane.known[:] = 0
            memory[VALUES:LINES_DOWN] = 0
            _targets(plane, coefficients[up], coefficients[side])
            code_inside(
                coder, plane, block, coefficients[up], coefficients[side],
                coefficients[corner], coefficients[right], coefficients[other], facts[here],
                facts[up], facts[side], facts[corner], facts[right], facts[other],
            )  # fmt: skip
            code_edges(
                coder, plane, block, coefficients[up], coefficients[side],
                coefficients[corner], coefficients[right], coefficients[other], facts[here],
                facts[up], facts[side], facts[other], up != none, side != none
            )  # fmt: skip
            put_borders(memory, VALUES, LINES_DOWN)
            put_borders(memory, TURNED, LINES_ACROSS)
            _code_dc(
                coder, plane, block, facts[here], facts[up], facts[side], facts[corner],
                facts[right], facts[other], bottoms[x], edge, up != none, side != none,
            )  # fmt: skip
            share = 4 * plane.steps[0] * plane.known[0]
            for i in range(16):
                bottoms[x, i] = memory[LINES_DOWN + 16 + i] + share
                edge[i] = memory[LINES_ACROSS + 16 + i] + share


@inner_kernel
def _targets(plane: Any, up: Any, side: Any) -> None:
    """What the neighbours' last samples say that the block's first ones add up to."""
    plane.above[:] = 0
    plane.left[:] = 0
    plane.above2[:] = 0
    plane.left2[:] = 0
    for v in range(8):
        sign_v = 1 - 2 * (v & 1)
        for u in range(8):
            i = 8 * v + u
            sign_u = 1 - 2 * (u & 1)
            a = up[i] * plane.steps[i]
            b = side[i] * plane.steps[i]
            plane.above[u] += sign_v * EDGE[v] * a
            plane.left[v] += sign_u * EDGE[u] * b
            plane.above2[u] += sign_v * (5793 if v == 0 else 8192) * a
            plane.left2[v] += sign_u * (5793 if u == 0 else 8192) * b
