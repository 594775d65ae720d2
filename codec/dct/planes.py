"""The blocks of a component in turn, and their DC coefficients, predicted from what adjoins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.bits import code_bit
from ncodec.dct.edges import code_edges
from ncodec.dct.inside import code_inside
from ncodec.dct.memory import CONTEXTS, LINES, map_of, plain_of, sets_of
from ncodec.dct.values import DC, EDGE, NZ, code_size, code_tail, level, signed, size_of
from ncodec.formats.entropy.kernels import bare_kernel, inner_kernel
from ncodec.formats.entropy.lanes import put_lines

__all__ = ["code_plane", "new_borders"]

_SIZE, _SIGN = CONTEXTS["dc"], CONTEXTS["dc sign"]
_SIZE_A, _SIZE_B = sets_of("dc")
_SIGN_A, _SIGN_B = sets_of("dc sign")
_SIZE_MAP, _SIGN_MAP, _TAIL = map_of("dc"), map_of("dc sign"), plain_of("dc")


def _basis() -> NDArray[np.int64]:
    """c(k) cos((2 n + 1) k pi / 16) in 1/8192 at [k, n]."""
    basis = np.zeros((8, 8), dtype=np.int64)
    for k in range(8):
        for n in range(8):
            turn = (2 * n + 1) * k % 32
            sign = -1 if 8 < turn < 24 else 1
            turn = min(turn, 32 - turn)
            part = min(turn, 16 - turn)
            basis[k, n] = EDGE[0] if k == 0 else 0 if part == 8 else sign * EDGE[part]
            if k and part == 0:
                basis[k, n] = sign * 8192
    return basis


BASIS = _basis()


def new_borders(stride: int) -> tuple[NDArray[np.int64], ...]:
    """Room for samples at the edges of blocks: of this one (rows, columns, and sums to make them),
    of all that are above it and of the one beside it."""
    sizes = (4, 8), (4, 8), (2, 8), (stride, 2, 8), (2, 8)
    return tuple(np.zeros(size, dtype=np.int64) for size in sizes)


@inner_kernel
def _borders(known: Any, steps: Any, rows: Any, columns: Any, sums: Any) -> None:
    """The samples of the rows and columns 0, 1, 6, 7 of a block, in 1/32, without its DC."""
    for n in range(2):
        for way in range(2):
            inner, outer = (8, 1) if way == 0 else (1, 8)
            sums[:] = 0
            for k in range(8):
                for j in range(8):
                    i = k * inner + j * outer
                    if known[i]:
                        sums[k & 1, j] += BASIS[k, n] * known[i] * steps[i]
            lines = rows if way == 0 else columns
            for x in range(8):
                near, far = 0, 0
                for j in range(8):
                    even, odd = sums[0, j] >> 10, sums[1, j] >> 10
                    near += BASIS[j, x] * (even + odd)
                    far += BASIS[j, x] * (even - odd)
                lines[n, x] = near >> 13
                lines[3 - n, x] = far >> 13


@inner_kernel
def _estimate(before: Any, lines: Any) -> Any:
    """The mean of what eight pairs of lines tell of the DC's share of a sample, and their spread.

    `before` holds the last two lines of the block before.
    """
    total = 0
    for x in range(8):
        total += (3 * before[1, x] - before[0, x] - 3 * lines[0, x] + lines[1, x]) >> 1
    mean = total >> 3
    spread = 0
    for x in range(8):
        one = (3 * before[1, x] - before[0, x] - 3 * lines[0, x] + lines[1, x]) >> 1
        spread += abs(one - mean)
    return mean, spread >> 3


@inner_kernel
def _code_dc(
    coder: Any, plane: Any, block: Any, facts: Any, up_facts: Any, side_facts: Any,
    corner_facts: Any, right_facts: Any, other_facts: Any, rows: Any, columns: Any, bottom: Any,
    edge: Any, has_up: Any, has_side: Any,
) -> None:  # fmt: skip
    memory, colour = coder.memory, plane.colour
    scale = 4 * plane.steps[0]
    up_mean, up_spread, side_mean, side_spread = 0, 0, 0, 0
    if has_up:
        up_mean, up_spread = _estimate(bottom, rows)
    if has_side:
        side_mean, side_spread = _estimate(edge, columns)
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
    put_lines(memory, LINES, lines)
    value = np.int64(block[0]) - guess
    first, second = _SIZE_A + (colour * 3 + (unsure >> 3)) * 8, _SIZE_B + (colour * 24 + unsure) * 8
    size = code_size(coder, unsure >> 3, first, second, _SIZE_MAP, size_of(value))
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
        put_lines(memory, LINES, lines)
        first, second = _SIGN_A + colour * 8 + part, _SIGN_B + colour * 25 + lean
        negative = code_bit(coder, 0, first, second, _SIGN_MAP, np.int64(value < 0))
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
    rows, columns, sums, bottoms, edge = borders
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
            _borders(plane.known, plane.steps, rows, columns, sums)
            _code_dc(
                coder, plane, block, facts[here], facts[up], facts[side], facts[corner],
                facts[right], facts[other], rows, columns, bottoms[x], edge, up != none,
                side != none,
            )  # fmt: skip
            share = 4 * plane.steps[0] * plane.known[0]
            for i in range(8):
                for n in range(2):
                    bottoms[x, n, i] = rows[2 + n, i] + share
                    edge[n, i] = columns[2 + n, i] + share


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
