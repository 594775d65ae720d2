"""The 49 coefficients of a block that have both a horizontal and a vertical frequency."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.dct.bits import code_bit, code_plain
from ncodec.dct.forecast import taps_of
from ncodec.dct.frame import ZIGZAG
from ncodec.dct.memory import CONTEXTS, SIGNALS, map_of, plain_of, sets_of
from ncodec.dct.values import (
    COLUMN,
    MASS,
    NZ,
    ROW,
    code_count,
    code_size,
    code_tail,
    fine,
    level,
    ratio,
    settle,
    signed,
    size_of,
)
from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.signals import follow, foretell, put_magnitudes

__all__ = ["code_inside"]

_FIRST = 9
INSIDE = np.array([i - _FIRST for i in ZIGZAG if i % 8 and i // 8], dtype=np.int64)
"""The 49 coefficients of both a horizontal and a vertical frequency, in zigzag order, less _FIRST.
With that added to six bits the compiler sees that the places around one are not negative."""

DENSITY = np.array(
    [[rest * 8 // (49 - z) for z in range(49)] for rest in range(50)], dtype=np.uint16
)
"""Coefficients that are not 0 of those that are left, in eighths."""

_COUNT, _SIZE, _SIGN = CONTEXTS["inside count"], CONTEXTS["inside"], CONTEXTS["inside sign"]
_COUNT_A, _COUNT_B, _COUNT_C, _COUNT_D = sets_of("inside count")
_SIZE_A, _SIZE_B, _SIZE_C, _SIZE_D = sets_of("inside")
_SIGN_A, _SIGN_B, _SIGN_C, _SIGN_D = sets_of("inside sign")
_COUNT_MAP, _SIZE_MAP, _SIGN_MAP = map_of("inside count"), map_of("inside"), map_of("inside sign")
_TAIL, _PLAIN_SIGN = plain_of("inside"), plain_of("inside sign")


@inner_kernel
def code_inside(
    coder: Any, plane: Any, block: Any, up: Any, side: Any, corner: Any, right: Any, other: Any,
    facts: Any, up_facts: Any, side_facts: Any, corner_facts: Any, right_facts: Any,
    other_facts: Any,
) -> None:  # fmt: skip
    """Codes the coefficients of both frequencies: how many are not 0, then each in turn."""
    memory = coder.memory
    colour, known, inverse = plane.colour, plane.known, plane.inverse
    count = _code_count(
        coder, plane, block, up_facts, side_facts, corner_facts, right_facts, other_facts
    )
    facts[NZ] = count
    rest = count
    total = np.int64(0)
    last: Any = np.int64(0)
    last2: Any = np.int64(0)
    for z in range(49):
        if rest == 0:
            break
        i = _FIRST + (INSIDE[z] & 63)
        u, v = i & 7, i >> 3
        a: Any = abs(np.int64(up[i]))
        b: Any = abs(np.int64(side[i]))
        c, d = abs(np.int64(corner[i])), abs(np.int64(right[i]))
        hint = np.int64(other[i])
        hue = abs(hint)
        k1, k8, k9 = abs(known[i - 1]), abs(known[i - 8]), abs(known[i - 9])
        beside = abs(known[i - 7]) + abs(known[i + 7])
        beyond = np.int64(0)
        if u > 2:
            beyond += abs(known[i - 2])
        if v > 2:
            beyond += abs(known[i - 16])
        up_u, up_v = abs(np.int64(up[i - 1])), abs(np.int64(up[i - 8]))
        side_u, side_v = abs(np.int64(side[i - 1])), abs(np.int64(side[i - 8]))
        if u < 7:
            up_u += abs(np.int64(up[i + 1]))
            side_u += abs(np.int64(side[i + 1]))
        if v < 7:
            up_v += abs(np.int64(up[i + 8]))
            side_v += abs(np.int64(side[i + 8]))
        above = plane.above[u] * inverse[v, i] >> 32
        left = plane.left[v] * inverse[u, i] >> 32
        signals = (
            a,
            b,
            c,
            d,
            up_u,
            up_v,
            side_u,
            side_v,
            k1,
            k8,
            k9,
            beside,
            beyond,
            hue,
            min(abs(above) + abs(left), 1023),
            np.int64(DENSITY[rest & 63, z]),
        )
        put_magnitudes(memory, SIGNALS, signals)
        taps = taps_of(colour, i)
        weighted, power = foretell(memory, SIGNALS, taps)
        forecast = max(weighted >> 16, 0)
        soon = fine(forecast)
        half = soon >> 1
        own = min(level(2 * (k1 + k8) + k9 + beside + beyond), 11)
        near = min(level(2 * (a + b) + c + d), 11)
        more = min(level(rest), 9)
        place = colour * 49 + z
        beneath = min(a, 3) << 6 | min(b, 3) << 4 | min(k1, 3) << 2 | min(k8, 3)
        lean = min(level(above), 10) * 11 + min(level(left), 10)
        zone = (u + v - 2) >> 2
        before = min(last, 7) * 8 + min(last2, 7)
        lines = (
            _SIZE[0] + (place * 32 + soon) * 8,
            _SIZE[1] + (((colour * 16 + half) * 12 + own) * 12 + near) * 8,
            _SIZE[2] + ((place * 10 + more) * 8 + (soon >> 2)) * 8,
            _SIZE[3] + ((colour * 8 + (soon >> 2)) * 256 + beneath) * 8,
            _SIZE[4] + ((colour * 16 + half) * 121 + lean) * 8,
            _SIZE[5] + (((colour * 4 + zone) * 12 + min(level(hue), 11)) * 32 + soon) * 8,
            _SIZE[6] + ((colour * 64 + before) * 16 + half) * 8,
        )
        value = np.int64(block[i])
        last2 = last
        sets = (
            _SIZE_A + place * 8,
            _SIZE_B + (colour * 32 + soon) * 8,
            _SIZE_C + (colour * 12 + own) * 8,
            _SIZE_D + (colour * 64 + before) * 8,
        )
        start = max((soon >> 2) - 1, 0)
        size = code_size(coder, lines, start, sets, _SIZE_MAP, size_of(value))
        last = size
        if size:
            rest -= 1
            if size > 1:
                slot = _TAIL + ((colour * 18 + size) * 32 + soon) * 4
                size = code_tail(coder, slot, size, abs(value))
            if abs(above) + abs(left) < 2 and hue < 2:
                negative = code_plain(coder, _PLAIN_SIGN + colour, np.int64(value < 0))
            else:
                small = min(last, 4)
                sa, sl = signed(above, 7), signed(left, 7)
                sa2 = signed(plane.above2[u] * inverse[8, i] >> 32, 7)
                sl2 = signed(plane.left2[v] * inverse[8, i] >> 32, 7)
                beneath = signed(np.int64(up[i]), 2) * 5 + signed(np.int64(side[i]), 2)
                beneath2 = signed(known[i - 1], 2) * 5 + signed(known[i - 8], 2)
                beneath2 = beneath2 * 5 + signed(known[i - 9], 2)
                lines = (
                    _SIGN[0] + (place * 15 + sa) * 5 + small,
                    _SIGN[1] + (place * 15 + sl) * 5 + small,
                    _SIGN[2] + place * 225 + sa * 15 + sl,
                    _SIGN[3] + (place * 11 + signed(hint, 5)) * 5 + small,
                    _SIGN[4] + place * 225 + sa2 * 15 + sl2,
                    _SIGN[5] + place * 25 + beneath,
                    _SIGN[6] + place * 125 + beneath2,
                )
                sets = (
                    _SIGN_A + place,
                    _SIGN_B + colour * 15 + sa,
                    _SIGN_C + colour * 15 + sl,
                    _SIGN_D + (colour * 5 + small) * 11 + signed(hint, 5),
                )
                negative = code_bit(coder, lines, 0, sets, _SIGN_MAP, np.int64(value < 0))
            total += size
            settle(memory, plane, i, -size if negative else size)
            block[i] = known[i]
        gain = ratio((min(size << 2, 1023) - forecast) << 12, power + 64)
        follow(memory, SIGNALS, taps, gain)
    facts[MASS] = total


@inner_kernel
def _code_count(
    coder: Any, plane: Any, block: Any, up_facts: Any, side_facts: Any, corner_facts: Any,
    right_facts: Any, other_facts: Any,
) -> Any:  # fmt: skip
    colour = plane.colour
    up, side = up_facts[NZ], side_facts[NZ]
    around = (2 * (up + side) + corner_facts[NZ] + right_facts[NZ]) // 6
    mass = min(level((up_facts[MASS] + side_facts[MASS]) >> 1), 24)
    step = min(level(plane.steps[9]), 15)
    edges = (up_facts[ROW] + side_facts[ROW]) * 15 + up_facts[COLUMN] + side_facts[COLUMN]
    lines = (
        _COUNT[0] + (colour * 50 + around) * 64,
        _COUNT[1] + ((colour * 13 + (up >> 2)) * 13 + (side >> 2)) * 64,
        _COUNT[2] + ((colour * 25 + (other_facts[NZ] >> 1)) * 13 + (around >> 2)) * 64,
        _COUNT[3] + ((colour * 25 + mass) * 13 + (around >> 2)) * 64,
        _COUNT[4] + ((colour * 16 + step) * 25 + (around >> 1)) * 64,
        _COUNT[5] + ((colour * 13 + (side >> 2)) * 13 + (corner_facts[NZ] >> 2)) * 64,
        _COUNT[6] + (colour * 225 + edges) * 64,
    )
    count = 0
    if coder.encoding:
        for z in range(49):
            count += block[_FIRST + (INSIDE[z] & 63)] != 0
    sets = (
        _COUNT_A + colour * 64,
        _COUNT_B + colour * 32 + min(around, 31),
        _COUNT_C + (colour * 25 + mass) * 64,
        _COUNT_D,
    )
    return min(code_count(coder, lines, 6, sets, _COUNT_MAP, count), 49)
