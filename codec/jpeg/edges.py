"""The coefficients of a block's first row and column, which continue what lies beyond its edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import kernel
from ncodec.jpeg.bits import code_bit, follow, look, predict
from ncodec.jpeg.values import (
    COLUMN,
    EDGE,
    MASS,
    NZ,
    ROW,
    code_count,
    code_rest,
    code_size,
    level,
    settle,
    signed,
    size_of,
)

__all__ = ["code_edges"]


@kernel
def code_edges(
    coder: Any, mixer: Any, plane: Any, block: Any, up: Any, side: Any, corner: Any, right: Any,
    other: Any, facts: Any, up_facts: Any, side_facts: Any, other_facts: Any, has_up: Any,
    has_side: Any,
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
        lines[13] = (
            base
            | level(strength) << 8
            | (near_facts[fact] + far_facts[fact]) << 4
            | min(level(inside), 15)
        )
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
            a: Any = abs(np.int64(near[i]))
            b: Any = abs(np.int64(far[i]))
            past: Any = abs(known[i - stride]) if k > 1 else 0
            past2: Any = abs(known[i - 2 * stride]) if k > 2 else 0
            inner = 2 * abs(known[i + across]) + abs(known[i + 2 * across])
            if k > 1:
                inner += abs(known[i + across - stride])
            if k < 7:
                inner += abs(known[i + across + stride])
            own = min(level(inner), 11)
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
                coder,
                mixer,
                0,
                shade + 2600 + way * 8 + k,
                shade + 2620 + lean3,
                72,
                np.int64(value < 0),
            )
            sign = -1 if negative else 1
            e, e2 = (
                signed(guess * sign, 15) if has else 31,
                signed(guess2 * sign, 15) if has else 31,
            )
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
                size = code_rest(
                    coder,
                    mixer,
                    shade + 3110 + min(size, 7) * 4,
                    shade + 3500 + norm3 * 4,
                    40,
                    size,
                    abs(value),
                )
            settle(plane, i, sign * size)
            block[i] = known[i]
            follow(mixer, colour, i, known[i] * step - forecast)
