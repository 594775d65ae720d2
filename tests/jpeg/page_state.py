"""docs/jpeg.md, "Streams", read literally: what is learned while decoding, and numbers as bits.

The contexts' keys and the table of decisions are read from the page itself.
"""

import lzma
import re
from operator import attrgetter
from pathlib import Path

import numpy as np

from ncodec.formats.entropy.logistic import SQUASH
from ncodec.store import shipped_model

PAGE = (Path(__file__).parents[2] / "docs" / "jpeg.md").read_text()
TABLE = re.findall(r"^\| ([a-z ]+) \| (\d+) \| ([\d, ]+)" + r" \| (\d+)" * 6 + r" \|$", PAGE, re.M)
SLOTS = 1428000
FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 23, "lc": 0, "lp": 0, "pb": 0}]

SETS, PAIRS, MAPS = 18257, 4218, 36

squash = SQUASH.tolist()


def level(x):
    x = min(abs(x), 4095)
    n = x.bit_length()
    return x if x < 2 else 2 * (n - 1) + (x >> (n - 2) & 1)


def fine(x):
    x = clamp(x, 0, 4095)
    n = x.bit_length()
    return x if x < 2 else min(4 * (n - 2) + (x << 2 >> (n - 1) & 3) + 1, 31)


def log(x):
    e = x.bit_length() - 1
    return (e << 23) + (x << (23 - e)) - (1 << 23)


def power(y):
    return ((1 << 23) + (y & ((1 << 23) - 1))) >> (23 - (y >> 23))


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

    def __init__(self, name, width, counts, slots, sets, maps, plain):
        self.width, self.sets, self.map, self.plain = width, sets, maps, plain
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

    def __init__(self, best):
        self.best = best
        data = shipped_model("pc-jpeg").expect("pc-jpeg", 1)
        raw = lzma.decompress(data, lzma.FORMAT_RAW, filters=FILTERS)
        ends = np.cumsum([SLOTS, SLOTS, SETS * 16, 2 * MAPS * 66, 3 * 64 * 32])
        self.codes, self.counts, *others = (
            raw[a:b] for a, b in zip([0, *ends], ends, strict=False)
        )
        weights, maps, taps = map(np.frombuffer, others, ("<i2", "<u2", "<i2"))
        self.weights = (weights.reshape(-1, 8).astype(int) * 8).tolist()
        self.maps = maps.reshape(-1, 33).tolist()
        self.taps = (taps.reshape(3, 64, 16).astype(int) * 4).tolist()
        self.slots, self.decisions = {}, {}
        slots = sets = maps = 0
        more = 2 * PAIRS
        plain = SLOTS - sum(int(row[-1]) for row in TABLE)
        for name, width, counts, a, b, c, d, own, own_plain in TABLE:
            counts = [int(count) for count in counts.split(",")]
            pair = (sets, sets + int(a))
            four = (sets + PAIRS, sets + PAIRS + int(a), more, more + int(c))
            places = slots, four if best else pair, maps + MAPS * best, plain
            self.decisions[name] = Decision(name, int(width), counts, *places)
            slots, sets = slots + int(width) * sum(counts), sets + int(a) + int(b)
            more += int(c) + int(d)
            maps, plain = maps + int(own), plain + int(own_plain)
        assert (sets, more, maps, plain) == (PAIRS, SETS, MAPS, SLOTS)

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
        p += ((bit * ((1 << 22) - 1) - p) >> 3) * power(
            13 * (1 << 23) - (1 << 19) - log(2 * n + 3)
        ) >> 9
        self.slots[place] = p, min(n + 1, 500)

    def plain(self, name, slot):
        place = self.decisions[name].plain + slot
        bit = self.coded(clamp(self.slot(place)[0] << 2, 64, (1 << 24) - 64))
        self.learn(place, bit)
        return bit

    def bit(self, name, lines, node, sets, c=0):
        decision = self.decisions[name]
        slots = [line + node for line in lines]
        numbers = [2 * self.slot(place)[0] + 1 for place in slots]
        guesses = [(log(x) - log((1 << 23) - x)) >> 15 for x in numbers] + [256]
        sets = [self.weights[a + b] for a, b in zip(decision.sets, sets, strict=False)]
        weights = [sum(of) >> (4 if self.best else 3) for of in zip(*sets, strict=True)]
        total = sum(g * w for g, w in zip(guesses, weights, strict=True)) >> 14
        m = clamp(total, -3071, 3071)
        at, refine = clamp(m, -2047, 2047) + 2048, self.maps[decision.map + c]
        j, f = at >> 7, at & 127
        mapped = (refine[j] * (128 - f) + refine[j + 1] * f) >> 7
        bit = self.coded(clamp((squash[m + 3071] + mapped) << 7, 64, (1 << 24) - 64))
        error = ((bit << 16) - squash[m + 3071]) * (3 if self.best else 5)
        for own in sets:
            for i, g in enumerate(guesses):
                own[i] = clamp(own[i] + ((g * error + (1 << 17)) >> 18), -262143, 262143)
        refine[j + (f >> 6)] += (65535 * bit - refine[j + (f >> 6)]) >> 6
        for place in slots:
            self.learn(place, bit)
        return bit

    def count(self, name, names, k, sets):
        lines, node = self.decisions[name].lines(names), 1
        a, b, c, d = sets
        for i in range(k):
            node = 2 * node + self.bit(name, lines, node, (a + node, b, c + node, d), i)
        return node - (1 << k)

    def size(self, name, names, start, sets):
        lines = self.decisions[name].lines(names)

        def ask(node):
            return self.bit(name, lines, node, [number + node for number in sets], node)

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
