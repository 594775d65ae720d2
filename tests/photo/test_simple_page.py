"""docs/simple-tiles.md read literally: a slow decoder of modelled tiles, against the fast one."""

from hashlib import sha256
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from ncodec.formats.entropy.logistic import SQUASH, STRETCH
from ncodec.photo.simple import coding
from ncodec.photo.simple.coding import encode_simple

PAGE = Path(__file__).parents[2] / "docs" / "simple-tiles.md"

FULL = (1 << 64) - 1
A, B = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93


class Bits:
    """The range decoder of docs/entropy.md."""

    def __init__(self, data):
        self.words = [int(w) for w in np.frombuffer(data, "<u4")] + [0] * 9
        self.lower, self.range, self.next = 0, FULL, 2
        self.point = self.words[0] << 32 | self.words[1]

    def symbol(self, cumulative):
        scale = self.range >> 24
        q = ((self.point - self.lower) & FULL) // scale
        s = max(i for i, c in enumerate(cumulative[:-1]) if c <= q)
        self.lower = (self.lower + scale * cumulative[s]) & FULL
        self.range = scale * (cumulative[s + 1] - cumulative[s])
        if self.range < 1 << 32:
            self.lower, self.range = (self.lower << 32) & FULL, self.range << 32
            self.point = (self.point << 32) & FULL | self.words[self.next]
            self.next += 1
        return s


def stir(h, *values):
    for v in values:
        x = ((h ^ (v & FULL)) * A) & FULL
        h = x ^ (x >> 32)
    return h


def place(c, n, k):
    x = ((c + n * B) * A) & FULL
    x ^= x >> 32
    return ((x * B) & FULL) >> (64 - k)


def size(v):
    return abs(v).bit_length()


