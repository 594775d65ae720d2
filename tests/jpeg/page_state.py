"""docs/jpeg.md, "Streams", read literally: what is learned while decoding, and numbers as bits.

The contexts' keys and the table of decisions are read from the page itself.
"""

import lzma
import re
from operator import attrgetter
from pathlib import Path

import numpy as np

from ncodec.formats.entropy.logistic import SQUASH, STRETCH
from ncodec.store import shipped_model

PAGE = (Path(__file__).parents[2] / "docs" / "jpeg.md").read_text()
TABLE = re.findall(r"^\| ([a-z ]+) \| (\d+) \| ([\d, ]+)" + r" \| (\d+)" * 4 + r" \|$", PAGE, re.M)
SLOTS = 1428000
FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 23, "lc": 0, "lp": 0, "pb": 0}]

squash, stretch = (SQUASH.tolist(), STRETCH.tolist())


def level(x):
    x = min(abs(x), 4095)
    n = x.bit_length()
    return x if x < 2 else 2 * (n - 1) + (x >> (n - 2) & 1)


def fine(x):
    x = clamp(x, 0, 4095)
    n = x.bit_length()
    return x if x < 2 else min(4 * (n - 2) + (x << 2 >> (n - 1) & 3) + 1, 31)


def signed(x, m):
    return m + min(level(x), m) if x >= 0 else m - min(level(x), m)


def clamp(x, least, most):
    return min(max(x, least), most)


