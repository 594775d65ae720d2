"""docs/jpeg.md, "Blocks", read literally: a slow decoder of a stripe's coefficients."""

from math import cos, pi, sqrt

from page_state import (
    State,
    clamp,
    column,
    dc,
    fine,
    keys,
    level,
    mass,
    nz,
    part,
    row,
    signed,
    wrapped,
)

E = [5793, 8035, 7568, 6811, 5793, 4551, 3135, 1598]
F = [5793] + 7 * [8192]
ZIGZAG = sorted(
    range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8))
)
BASIS = [
    [round(8192 * (1 if k else sqrt(0.5)) * cos((2 * n + 1) * k * pi / 16)) for n in range(8)]
    for k in range(8)
]


class Block:
    """Coefficients, 0 beyond, and what is kept of them."""

    def __init__(self):
        self.values = [0] * 64
        self.nz = self.mass = self.row = self.column = self.dc = 0

    def __getitem__(self, i):
        return self.values[i]

    def at(self, i, right=0, down=0):
        u, v = i % 8 + right, i // 8 + down
        return self.values[8 * v + u] if 0 <= u < 8 and 0 <= v < 8 else 0


class Coder:
    """Decodes blocks of a component of one colour."""

    def __init__(self, state, colour, q):
        self.state, self.colour, self.q = state, colour, q

    def block(self, around, has_up, has_side, lines_up, lines_side):
        """The block that `around` (up, side, corner, right, other) adjoins, and its last lines."""
        self.known, q = Block(), self.q
        up, side, *_ = around
        self.above, self.left, self.above2, self.left2 = ([0] * 8 for _ in range(4))
        for i in range(64):
            u, v = i % 8, i // 8
            self.add(i, (-1) ** v * up[i] * q[i], (-1) ** u * side[i] * q[i])
        self.inside(*around)
        for way in (0, 1):
            self.edge(way, (has_up, has_side)[way], *around)
        lines = [self.lines(way) for way in (0, 1)]
        self.dc(*around, lines_up if has_up else None, lines_side if has_side else None, lines)
        share = 4 * q[0] * self.known[0]
        return self.known, [
            [[wrapped(x + share, 32) for x in line] for line in way[2:]] for way in lines
        ]

    def add(self, i, above, left):
        u, v = i % 8, i // 8
        self.above[u] += above * E[v]
        self.above2[u] += above * F[v]
        self.left[v] += left * E[u]
        self.left2[v] += left * F[u]

    def settle(self, i, value):
        self.known.values[i] = value
        self.add(i, -value * self.q[i], -value * self.q[i])

    def inside(self, up, side, corner, right, other):
        state, colour, q, known = self.state, self.colour, self.q, self.known
        around = (2 * (nz(up) + nz(side)) + nz(corner) + nz(right)) // 6
        amount = min(level((mass(up) + mass(side)) >> 1), 24)
        step = min(level(q[9]), 15)
        edges = keys[row(up) + row(side), column(up) + column(side) : 15]
        sets = 64 * colour, 32 * colour + min(around, 31), 64 * (25 * colour + amount), 0
        known.nz = rest = min(state.count("inside count", locals(), 6, sets), 49)
        last = last2 = 0
        for z, i in enumerate(i for i in ZIGZAG if i % 8 and i // 8):
            if not rest:
                break
            u, v = i % 8, i // 8
            a, b, c, d = (abs(block[i]) for block in (up, side, corner, right))
            k1, k8, k9 = abs(known[i - 1]), abs(known[i - 8]), abs(known[i - 9])
            beside = abs(known.at(i, 1, -1)) + abs(known.at(i, -1, 1))
            beyond = abs(known.at(i, -2)) + abs(known.at(i, 0, -2))
            hint, hue = other[i], abs(other[i])
            pa, pl = part(self.above[u], E[v] * q[i], 1), part(self.left[v], E[u] * q[i], 1)
            signals = [a, b, c, d]
            for block in (up, side):
                signals.append(abs(block.at(i, -1)) + abs(block.at(i, 1)))
                signals.append(abs(block.at(i, 0, -1)) + abs(block.at(i, 0, 1)))
            signals += [k1, k8, k9, beside, beyond, hue]
            signals = [min(4 * s, 1023) for s in signals]
            signals += [min(2 * (abs(pa) + abs(pl)), 1023), rest * 8 // (49 - z)]
            taps = state.taps[colour][i]
            forecast = max(product(signals, taps) >> 16, 0)
            soon = fine(forecast)
            half = soon >> 1
            own = min(level(2 * (k1 + k8) + k9 + beside + beyond), 11)
            near, more = min(level(2 * (a + b) + c + d), 11), min(level(rest), 9)
            place, zone = keys[colour, z:49], (u + v - 2) >> 2
            under = keys[min(a, 3), min(b, 3) : 4, min(k1, 3) : 4, min(k8, 3) : 4]
            recent = 8 * min(last, 7) + min(last2, 7)
            sets = place, 32 * colour + soon, 12 * colour + own, 64 * colour + recent
            sets = [8 * number for number in sets]
            size = state.size("inside", locals(), max((soon >> 2) - 1, 0), sets)
            magnitude = state.rest("inside", 4 * keys[colour, size:18, soon:32], size)
            if size:
                rest -= 1
                small = min(size, 4)
                sa, sl = signed(pa, 7), signed(pl, 7)
                sa2 = signed(part(self.above2[u], 8192 * q[i], 1), 7)
                sl2 = signed(part(self.left2[v], 8192 * q[i], 1), 7)
                if abs(pa) + abs(pl) < 2 and hue < 2:
                    negative = state.plain("inside sign", colour)
                else:
                    lines = state.decisions["inside sign"].lines(locals())
                    hinted = 11 * (5 * colour + small) + signed(hint, 5)
                    sets = place, 15 * colour + sa, 15 * colour + sl, hinted
                    negative = state.bit("inside sign", lines, 0, sets)
                self.settle(i, -magnitude if negative else magnitude)
                known.mass += magnitude
            last, last2 = size, last
            gain = ((min(4 * magnitude, 1023) - forecast) << 12) // (product(signals, signals) + 64)
            for n, signal in enumerate(signals):
                taps[n] = clamp(taps[n] + (signal * gain >> 4), -131071, 131071)

    def edge(self, way, has, up, side, corner, right, other):
        state, colour, q, known = self.state, self.colour, self.q, self.known
        stride, across = ((1, 8), (8, 1))[way]
        near, far = ((up, side), (side, up))[way]
        target, turned = ((self.above, self.left), (self.left, self.above))[way]
        target2, fact = (self.above2, self.left2)[way], (row, column)[way]
        inside, base = min(level(known.nz), 15), keys[colour, way:2]
        places = [k * stride for k in range(1, 8)]
        guesses = [abs(part(target[i // stride], 5793 * q[i], 1)) * has for i in places]
        expected, strength = sum(g >= 2 for g in guesses), min(level(sum(guesses)), 19)
        beside = sum(known[i + across] != 0 for i in places)
        so_far = known.row if way else 8
        sets = 8 * base, 16 * colour + inside, 8 * (9 * base + so_far), 0
        count = state.count("edge count", locals(), 3, sets)
        setattr(known, ("row", "column")[way], count)
        rest = count

        def at(block, distance):
            """What is so many frequencies away, 0 where that is not within 1 .. 7."""
            return block[i + distance * stride] if 1 <= k + distance <= 7 else 0

        def step_at(distance):
            return q[i + distance * stride] if 1 <= k + distance <= 7 else 0

        for k in range(1, 8):
            if not rest:
                break
            i = k * stride
            step = q[i]
            a, b, hint = near[i], far[i], other[i]
            past, past2 = at(known, -1), at(known, -2)
            signals = [target[k] // 5793, target2[k] // 5793, a * step, b * step]
            signals += [known[i + n * across] * q[i + n * across] for n in (1, 2, 3)]
            signals += [block[i] * step for block in (corner, right, other)]
            signals += [past * step_at(-1), past2 * step_at(-2)]
            signals += [at(far, -1) * step_at(-1), at(far, 1) * step_at(1)]
            signals.append((turned[0] - 5793 * far[0] * q[0]) // E[k])
            signals.append(near[i + across] * q[i + across])
            signals = [clamp(signal, -32768, 32768) for signal in signals]
            taps = state.taps[colour][i]
            forecast = clamp(product(signals, taps) >> 16, -(1 << 20), 1 << 20)
            guess = part(target[k], 5793 * step, 2) * has
            guess2 = part(target2[k], 5793 * step, 2) * has
            guess3 = part(forecast, step, 2)
            soon, strong = min(level(guess3), 19), min(level(guess), 19) if has else 20
            half = soon >> 1
            magnitudes = min(level(2 * abs(a) + abs(b)), 15)
            before = keys[min(abs(past), 3), min(abs(past2), 3) : 4]
            own = 2 * abs(known[i + across]) + abs(known[i + 2 * across])
            own += abs(known[i + across - stride]) * (k > 1)
            own += abs(known[i + across + stride]) if k < 7 else 0
            own = min(level(own), 11)
            place = keys[colour, way:2, k - 1 : 7]
            counts = 8 * (8 * colour + count) + rest
            sets = place, 20 * colour + soon, 16 * colour + inside, counts
            sets = [8 * number for number in sets]
            size = state.size("edge", locals(), max(half - 2, 0), sets)
            if size:
                rest -= 1
                norm = min(4 * abs(guess3) >> (size - 1), 63)
                magnitude = state.rest("edge", 4 * (65 * size + norm), size)
                small = min(size, 4)
                lean, lean2, lean3 = (signed(g, 15) for g in (guess, guess2, guess3))
                lines = state.decisions["edge sign"].lines(locals())
                hinted = 9 * (5 * colour + small) + signed(hint, 4)
                sets = place, 31 * colour + lean3, 31 * colour + lean, hinted
                negative = state.bit("edge sign", lines, 0, sets)
                self.settle(i, -magnitude if negative else magnitude)
            error = clamp(known[i] * step - forecast, -32768, 32768)
            gain = (error << 20) // (product(signals, signals) + 256)
            for n, signal in enumerate(signals):
                taps[n] = wrapped(taps[n] + (signal * gain >> 12), 32)

    def lines(self, way):
        """Rows (columns in way 1) 0, 1, 6, 7 of the samples without DC."""
        inner, outer = ((8, 1), (1, 8))[way]
        found = []
        for n in (0, 1, 6, 7):
            sums = []
            for j in range(8):
                terms = [
                    BASIS[k][min(n, 7 - n)] * self.known[i] * self.q[i]
                    for k in range(8)
                    for i in [k * inner + j * outer]
                ]
                odd, even = (wrapped(sum(terms[first::2]), 32) >> 10 for first in (1, 0))
                sums.append(wrapped(even + (odd if n < 2 else -odd), 32))
            line = (sum(BASIS[j][x] * sums[j] for j in range(8)) for x in range(8))
            found.append([wrapped(total, 32) >> 13 for total in line])
        return found

    def dc(self, up, side, corner, right, other, lines_up, lines_side, lines):
        state, colour, q, known = self.state, self.colour, self.q, self.known
        found = []
        for before, (l0, l1, *_) in zip((lines_up, lines_side), lines, strict=True):
            found += estimate(*before, l0, l1) if before else (0, 0)
        up_mean, up_spread, side_mean, side_spread = found
        mean, spread = up_mean + side_mean, up_spread + side_spread
        if lines_up and lines_side:
            a, b = up_spread + 16, side_spread + 16
            mean = wrapped(up_mean * b + side_mean * a) // (a + b)
            spread = min(up_spread, side_spread) + (abs(up_mean - side_mean) >> 1)
        scale = 4 * q[0]
        guess = (mean + (scale >> 1)) // scale
        share = (mean - guess * scale) * 8 // scale + 4
        there = 2 * bool(lines_up) + bool(lines_side)
        unsure = min(level(spread * 8 // scale), 23)
        third, apart = unsure >> 3, (up_mean - side_mean) * 4 // scale
        lean = signed(apart, 12)
        up_unsure, side_unsure = (min(level(s * 4 // scale), 20) for s in (up_spread, side_spread))
        r1, r2, r3 = dc(up), dc(side), dc(other)
        l1, l2, l3 = (min(level(r), 15) for r in (r1, r2, r3))
        wide, inside = min(level(abs(r1) + abs(r2)), 15), min(level(known.nz), 15)
        step = min(level(q[0]), 15)
        sets = 3 * colour + third, 24 * colour + unsure, 16 * colour + inside, 0
        size = state.size("dc", locals(), third, [8 * number for number in sets])
        value = state.rest("dc", 4 * (24 * size + unsure), size)
        if size:
            small = min(size, 4) - 1
            lines = state.decisions["dc sign"].lines(locals())
            sets = 8 * colour + share, 25 * colour + lean, 4 * colour + small, 0
            if state.bit("dc sign", lines, 0, sets):
                value = -value
        known.dc, known.values[0] = value, guess + value


def product(left, right):
    return sum(a * b for a, b in zip(left, right, strict=True))


def estimate(b0, b1, l0, l1):
    every = [(3 * b1[x] - b0[x] - 3 * l0[x] + l1[x]) >> 1 for x in range(8)]
    mean = sum(every) >> 3
    return mean, sum(abs(one - mean) for one in every) >> 3


def decode(streams, components, steps, best):
    """The coefficients of a stripe, [blocks, 64] of each component.

    Args:
        components: across, down, blocks a row and rows of blocks of each.
        steps: the quantisers of each.
    """
    state, none, planes = State(best), Block(), []
    for number, (across, down, width, height) in enumerate(components):
        state.start(streams[number])
        coder = Coder(state, number % 3, steps[number])
        blocks, last = {}, [None] * width
        for y in range(height):
            line = None
            for x in range(width):
                around = [(y - 1, x), (y, x - 1), (y - 1, x - 1), (y - 1, x + 1)]
                around = [blocks.get(place, none) for place in around]
                other = none
                if number:
                    its_across, its_down, *_ = components[number - 1]
                    other = planes[-1][y * its_down // down, x * its_across // across]
                block, (last[x], line) = coder.block((*around, other), y > 0, x > 0, last[x], line)
                blocks[y, x] = block
        planes.append(blocks)
    return [[block.values for block in blocks.values()] for blocks in planes]