class Mixture:
    def __init__(self, pixels, bits):
        self.k = min(22, max(14, size(8 * pixels - 1)))
        self.slots, self.sets, self.bits = {}, {}, bits

    def bit(self, slots, number):
        weight, used = self.sets.get(number, ([10000] * 8, 0))
        known = [self.slots.get(s, (1 << 21, 0)) for s in slots]
        g = [round(256 * log((2 * i + 1) / (8191 - 2 * i))) for i in (c >> 10 for c, _ in known)]
        g.append(256)
        t = min(3071, max(-3071, sum(x * w for x, w in zip(g, weight, strict=True)) >> 16))
        one = min(65535, max(1, int(65536 / (1 + exp(-t / 256)))))
        bit = self.bits.symbol([0, (1 << 24) - (one << 8), 1 << 24])
        e = (65536 * bit - one) * (10 + 1024 // (used + 16))
        weight = [w + ((x * e + (1 << 17)) >> 18) for x, w in zip(g, weight, strict=True)]
        self.sets[number] = weight, used + 1
        for s in slots:
            chance, count = self.slots.get(s, (1 << 21, 0))
            chance += (((1 << 22) - 1) * bit - chance) * (131072 // (2 * count + 3)) >> 16
            self.slots[s] = chance, min(count + 1, 127)
        return bit

    def node(self, contexts, node, number):
        return self.bit([place(c, node, self.k) for c in contexts], number)


class Tile:
    def __init__(self, data, height, width, channels):
        if data[0] == 4:
            self.short_header(data, channels)
        else:
            self.header(data, channels)
        self.height, self.width = height, width
        self.hits, self.misses = (Mixture(height * width, self.bits) for _ in range(2))
        self.c = min(20, max(10, size(2 * height * width - 1)))
        self.caches = [{}, {}, {}]
        self.pixels, self.ranks, self.differences, self.palette = {}, {}, {}, []

    def short_header(self, data, channels):
        at, self.kinds, self.flat = 3, [], {}
        self.r1, self.r2 = data[2] % 8 % 2 - 1, data[2] % 8 // 2 - 1
        self.guessing, self.colours = data[2] // 8 % 2, data[2] >> 4
        if self.colours == 15:
            self.colours, at = int.from_bytes(data[3:6], "little"), 6
        for i in range(channels):
            kind = data[1] >> 2 * i & 3
            self.kinds.append([0, 1, 1, 2 + self.kinds.index(0) if 0 in self.kinds else 0][kind])
            if kind in (1, 2):
                self.flat[i] = data[at] if kind == 2 else 0
                at += kind == 2
        self.planes = self.kinds.count(0)
        rest = data[at:] + bytes(-len(data[at:]) % 4)
        self.bits = Bits(np.frombuffer(rest, ">u4").astype("<u4").tobytes())

    def header(self, data, channels):
        assert data[0] == 3
        at, self.kinds, self.flat = 1, [], {}
        for i in range(channels):
            self.kinds.append(data[at])
            if data[at] == 1:
                at += 1
                self.flat[i] = data[at]
            at += 1
        self.planes = self.kinds.count(0)
        self.r1, self.r2 = data[at] % 8 % 2 - 1, data[at] % 8 // 2 - 1
        self.guessing = data[at] // 8
        self.colours = int.from_bytes(data[at + 1 : at + 4], "little")
        self.bits = Bits(data[at + 4 :])

    def at(self, y, x):
        if y < 0:
            return 0
        if x < 0:
            return self.at(y - 1, 0)
        return self.pixels[y, min(x, self.width - 1)]

    def rank(self, y, x):
        if x < 0:
            return self.rank(y - 1, 0) if y >= 0 else 0
        return self.ranks.get((y, x), 0)

    def decode(self):
        out = np.zeros((self.height, self.width, len(self.kinds)), np.uint8)
        for y in range(self.height):
            for x in range(self.width):
                p = self.pixel(y, x)
                colour = self.palette[p] if self.colours else p
                coded = 0
                for i, kind in enumerate(self.kinds):
                    if kind == 0:
                        out[y, x, i] = colour >> 8 * coded & 255
                        coded += 1
                    else:
                        out[y, x, i] = self.flat[i] if kind == 1 else out[y, x, kind - 2]
        return out

    def pixel(self, y, x):
        def near(dy, dx):
            return self.at(y + dy, x + dx)

        w, n, nw, ne, ww = near(0, -1), near(-1, 0), near(-1, -1), near(-1, 1), near(0, -2)
        nn, nne, nww = near(-2, 0), near(-2, 1), near(-1, -2)
        h2 = stir(1, w, n)
        h4 = stir(h2, nw, ne)
        h6 = stir(h4, ww, nn)
        h12 = stir(h6, nne, near(-1, 2), nww, near(-2, -1), near(0, -3), near(-3, 0))
        candidates = {}
        for source, h in enumerate((h12, h6, h2)):
            p, name, count = self.caches[source].get(place(h, 0, self.c), (0, 0, 0))
            if count and name == h & 0xFFFFFF:
                candidates.setdefault(p, (source, count))
        for source, p in enumerate((w, n, ne, nw), 3):
            candidates.setdefault(p, (source, 0))
        candidates = list(candidates.items())[:3]
        rw, rn, rne, rnw = (
            self.rank(y + dy, x + dx) for dy, dx in ((0, -1), (-1, 0), (-1, 1), (-1, -1))
        )
        seen = len(self.palette)
        found = None
        worth = {rw, rn, rne, rnw} != {3} or 1 <= self.colours <= 4
        if self.guessing and worth and (seen or not self.colours):
            flags = [w == n, n == ne, nw == n, w == nw, ww == w, nn == n, nne == ne, nww == nw]
            shape = sum(flag << i for i, flag in enumerate(flags))
            history = rw + 4 * rn + 16 * rne + 64 * rnw
            for k, (p, (source, count)) in enumerate(candidates):
                trust = size(count)
                same = (p == w) + 2 * (p == n) + 4 * (p == nw) + 8 * (p == ne)
                origin = 32 * min(trust, 5) + 4 * source + k
                q = stir(k + 1, p)
                contexts = [q ^ h2, q ^ h4, q ^ h6, q ^ h12, 64 * shape + 4 * same + k]
                contexts += [256 * history + origin, (256 * same + origin) ^ stir(7, w)]
                slots = [place(c, i, self.hits.k) for i, c in enumerate(contexts, 1)]
                number = 16 * (7 * k + source) + (trust if source < 3 else same)
                if self.hits.bit(slots, number):
                    found = p
                    break
                asked = {p for p, _ in candidates[: k + 1]}
                if self.colours and seen == self.colours and len(asked) == seen - 1:
                    found = next(iter(set(range(seen)) - asked))
                    rank = 3
                    break
            if found is not None and found == p:
                rank = k
        if found is None:
            found = self.miss(y, x, (w, n, nw, ne, ww), (h2, h4, h6))
            rank = next((k for k, (p, _) in enumerate(candidates) if p == found), 3)
        for cache, h in zip(self.caches, (h12, h6, h2), strict=True):
            entry = place(h, 0, self.c)
            p, name, count = cache.get(entry, (0, 0, 0))
            same = count and name == h & 0xFFFFFF
            if same and p == found:
                cache[entry] = p, name, min(count + 1, 255)
            elif same and count >= 2:
                cache[entry] = p, name, count // 2
            else:
                cache[entry] = found, h & 0xFFFFFF, 1
        self.pixels[y, x], self.ranks[y, x] = found, rank
        return found

    def miss(self, y, x, around, hashes):
        seen = len(self.palette)
        if self.colours:
            w, n, _, ne, _ = around
            contexts = [11, stir(12, w), stir(13, n), *hashes, stir(14, n, ne)]
            new = seen < self.colours
            if 0 < seen < self.colours:
                new = self.misses.node(contexts, 0, 108)
            if not new:
                b = size(seen - 1)
                node = 1 << (20 - b)
                for bit in reversed(range(b)):
                    node = 2 * node + self.misses.node(contexts, node, 88 + bit)
                return node - (1 << 20)
            around = [self.palette[p] if seen else 0 for p in around]
        colour = self.colour(y, x, around)
        if not self.colours:
            return colour
        self.palette.append(colour)
        return seen

    def colour(self, y, x, around):
        colour, error, e = 0, {-1: 0, 0: 0, 1: 0}, 0
        for turn in range(self.planes):
            channel = 1 - turn if self.planes >= 3 and turn < 2 else turn
            w, n, nw, ne, ww = (p >> 8 * channel & 255 for p in around)
            base = min(max(w, n), max(min(w, n), w + n - nw))
            r = {1: self.r1, 2: self.r2}.get(turn, -1)
            prediction = min(255, max(0, base + error[r]))
            dw = self.differences.get((turn, y, x - 1), 0)
            dn = self.differences.get((turn, y - 1, x), 0)
            a = abs(w - nw) + abs(n - nw) + abs(n - ne) + abs(w - ww)
            m = 32 * turn + 32
            contexts = [
                stir(m, 32 * size(a) + size(dw)),
                stir(m + 1, error[0], error[1]),
                stir(m + 2, w, n),
                stir(m + 3, prediction, e),
                stir(m + 4, dw, dn),
                stir(21, around[0], around[1], colour, turn),
                stir(m + 6, n - w, ne - n, nw - w),
            ]
            difference = self.difference(contexts, 22 * turn)
            sample = (prediction + difference) % 256
            self.differences[turn, y, x] = difference
            if turn < 2:
                error[turn] = sample - base
            e = 5 * e + min(size(difference), 4)
            colour |= sample << 8 * channel
        return colour

    def difference(self, contexts, first):
        if not self.misses.node(contexts, 0, first):
            return 0
        negative = self.misses.node(contexts, 1, first + 1)
        b = 0
        while b < 7 and self.misses.node(contexts, 2 + 2 * b + negative, first + 2 + b):
            b += 1
        read = 1
        for i in range(min(b, 7)):
            node = 64 + 2 * (16 * read + b) + negative
            read = 2 * read + self.misses.node(contexts, node, first + 18 + min(i, 3))
        return -read if negative else read


def waves(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * y // 9, 3 * x + y, 200 - 2 * y + x // 3], axis=2).astype(np.uint8)


def blocks(height, width, colours, channels):
    rng = np.random.default_rng(colours)
    small = rng.integers(0, 256, (colours, channels)).astype(np.uint8)
    numbers = rng.integers(0, colours, (height // 4 + 1, width // 4 + 1))
    numbers = numbers.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]
    speckled = rng.random((height, width)) < 0.1
    return small[np.where(speckled, rng.integers(0, colours, (height, width)), numbers)]


@pytest.mark.parametrize("mode", [3, 4])
@pytest.mark.parametrize(
    "pixels",
    [
        waves(14, 11),
        waves(20, 17)[..., :1],
        blocks(18, 30, 2, 1),
        blocks(16, 25, 4, 3),
        blocks(20, 20, 40, 4),
        blocks(20, 20, 17, 1)[..., [0, 0, 0]],
    ],
)
def test_the_page_says_how_tiles_are_read(pixels, mode, monkeypatch):
    if mode == 3:
        monkeypatch.setattr(coding, "_SHORT_PIXELS", 0)
    data = encode_simple(pixels)
    assert data[0] == mode
    assert np.array_equal(Tile(data, *pixels.shape).decode(), pixels)


def test_the_tables_are_those_of_the_page():
    for table, kind in ((SQUASH, "<u2"), (STRETCH, "<i2")):
        assert sha256(table.astype(kind).tobytes()).hexdigest() in PAGE.read_text()