def wrapped(x, bits=64):
    return (x + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def part(x, d, n):
    return wrapped(x * ((1 << 33) // d)) >> (33 - n)


nz, mass, row, column, dc = map(attrgetter, ("nz", "mass", "row", "column", "dc"))


class Keys:
    """`keys[x, y:13]` is x * 13 + y."""

    def __getitem__(self, parts):
        number, *rest = parts if isinstance(parts, tuple) else (parts,)
        for digit in rest:
            assert 0 <= digit.start < digit.stop
            number = number * digit.stop + digit.start
        return number


keys = Keys()
WORDS = {f.__name__: f for f in (abs, min, level, signed)}
WORDS |= {"keys": keys, "nz": nz, "mass": mass, "row": row, "column": column, "dc": dc}


class Decision:
    """Where a decision's part of the state begins; how its keys are made."""

    def __init__(self, name, width, counts, slots, a, b, maps, plain):
        self.width, self.a, self.b, self.map, self.plain = width, a, b, maps, plain
        self.counts = counts
        self.starts = [slots + width * sum(counts[:i]) for i in range(7)]
        lines = re.search(rf"\*\* \({name}\)\n\n```\n(.*?)```", PAGE, re.S)[1].splitlines()
        assert [line[:3] for line in lines] == [f"{i}  " for i in range(7)]
        self.code = [compile(f"keys[{line[3:]}]", name, "eval") for line in lines]

    def lines(self, names):
        found = [eval(code, WORDS, names) for code in self.code]
        assert all(key < count for key, count in zip(found, self.counts, strict=True))
        return [start + self.width * key for start, key in zip(self.starts, found, strict=True)]


class State:
    """What is learned, and the range decoder of docs/entropy.md in `bits`."""

    def __init__(self):
        data = shipped_model("pc-jpeg").expect("pc-jpeg", 1)
        raw = lzma.decompress(data, lzma.FORMAT_RAW, filters=FILTERS)
        ends = np.cumsum([SLOTS, SLOTS, 4218 * 16, 36 * 66, 3 * 64 * 32])
        self.codes, self.counts, *others = (
            raw[a:b] for a, b in zip([0, *ends], ends, strict=False)
        )
        weights, maps, taps = map(np.frombuffer, others, ("<i2", "<u2", "<i2"))
        self.weights = (weights.reshape(-1, 8).astype(int) * 4).tolist()
        self.maps = maps.reshape(-1, 33).tolist()
        self.taps = (taps.reshape(3, 64, 16).astype(int) * 4).tolist()
        self.slots, self.decisions = {}, {}
        slots = sets = maps = 0
        plain = SLOTS - sum(int(row[-1]) for row in TABLE)
        for name, width, counts, a, b, own, own_plain in TABLE:
            counts = [int(count) for count in counts.split(",")]
            places = slots, sets, sets + int(a), maps, plain
            self.decisions[name] = Decision(name, int(width), counts, *places)
            slots, sets = slots + int(width) * sum(counts), sets + int(a) + int(b)
            maps, plain = maps + int(own), plain + int(own_plain)
        assert (sets, maps, plain) == (4218, 36, SLOTS)

    def start(self, stream):
        self.words = iter([int(w) for w in np.frombuffer(stream, "<u4")] + 99 * [0])
        self.lower, self.range = 0, (1 << 64) - 1
        self.point = next(self.words) << 32 | next(self.words)

    def coded(self, one):
        """A bit that is 1 with probability one / 2^24."""
        zero, scale = (1 << 24) - one, self.range >> 24
        bit = int((self.point - self.lower) % (1 << 64) // scale >= zero)
        self.lower = (self.lower + scale * zero * bit) % (1 << 64)
        self.range = scale * (one if bit else zero)
        if self.range < 1 << 32:
            self.lower, self.range = (self.lower << 32) % (1 << 64), self.range << 32
            self.point = (self.point << 32) % (1 << 64) | next(self.words)
        return bit

    def slot(self, place):
        if place not in self.slots:
            p = squash[clamp(24 * (self.codes[place] - 128), -3071, 3071) + 3071] << 6
            self.slots[place] = p, min((1 << self.counts[place]) - 1, 1023)
        return self.slots[place]

    def learn(self, place, bit):
        p, n = self.slot(place)
        p += (((bit * ((1 << 22) - 1) - p) >> 3) * (8192 // (2 * n + 3))) >> 9
        self.slots[place] = p, min(n + 1, 500)

    def plain(self, name, slot):
        place = self.decisions[name].plain + slot
        bit = self.coded(clamp(self.slot(place)[0] << 2, 64, (1 << 24) - 64))
        self.learn(place, bit)
        return bit

    def bit(self, name, lines, node, a, b, c=0):
        decision = self.decisions[name]
        slots = [line + node for line in lines]
        guesses = [stretch[self.slot(place)[0] >> 10] for place in slots] + [256]
        sets = [self.weights[decision.a + a], self.weights[decision.b + b]]
        sums = [sum(g * (w >> 2) for g, w in zip(guesses, s, strict=True)) >> 14 for s in sets]
        sums = [clamp(t, -3071, 3071) for t in sums]
        m = sum(sums) >> 1
        at, refine = clamp(m, -2047, 2047) + 2048, self.maps[decision.map + c]
        j, f = at >> 7, at & 127
        mapped = (refine[j] * (128 - f) + refine[j + 1] * f) >> 7
        bit = self.coded(clamp((squash[m + 3071] + mapped) << 7, 64, (1 << 24) - 64))
        for weights, t in zip(sets, sums, strict=True):
            error = ((bit << 16) - squash[t + 3071]) * 6
            for i, g in enumerate(guesses):
                weights[i] = clamp(weights[i] + ((g * error + (1 << 17)) >> 18), -131071, 131071)
        refine[j + (f >> 6)] += (65535 * bit - refine[j + (f >> 6)]) >> 6
        for place in slots:
            self.learn(place, bit)
        return bit

    def count(self, name, names, k, a, b):
        lines, node = self.decisions[name].lines(names), 1
        for i in range(k):
            node = 2 * node + self.bit(name, lines, node, a + node, b, i)
        return node - (1 << k)

    def size(self, name, names, start, a, b):
        lines = self.decisions[name].lines(names)

        def ask(node):
            return self.bit(name, lines, node, a + node, b + node, node)

        size = start
        if ask(0):
            size, node = start + 1, 1
            while size < 17 and ask(node):
                size, node = size + 1, min(node + 1, 3)
        else:
            node = 4
            while size > 0 and not ask(node):
                size, node = size - 1, min(node + 1, 7)
        return size

    def rest(self, name, d, size):
        magnitude = 1
        for depth in range(size - 1):
            slot = d + (0, 1 + (magnitude & 1), 3)[min(depth, 2)]
            magnitude = 2 * magnitude + self.plain(name, slot)
        return magnitude if size else 0
