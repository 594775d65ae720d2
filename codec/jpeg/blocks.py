"""A block's coefficients, each a few decisions whose contexts are what surrounds it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.jpeg.bits import code_bit, follow, look, predict
from ncodec.jpeg.headers import ZIGZAG

__all__ = ["Plane", "code_edges", "code_inside", "size_of"]

INSIDE = np.array([i for i in ZIGZAG if i % 8 and i // 8], dtype=np.int64)
"""The 49 coefficients of both a horizontal and a vertical frequency, in zigzag order."""

EDGE = np.array([5793, 8035, 7568, 6811, 5793, 4551, 3135, 1598], dtype=np.int64)
"""c(k) cos(k pi / 16) in 1/8192: what a coefficient adds to the first sample of a row; to the
last, with the sign (-1)^k."""

_LEVELS = 4096


def _levels() -> NDArray[np.int64]:
    values = np.zeros(_LEVELS, dtype=np.int64)
    for x in range(_LEVELS):
        n = x.bit_length()
        values[x] = x if x < 2 else 2 * (n - 1) + (x >> (n - 2) & 1)
    return values


LEVEL = _levels()
"""0, 1, 2, 3, then two levels an octave."""


class Plane(NamedTuple):
    """What coding the blocks of a component takes.

    Attributes:
        colour: 0 for the first component, 1 and 2 for the next.
        steps: int64 [64], the quantisers in natural order.
        facts: int64 [blocks + 1, 8], of all blocks so far: see `_NZ` and so on.
        known: int64 [64], the block's coefficients as far as they are coded.
        above, left: int64 [8], what the coefficients of each horizontal (vertical) frequency have
            to add up to at the upper (left) edge, less what those that are known do.
    """

    colour: int
    steps: NDArray[np.int64]
    facts: NDArray[np.int64]
    known: NDArray[np.int64]
    above: NDArray[np.int64]
    left: NDArray[np.int64]
    above2: NDArray[np.int64]
    left2: NDArray[np.int64]


NZ, ROW, COLUMN, MASS, DC = range(5)


@kernel
def level(value: Any) -> Any:
    return LEVEL[min(abs(value), _LEVELS - 1)]


@kernel
def signed(value: Any, most: Any) -> Any:
    """A level with a sign, 0 .. 2 most."""
    return most + min(level(value), most) if value >= 0 else most - min(level(value), most)


@kernel
def size_of(value: Any) -> Any:
    """The bits of a magnitude."""
    size = 0
    value = abs(value)
    while value:
        size += 1
        value >>= 1
    return size


@kernel
def code_count(coder: Any, mixer: Any, bits: Any, first: Any, second: Any, refine: Any, value: Any) -> Any:
    """Codes a number of `bits` bits, highest first."""
    node = 1
    for i in range(bits):
        bit = (value >> (bits - 1 - i)) & 1
        bit = code_bit(coder, mixer, node, first + node, second, refine + min(i, 3), bit)
        node = node << 1 | bit
    return node - (1 << bits)


@kernel
def code_size(
    coder: Any, mixer: Any, first: Any, second: Any, refine: Any, size: Any, most: Any, wanted: Any
) -> Any:
    """Codes, in unary, by how much the bits of a magnitude are more than `size`."""
    while size < most:
        node = min(size, 7)
        more = code_bit(
            coder, mixer, size, first + node, second + node, refine + node, np.int64(wanted > size)
        )
        if not more:
            break
        size += 1
    return size


@kernel
def code_rest(coder: Any, mixer: Any, first: Any, second: Any, refine: Any, size: Any, value: Any) -> Any:
    """Codes the bits of a magnitude of `size` bits below the highest."""
    result = 1
    for i in range(size - 2, -1, -1):
        depth = size - 2 - i
        node = 0 if depth == 0 else 1 + (result & 1) if depth == 1 else min(2 + depth, 7)
        place = min(depth, 2)
        bit = code_bit(
            coder, mixer, node, first + place, second + place, refine + min(size, 7), (value >> i) & 1
        )
        result = result << 1 | bit
    return result


@kernel
def code_inside(
    coder: Any, mixer: Any, plane: Any, block: Any, up: Any, side: Any, corner: Any, right: Any,
    other: Any, facts: Any, up_facts: Any, side_facts: Any, corner_facts: Any, right_facts: Any,
    other_facts: Any,
) -> None:  # fmt: skip
    """Codes the coefficients of both frequencies: how many are not 0, then each in turn."""
    colour, known = plane.colour, plane.known
    shade = np.int64(colour > 0) * 4096
    lines = mixer.lines
    both = up_facts[NZ] + side_facts[NZ]
    around = (2 * both + corner_facts[NZ] + right_facts[NZ]) // 6
    mass = level((up_facts[MASS] + side_facts[MASS]) >> 1)
    base = colour << 33
    lines[0] = base | around
    lines[1] = base | up_facts[NZ] << 6 | side_facts[NZ]
    lines[2] = base | side_facts[NZ] >> 1 << 6 | corner_facts[NZ] >> 1
    lines[3] = base | up_facts[NZ] >> 1 << 6 | right_facts[NZ] >> 1
    lines[4] = base | other_facts[NZ] << 6 | around
    lines[5] = base | mass << 6 | around >> 2
    lines[6] = base | level(other_facts[MASS]) << 6 | mass
    lines[7] = base
    lines[8] = base | up_facts[NZ]
    lines[9] = base | side_facts[NZ]
    lines[10] = base | (up_facts[ROW] + side_facts[ROW]) << 10 | (up_facts[COLUMN] + side_facts[COLUMN]) << 5 | level(both)
    lines[11] = base | level(up_facts[MASS]) << 6 | level(side_facts[MASS])
    lines[12] = base | min(plane.steps[9], 63) << 6 | around
    lines[13] = base | other_facts[NZ] >> 2 << 12 | up_facts[NZ] >> 2 << 6 | side_facts[NZ] >> 2
    look(mixer, 1)
    count = 0
    total = 0
    if coder.encoding:
        for i in range(49):
            count += block[INSIDE[i]] != 0
    count = code_count(coder, mixer, 6, shade, shade + 64 + min(around, 31), 0, count)
    if count > 49:
        count = 49
    facts[NZ] = count
    rest = count
    last = 0
    last2 = 0
    for z in range(49):
        if rest == 0:
            break
        i = INSIDE[z]
        u, v = i & 7, i >> 3
        a, b = abs(np.int64(up[i])), abs(np.int64(side[i]))
        c, d = abs(np.int64(corner[i])), abs(np.int64(right[i]))
        near = level(2 * (a + b) + c + d)
        inner = 2 * (abs(known[i - 1]) + abs(known[i - 8])) + abs(known[i - 9])
        outer = 0
        if v < 7:
            inner += abs(known[i + 7])
        if u < 7:
            inner += abs(known[i - 7])
        if u > 2:
            inner += abs(known[i - 2])
        if v > 2:
            inner += abs(known[i - 16])
        own = level(inner)
        zone = abs(np.int64(up[i - 1])) + abs(np.int64(up[i - 8])) + abs(np.int64(side[i - 1])) + abs(np.int64(side[i - 8]))
        if u < 7:
            zone += abs(np.int64(up[i + 1])) + abs(np.int64(side[i + 1]))
        if v < 7:
            zone += abs(np.int64(up[i + 8])) + abs(np.int64(side[i + 8]))
        zone += 2 * (a + b)
        mix = level(4 * (a + b) + 3 * (c + d) + 2 * zone + 3 * inner)
        step = plane.steps[i]
        pa = plane.above[u] * 2 // (EDGE[v] * step)
        pl = plane.left[v] * 2 // (EDGE[u] * step)
        hue = abs(np.int64(other[i]))
        left = min(rest, 15)
        more = min(rest, 10)
        key = colour << 33 | z << 26
        lines[0] = key | left << 4 | min(near, 15)
        lines[1] = key | min(own, 15) << 4 | min(near, 15)
        lines[2] = key | rest << 6 | count
        lines[3] = key | min(a, 3) << 6 | min(b, 3) << 4 | min(c, 3) << 2 | min(d, 3)
        lines[4] = key | min(abs(known[i - 1]), 3) << 8 | min(abs(known[i - 8]), 3) << 6 | min(abs(known[i - 9]), 3) << 4 | more
        lines[5] = key | min(level(pa), 11) << 8 | min(level(pl), 11) << 4 | more
        lines[6] = colour << 33 | (49 - z) << 16 | rest << 8 | min(mix, 31)
        lines[7] = key | min(level(hue), 7) << 8 | more << 4 | min(near, 7)
        lines[8] = key | level(zone) << 4 | more
        lines[9] = key | min(mix, 31) << 4 | more
        lines[10] = key | min(last, 7) << 8 | min(last2, 7) << 4 | more
        lines[11] = key | min(level(total), 15) << 8 | min(mix >> 1, 15) << 4 | more
        lines[12] = key | min(level(zone), 15) << 8 | min(own, 15) << 4 | min(level(rest), 9)
        lines[13] = colour << 33 | min(own, 15) << 12 | min(near, 15) << 8 | min(level(zone), 15) << 4 | min(level(rest * 8 // (49 - z)), 15)
        look(mixer, 2)
        value = np.int64(block[i])
        first = shade + 512 + z * 8
        second = shade + 1024 + (min(more, 7) * 16 + min(mix * 3 >> 2, 15)) * 8
        last2 = last
        last = 0
        wanted = size_of(value)
        if code_bit(coder, mixer, 0, first, second, 16, np.int64(wanted > 0)):
            rest -= 1
            signs = colour << 33 | z << 26
            hint = np.int64(other[i])
            sa, sl = signed(pa, 7), signed(pl, 7)
            sa2 = signed(plane.above2[u] * 2 // (8192 * step), 7)
            sl2 = signed(plane.left2[v] * 2 // (8192 * step), 7)
            lines[0] = signs | sa
            lines[1] = signs | sl
            lines[2] = signs | sa << 4 | sl
            lines[3] = colour << 33 | sa << 8 | sl << 4
            lines[4] = signs | signed(hint, 5)
            lines[5] = signs | signed(np.int64(up[i]), 2) << 3 | signed(np.int64(side[i]), 2)
            lines[6] = signs | signed(known[i - 1], 2) << 6 | signed(known[i - 8], 2) << 3 | signed(known[i - 9], 2)
            lines[7] = signs | sa2 << 4 | sl2
            lines[8] = signs | sa << 8 | signed(hint, 2)
            lines[9] = signs | sl << 8 | signed(hint, 2)
            lines[10] = signs | signed(known[i - 2] if u > 2 else 0, 2) << 6 | signed(known[i - 16] if v > 2 else 0, 2) << 3 | signed(known[i - 9], 2)
            lines[11] = signs | sa << 12 | sl << 8 | sa2 << 4 | sl2
            lines[12] = signs | sa2
            lines[13] = signs | sl2
            look(mixer, 3)
            negative = code_bit(
                coder, mixer, 0, shade + 2048 + z, shade + 2112 + sa, 64, np.int64(value < 0)
            )
            sign = -1 if negative else 1
            ea, el = signed(pa * sign, 7), signed(pl * sign, 7)
            eh = signed(hint * sign, 5)
            lines[0] = key | left << 4 | min(near, 15)
            lines[1] = key | min(own, 15) << 4 | min(near, 15)
            lines[2] = key | rest << 6 | count
            lines[3] = key | min(a, 3) << 6 | min(b, 3) << 4 | min(c, 3) << 2 | min(d, 3)
            lines[4] = key | min(abs(known[i - 1]), 3) << 8 | min(abs(known[i - 8]), 3) << 6 | min(abs(known[i - 9]), 3) << 4 | more
            lines[5] = key | ea << 8 | el << 4 | more
            lines[6] = colour << 33 | (49 - z) << 16 | rest << 8 | min(mix, 31)
            lines[7] = key | eh << 8 | min(level(total), 15) << 4 | min(near, 7)
            lines[8] = key | level(zone) << 4 | more
            lines[9] = key | min(mix, 31) << 4 | more
            lines[10] = key | min(last2, 7) << 8 | min(own, 15) << 4 | more
            lines[11] = key | min(level(total), 15) << 8 | min(mix >> 1, 15) << 4 | more
            lines[12] = key | min(level(zone), 15) << 8 | min(own, 15) << 4 | min(level(rest), 9)
            lines[13] = colour << 33 | min(own, 15) << 12 | min(near, 15) << 8 | min(level(zone), 15) << 4 | min(level(rest * 8 // (49 - z)), 15)
            look(mixer, 9)
            size = code_size(coder, mixer, first, second, 16, 1, 15, wanted)
            last = size
            if size > 1:
                exact = colour << 33 | size << 29
                lines[0] = exact | z
                lines[1] = exact | min(near, 15) << 8 | min(own, 15)
                lines[2] = exact | ea << 8 | el
                lines[3] = exact | z << 8 | min(near, 15)
                lines[4] = exact | level(zone) << 8 | z
                lines[5] = exact | eh << 8 | min(near, 15)
                lines[6] = exact | min(step, 255)
                lines[7] = exact | level(total)
                lines[8] = exact | min(own, 15) << 8 | z
                lines[9] = exact | ea << 8 | z
                lines[10] = exact | el << 8 | z
                lines[11] = exact | min(rest, 15) << 8 | z
                lines[12] = exact | min(a, 15) << 4 | min(b, 15)
                lines[13] = exact | min(level(abs(known[i - 1])), 9) << 4 | min(level(abs(known[i - 8])), 9)
                look(mixer, 10)
                size = code_rest(coder, mixer, shade + 3000 + min(size, 7) * 4, shade + 3040 + min(near, 15) * 4, 24, size, abs(value))
            total += size
            settle(plane, i, sign * size)
            block[i] = known[i]
    facts[MASS] = total


@kernel
def settle(plane: Any, i: Any, value: Any) -> None:
    """Takes a coefficient as known: what the others of its row and column add up to changes."""
    plane.known[i] = value
    u, v = i & 7, i >> 3
    amount = value * plane.steps[i]
    plane.above[u] -= amount * EDGE[v]
    plane.left[v] -= amount * EDGE[u]
    plane.above2[u] -= amount * (5793 if v == 0 else 8192)
    plane.left2[v] -= amount * (5793 if u == 0 else 8192)


@kernel
def code_edges(
    coder: Any, mixer: Any, plane: Any, block: Any, up: Any, side: Any, corner: Any, right: Any,
    other: Any, facts: Any, up_facts: Any, side_facts: Any, other_facts: Any, has_up: Any, has_side: Any,
) -> None:  # fmt: skip
    """Codes the coefficients of one frequency: those of the first row, then of the first column."""
    colour, known = plane.colour, plane.known
    shade = np.int64(colour > 0) * 4096
    lines = mixer.lines
    inside = facts[NZ]
    for way in range(2):
        stride, across = (1, 8) if way == 0 else (8, 1)
        fact = ROW if way == 0 else COLUMN
        target, target2 = (plane.above, plane.above2) if way == 0 else (plane.left, plane.left2)
        near, far = (up, side) if way == 0 else (side, up)
        near_facts, far_facts = (up_facts, side_facts) if way == 0 else (side_facts, up_facts)
        has = has_up if way == 0 else has_side
        expected, beside = 0, 0
        strength = 0
        for k in range(1, 8):
            step = plane.steps[k * stride]
            guess = target[k] * 2 // (5793 * step)
            if has:
                expected += abs(guess) >= 2
                strength += abs(guess)
            beside += known[k * stride + across] != 0
        base = colour << 33 | way << 32
        so_far = facts[ROW] if way else 8
        lines[0] = base | near_facts[fact] << 8 | min(level(inside), 15)
        lines[1] = base | expected << 8 | inside
        lines[2] = base | near_facts[fact] << 4 | far_facts[fact]
        lines[3] = base | beside << 4 | min(level(inside), 15)
        lines[4] = base | so_far << 8 | inside
        lines[5] = base | other_facts[fact] << 4 | min(level(inside), 15)
        lines[6] = base | level(strength) << 4 | beside
        lines[7] = base | expected << 8 | so_far << 4 | near_facts[fact]
        lines[8] = base | far_facts[fact] << 8 | inside
        lines[9] = base
        lines[10] = base | level(facts[MASS]) << 4 | expected
        lines[11] = base | (near_facts[fact] + far_facts[fact]) << 8 | expected << 4 | so_far
        lines[12] = base | min(plane.steps[stride], 63) << 8 | min(level(inside), 15)
        lines[13] = base | level(strength) << 8 | (near_facts[fact] + far_facts[fact]) << 4 | min(level(inside), 15)
        look(mixer, 4)
        count = 0
        if coder.encoding:
            for k in range(1, 8):
                count += block[k * stride] != 0
        count = code_count(
            coder, mixer, 3, shade + 128 + way * 8, shade + 160 + min(level(inside), 15), 4, count
        )
        facts[fact] = count
        rest = count
        for k in range(1, 8):
            if rest == 0:
                break
            i = k * stride
            step = plane.steps[i]
            guess = target[k] * 4 // (5793 * step) if has else 0
            guess2 = target2[k] * 4 // (5793 * step) if has else 0
            signals = mixer.signals
            signals[0] = target[k] // 5793
            signals[1] = target2[k] // 5793
            signals[2] = near[i] * step
            signals[3] = far[i] * step
            signals[4] = known[i + across] * plane.steps[i + across]
            signals[5] = known[i + 2 * across] * plane.steps[i + 2 * across]
            signals[6] = known[i + 3 * across] * plane.steps[i + 3 * across]
            signals[7] = corner[i] * step
            signals[8] = right[i] * step
            signals[9] = other[i] * step
            signals[10] = known[i - stride] * plane.steps[i - stride] if k > 1 else 0
            signals[11] = known[i - 2 * stride] * plane.steps[i - 2 * stride] if k > 2 else 0
            signals[12] = far[i - stride] * plane.steps[i - stride] if k > 1 else 0
            signals[13] = far[i + stride] * plane.steps[i + stride] if k < 7 else 0
            turned = plane.left if way == 0 else plane.above
            signals[14] = (turned[0] - 5793 * far[0] * plane.steps[0]) // EDGE[k]
            signals[15] = near[i + across] * plane.steps[i + across]
            forecast = predict(mixer, colour, i)
            guess3 = forecast * 4 // step
            soon = min(level(guess3), 19)
            strong = min(level(guess), 19)
            strong2 = min(level(guess2), 19)
            if not has:
                strong = strong2 = 20
            a, b = abs(np.int64(near[i])), abs(np.int64(far[i]))
            past, past2 = abs(known[i - stride]) if k > 1 else 0, abs(known[i - 2 * stride]) if k > 2 else 0
            inner = 2 * abs(known[i + across]) + abs(known[i + 2 * across])
            if k > 1:
                inner += abs(known[i + across - stride])
            if k < 7:
                inner += abs(known[i + across + stride])
            own = min(level(inner), 11)
            mirror = abs(known[k * across])
            hue = abs(np.int64(other[i]))
            key = colour << 33 | way << 32 | k << 29 | rest << 26
            free = colour << 33 | way << 32 | k << 29
            lines[0] = key | strong
            lines[1] = key | strong2
            lines[2] = free | soon << 8 | min(level(2 * a + b), 15)
            lines[3] = key | min(a, 7) << 3 | min(b, 7)
            lines[4] = key | inside
            lines[5] = key | min(past, 7) << 3 | min(past2, 7)
            lines[6] = key | own << 5 | soon
            lines[7] = free | strong << 5 | strong2
            lines[8] = key | soon
            lines[9] = key | min(level(hue), 7) << 5 | min(level(a + b), 7)
            lines[10] = free | min(step, 63) << 5 | soon
            lines[11] = free | soon << 8 | min(level(inside), 15) << 4 | count
            lines[12] = key | level(facts[MASS]) << 5 | min(level(past + past2 + a + b), 15)
            lines[13] = free | soon << 10 | strong << 5 | rest
            look(mixer, 5)
            value = np.int64(block[i])
            first, second = shade + 2200 + (way * 8 + k) * 8, shade + 2400 + soon * 8
            wanted = size_of(value)
            if not code_bit(coder, mixer, 0, first, second, 32, np.int64(wanted > 0)):
                follow(mixer, colour, i, -forecast)
                continue
            rest -= 1
            signs = colour << 33 | way << 32 | k << 29
            hint = np.int64(other[i])
            lean, lean2, lean3 = signed(guess, 15), signed(guess2, 15), signed(guess3, 15)
            lines[0] = signs | lean
            lines[1] = signs | lean2
            lines[2] = signs | lean3
            lines[3] = signs | lean3 << 5 | lean
            lines[4] = signs | lean << 5 | lean2
            lines[5] = signs | signed(hint, 4) << 5 | lean3 >> 1
            lines[6] = signs | signed(np.int64(near[i]), 3) << 3 | signed(np.int64(far[i]), 3)
            lines[7] = signs | signed(known[i - stride] if k > 1 else 0, 3) << 5 | lean3
            lines[8] = signs | signed(known[i - 2 * stride] if k > 2 else 0, 3) << 5 | lean3
            lines[9] = signs | signed(known[i + across], 3) << 5 | lean
            lines[10] = signs | signed(known[i + 2 * across], 3) << 3 | signed(known[i + across], 3)
            lines[11] = colour << 33 | lean3 << 4
            lines[12] = signs | signed(hint, 7) << 4
            lines[13] = signs | signed(known[k * across], 3) << 5 | lean
            look(mixer, 6)
            negative = code_bit(
                coder, mixer, 0, shade + 2600 + way * 8 + k, shade + 2620 + lean3, 72, np.int64(value < 0)
            )
            sign = -1 if negative else 1
            e, e2 = signed(guess * sign, 15) if has else 31, signed(guess2 * sign, 15) if has else 31
            e3 = signed(guess3 * sign, 15)
            near_level = min(level(2 * a + b), 15)
            lines[0] = key | e
            lines[1] = key | e2
            lines[2] = free | e3 << 8 | near_level
            lines[3] = key | min(a, 7) << 3 | min(b, 7)
            lines[4] = key | e3
            lines[5] = key | min(past, 7) << 3 | min(past2, 7)
            lines[6] = key | own << 5 | e3
            lines[7] = free | e << 5 | e2
            lines[8] = free | min(max(guess3 * sign, -16), 111) + 16
            lines[9] = key | signed(hint * sign, 5) << 5 | signed(np.int64(near[i]) * sign, 5)
            lines[10] = free | min(step, 63) << 5 | e3
            lines[11] = free | e3 << 8 | min(level(inside), 15) << 4 | count
            lines[12] = key | level(facts[MASS]) << 5 | min(level(past + past2 + a + b), 15)
            lines[13] = free | min(max(guess2 * sign, -16), 111) + 16
            look(mixer, 11)
            size = code_size(coder, mixer, first, shade + 3200 + e3 * 8, 32, 1, 15, wanted)
            if size > 1:
                exact = colour << 33 | size << 29
                norm = min(max(guess * sign * 4 >> (size - 1), -16), 47) + 16 if has else 64
                norm2 = min(max(guess2 * sign * 4 >> (size - 1), -16), 47) + 16 if has else 64
                norm3 = min(max(guess3 * sign * 4 >> (size - 1), -16), 47) + 16
                lines[0] = exact | norm
                lines[1] = exact | norm2
                lines[2] = exact | norm3 << 8 | k << 1 | way
                lines[3] = exact | k << 1 | way
                lines[4] = exact | norm >> 1 << 8 | norm2 >> 1
                lines[5] = exact | min(step, 255) << 4 | k << 1 | way
                lines[6] = exact | norm3 << 8 | own
                lines[7] = exact | near_level << 8 | min(level(past), 9)
                lines[8] = exact | norm3 << 8 | near_level
                lines[9] = exact | norm2 << 8 | k << 1 | way
                lines[10] = exact | norm3
                lines[11] = exact | norm3 << 8 | min(level(facts[MASS]), 15)
                lines[12] = exact | signed(hint * sign, 7) << 8 | norm3 >> 2
                lines[13] = exact | signed(np.int64(near[i]) * sign, 7) << 8 | norm >> 2
                look(mixer, 12)
                size = code_rest(coder, mixer, shade + 3110 + min(size, 7) * 4, shade + 3500 + norm3 * 4, 40, size, abs(value))
            settle(plane, i, sign * size)
            block[i] = known[i]
            follow(mixer, colour, i, known[i] * step - forecast)
