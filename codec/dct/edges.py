"""The coefficients of a block's first row and column, which continue what lies beyond its edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.dct.bits import code_bit
from ncodec.dct.forecast import clip, follow_value, foretell_value, taps_of
from ncodec.dct.memory import CONTEXTS, SIGNALS, map_of, plain_of, sets_of
from ncodec.dct.values import (
    COLUMN,
    EDGE,
    NZ,
    ROW,
    code_count,
    code_size,
    code_tail,
    level,
    settle,
    signed,
    size_of,
)
from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.signals import put_signals

__all__ = ["code_edges"]

_COUNT, _SIZE, _SIGN = CONTEXTS["edge count"], CONTEXTS["edge"], CONTEXTS["edge sign"]
_COUNT_A, _COUNT_B, _COUNT_C, _COUNT_D = sets_of("edge count")
_SIZE_A, _SIZE_B, _SIZE_C, _SIZE_D = sets_of("edge")
_SIGN_A, _SIGN_B, _SIGN_C, _SIGN_D = sets_of("edge sign")
_COUNT_MAP, _SIZE_MAP, _SIGN_MAP = map_of("edge count"), map_of("edge"), map_of("edge sign")
_TAIL = plain_of("edge")


@inner_kernel
def code_edges(
    coder: Any, plane: Any, block: Any, up: Any, side: Any, corner: Any, right: Any, other: Any,
    facts: Any, up_facts: Any, side_facts: Any, other_facts: Any, has_up: Any, has_side: Any,
) -> None:  # fmt: skip
    """Codes the coefficients of one frequency: those of the first row, then of the first column."""
    memory = coder.memory
    colour, known, steps, inverse = plane.colour, plane.known, plane.steps, plane.inverse
    inside = min(level(facts[NZ]), 15)
    for way in range(2):
        stride, across = (1, 8) if way == 0 else (8, 1)
        fact = ROW if way == 0 else COLUMN
        target, target2 = (plane.above, plane.above2) if way == 0 else (plane.left, plane.left2)
        turned = plane.left if way == 0 else plane.above
        near, far = (up, side) if way == 0 else (side, up)
        near_fact = up_facts[fact] if way == 0 else side_facts[fact]
        far_fact = side_facts[fact] if way == 0 else up_facts[fact]
        has = has_up if way == 0 else has_side
        expected, beside, strength = 0, 0, 0
        for k in range(1, 8):
            i = k * stride
            guess = abs(target[k] * inverse[0, i] >> 32) if has else 0
            expected += guess >= 2
            strength += guess
            beside += known[i + across] != 0
        base = colour * 2 + way
        so_far = facts[ROW] if way else 8
        strength = min(level(strength), 19)
        lines = (
            _COUNT[0] + ((base * 8 + near_fact) * 16 + inside) * 8,
            _COUNT[1] + ((base * 8 + expected) * 16 + inside) * 8,
            _COUNT[2] + ((base * 8 + near_fact) * 8 + far_fact) * 8,
            _COUNT[3] + ((base * 8 + beside) * 16 + inside) * 8,
            _COUNT[4] + ((base * 9 + so_far) * 16 + inside) * 8,
            _COUNT[5] + ((base * 20 + strength) * 8 + beside) * 8,
            _COUNT[6] + (((base * 8 + expected) * 9 + so_far) * 8 + near_fact) * 8,
        )
        count = 0
        if coder.encoding:
            for k in range(1, 8):
                count += block[k * stride] != 0
        sets = (
            _COUNT_A + base * 8,
            _COUNT_B + colour * 16 + inside,
            _COUNT_C + (base * 9 + so_far) * 8,
            _COUNT_D,
        )
        count = code_count(coder, lines, 3, sets, _COUNT_MAP, count)
        facts[fact] = count
        rest = count
        for k in range(1, 8):
            if rest == 0:
                break
            i = k * stride
            step = steps[i]
            a, b = np.int64(near[i]), np.int64(far[i])
            hint = np.int64(other[i])
            past = known[i - stride] if k > 1 else 0
            past2 = known[i - 2 * stride] if k > 2 else 0
            signals = (
                clip(target[k] // 5793),
                clip(target2[k] // 5793),
                clip(a * step),
                clip(b * step),
                clip(known[i + across] * steps[i + across]),
                clip(known[i + 2 * across] * steps[i + 2 * across]),
                clip(known[i + 3 * across] * steps[i + 3 * across]),
                clip(corner[i] * step),
                clip(right[i] * step),
                clip(hint * step),
                clip(past * steps[i - stride] if k > 1 else 0),
                clip(past2 * steps[i - 2 * stride] if k > 2 else 0),
                clip(far[i - stride] * steps[i - stride] if k > 1 else 0),
                clip(far[i + stride] * steps[i + stride] if k < 7 else 0),
                clip((turned[0] - 5793 * far[0] * steps[0]) // EDGE[k]),
                clip(near[i + across] * steps[i + across]),
            )
            put_signals(memory, SIGNALS, signals)
            taps = taps_of(colour, i)
            forecast, power = foretell_value(memory, taps)
            guess = target[k] * inverse[0, i] >> 31 if has else 0
            guess2 = target2[k] * inverse[0, i] >> 31 if has else 0
            guess3 = forecast * inverse[9, i] >> 31
            soon, strong = min(level(guess3), 19), min(level(guess), 19) if has else 20
            half = soon >> 1
            inner = 2 * abs(known[i + across]) + abs(known[i + 2 * across])
            if k > 1:
                inner += abs(known[i + across - stride])
            if k < 7:
                inner += abs(known[i + across + stride])
            beneath = min(abs(past), 3) * 4 + min(abs(past2), 3)
            place = colour * 14 + way * 7 + k - 1
            around = min(level(2 * abs(a) + abs(b)), 15)
            own = min(level(inner), 11)
            lines = (
                _SIZE[0] + ((place * 20 + soon) * 8 + rest) * 8,
                _SIZE[1] + ((place * 21 + strong) * 10 + half) * 8,
                _SIZE[2] + ((place * 16 + around) * 10 + half) * 8,
                _SIZE[3] + ((place * 16 + beneath) * 10 + half) * 8,
                _SIZE[4] + (((base * 12 + own) * 20 + soon) * 4 + (rest >> 1)) * 8,
                _SIZE[5] + ((place * 10 + min(level(hint), 9)) * 10 + half) * 8,
                _SIZE[6] + (((colour * 16 + inside) * 8 + count) * 20 + soon) * 8,
            )
            value = np.int64(block[i])
            sets = (
                _SIZE_A + place * 8,
                _SIZE_B + (colour * 20 + soon) * 8,
                _SIZE_C + (colour * 16 + inside) * 8,
                _SIZE_D + ((colour * 8 + count) * 8 + rest) * 8,
            )
            start = max(half - 2, 0)
            size = code_size(coder, lines, start, sets, _SIZE_MAP, size_of(value))
            if size:
                rest -= 1
                small = min(size, 4)
                if size > 1:
                    norm = min(max(abs(guess3) * 4 >> (size - 1), 0), 63)
                    size = code_tail(coder, _TAIL + (size * 65 + norm) * 4, size, abs(value))
                lean, lean2, lean3 = signed(guess, 15), signed(guess2, 15), signed(guess3, 15)
                lines = (
                    _SIGN[0] + (place * 31 + lean3) * 5 + small,
                    _SIGN[1] + (place * 31 + lean) * 5 + small,
                    _SIGN[2] + ((colour * 31 + lean3) * 31 + lean) * 5 + small,
                    _SIGN[3] + ((colour * 31 + lean3) * 31 + lean2) * 5 + small,
                    _SIGN[4] + (place * 9 + signed(hint, 4)) * 31 + lean3,
                    _SIGN[5] + (place * 7 + signed(a, 3)) * 7 + signed(b, 3),
                    _SIGN[6] + (place * 7 + signed(past, 3)) * 31 + lean3,
                )
                sets = (
                    _SIGN_A + place,
                    _SIGN_B + colour * 31 + lean3,
                    _SIGN_C + colour * 31 + lean,
                    _SIGN_D + (colour * 5 + small) * 9 + signed(hint, 4),
                )
                negative = code_bit(coder, lines, 0, sets, _SIGN_MAP, np.int64(value < 0))
                settle(memory, plane, i, -size if negative else size)
                block[i] = known[i]
            follow_value(memory, taps, known[i] * step - forecast, power)
