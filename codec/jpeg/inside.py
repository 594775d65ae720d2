"""The 49 coefficients of a block that have both a horizontal and a vertical frequency."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import kernel
from ncodec.jpeg.bits import code_bit, look
from ncodec.jpeg.headers import ZIGZAG
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

__all__ = ["code_inside"]

INSIDE = np.array([i for i in ZIGZAG if i % 8 and i // 8], dtype=np.int64)
"""The 49 coefficients of both a horizontal and a vertical frequency, in zigzag order."""


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
    lines[10] = (
        base
        | (up_facts[ROW] + side_facts[ROW]) << 10
        | (up_facts[COLUMN] + side_facts[COLUMN]) << 5
        | level(both)
    )
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
    last: Any = 0
    last2: Any = 0
    for z in range(49):
        if rest == 0:
            break
        i = INSIDE[z]
        u, v = i & 7, i >> 3
        a: Any = abs(np.int64(up[i]))
        b: Any = abs(np.int64(side[i]))
        c: Any = abs(np.int64(corner[i]))
        d: Any = abs(np.int64(right[i]))
        near = level(2 * (a + b) + c + d)
        inner = 2 * (abs(known[i - 1]) + abs(known[i - 8])) + abs(known[i - 9])
        if v < 7:
            inner += abs(known[i + 7])
        if u < 7:
            inner += abs(known[i - 7])
        if u > 2:
            inner += abs(known[i - 2])
        if v > 2:
            inner += abs(known[i - 16])
        own = level(inner)
        zone = (
            abs(np.int64(up[i - 1]))
            + abs(np.int64(up[i - 8]))
            + abs(np.int64(side[i - 1]))
            + abs(np.int64(side[i - 8]))
        )
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
        lines[4] = (
            key
            | min(abs(known[i - 1]), 3) << 8
            | min(abs(known[i - 8]), 3) << 6
            | min(abs(known[i - 9]), 3) << 4
            | more
        )
        lines[5] = key | min(level(pa), 11) << 8 | min(level(pl), 11) << 4 | more
        lines[6] = colour << 33 | (49 - z) << 16 | rest << 8 | min(mix, 31)
        lines[7] = key | min(level(hue), 7) << 8 | more << 4 | min(near, 7)
        lines[8] = key | level(zone) << 4 | more
        lines[9] = key | min(mix, 31) << 4 | more
        lines[10] = key | min(last, 7) << 8 | min(last2, 7) << 4 | more
        lines[11] = key | min(level(total), 15) << 8 | min(mix >> 1, 15) << 4 | more
        lines[12] = key | min(level(zone), 15) << 8 | min(own, 15) << 4 | min(level(rest), 9)
        lines[13] = (
            colour << 33
            | min(own, 15) << 12
            | min(near, 15) << 8
            | min(level(zone), 15) << 4
            | min(level(rest * 8 // (49 - z)), 15)
        )
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
            lines[6] = (
                signs
                | signed(known[i - 1], 2) << 6
                | signed(known[i - 8], 2) << 3
                | signed(known[i - 9], 2)
            )
            lines[7] = signs | sa2 << 4 | sl2
            lines[8] = signs | sa << 8 | signed(hint, 2)
            lines[9] = signs | sl << 8 | signed(hint, 2)
            lines[10] = (
                signs
                | signed(known[i - 2] if u > 2 else 0, 2) << 6
                | signed(known[i - 16] if v > 2 else 0, 2) << 3
                | signed(known[i - 9], 2)
            )
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
            lines[4] = (
                key
                | min(abs(known[i - 1]), 3) << 8
                | min(abs(known[i - 8]), 3) << 6
                | min(abs(known[i - 9]), 3) << 4
                | more
            )
            lines[5] = key | ea << 8 | el << 4 | more
            lines[6] = colour << 33 | (49 - z) << 16 | rest << 8 | min(mix, 31)
            lines[7] = key | eh << 8 | min(level(total), 15) << 4 | min(near, 7)
            lines[8] = key | level(zone) << 4 | more
            lines[9] = key | min(mix, 31) << 4 | more
            lines[10] = key | min(last2, 7) << 8 | min(own, 15) << 4 | more
            lines[11] = key | min(level(total), 15) << 8 | min(mix >> 1, 15) << 4 | more
            lines[12] = key | min(level(zone), 15) << 8 | min(own, 15) << 4 | min(level(rest), 9)
            lines[13] = (
                colour << 33
                | min(own, 15) << 12
                | min(near, 15) << 8
                | min(level(zone), 15) << 4
                | min(level(rest * 8 // (49 - z)), 15)
            )
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
                lines[13] = (
                    exact | min(level(abs(known[i - 1])), 9) << 4 | min(level(abs(known[i - 8])), 9)
                )
                look(mixer, 10)
                size = code_rest(
                    coder,
                    mixer,
                    shade + 3000 + min(size, 7) * 4,
                    shade + 3040 + min(near, 15) * 4,
                    24,
                    size,
                    abs(value),
                )
            total += size
            settle(plane, i, sign * size)
            block[i] = known[i]
    facts[MASS] = total
