"""A second decoder, written from docs/entropy.md alone: no numpy, no constriction."""

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from math import isqrt

import numpy as np
import pytest

from ncodec.formats.entropy.tensor import encode_arrays

U64 = (1 << 64) - 1


class RangeDecoder:
    def __init__(self, data):
        self.words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
        self.next, self.lower, self.range = 0, 0, U64
        self.point = self.word() << 32 | self.word()

    def word(self):
        self.next += 1
        return self.words[self.next - 1] if self.next <= len(self.words) else 0

    def symbol(self, cumulative):
        scale = self.range >> 24
        quotient = ((self.point - self.lower) & U64) // scale
        assert quotient < 1 << 24
        s = bisect_right(cumulative, quotient) - 1
        self.lower = (self.lower + scale * cumulative[s]) & U64
        self.range = scale * (cumulative[s + 1] - cumulative[s])
        if self.range < 1 << 32:
            self.lower = (self.lower << 32) & U64
            self.range <<= 32
            self.point = (self.point << 32) & U64 | self.word()
        return s

    def uniform(self, n):
        return self.symbol(uniform(n))

    def integers(self, count):
        classes = [self.uniform(34) for _ in range(count)]
        values = [1 << b for b in classes]
        for b in sorted(set(classes)):
            for low in range(0, b, 8):
                for i in (i for i in range(count) if classes[i] == b):
                    values[i] += self.uniform(1 << min(8, b - low)) << low
        return [value - 1 for value in values]

    def array(self, size):
        if size == 0:
            return []
        model = self.uniform(4)
        folded = self.integers(1)[0]
        offset = folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
        if model == 0:
            return [offset] * size
        prior = table("gaussian" if model == 3 else "laplace", self.uniform(112))
        if model == 1:
            symbols = self.adaptive(size, prior, (4, 64, 1024, 16384)[self.uniform(4)])
        else:
            symbols = [self.symbol(prior) for _ in range(size)]
        radius = (len(prior) - 3) // 2
        values = [s - radius + offset for s in symbols]
        escaped = [i for i, s in enumerate(symbols) if s == 2 * radius + 1]
        for i, code in zip(escaped, self.integers(len(escaped)), strict=True):
            distance = code // 2 + radius + 1
            values[i] = offset + (-distance if code % 2 else distance)
        return values

    def adaptive(self, size, prior, strength):
        n = len(prior) - 1
        counts, symbols = [0] * n, []
        while len(symbols) < size:
            t = len(symbols)
            seen = accumulate(counts, initial=0)
            m = [
                (strength * c + (h << 24)) // (strength + t)
                for c, h in zip(prior, seen, strict=True)
            ]
            frozen = [s + ((x * ((1 << 24) - n)) >> 24) for s, x in enumerate(m)]
            for _ in range(min(size - t, max(8, t // 8))):
                symbols.append(self.symbol(frozen))
            for s in symbols[t:]:
                counts[s] += 1
        return symbols


@lru_cache
def uniform(n):
    return list(accumulate([(1 << 24) // n + (s < (1 << 24) % n) for s in range(n)], initial=0))


@lru_cache
def table(family, index):
    width = isqrt(isqrt(isqrt(1 << (index + 256))))
    if family == "laplace":
        radius = 1 + (12 * width >> 35)
        root = exp_minus((1 << 98) // width)
        tails, weight = [root // 2], 1 << 64
        for _ in range(radius):
            tails.append(tails[-1] * (root * root >> 64) >> 64)
    else:
        radius = 1 + (6 * width >> 35)
        r = exp_minus((1 << 133) // width**2)
        step, mass = r * r >> 64, [1 << 64]
        while mass[-1]:
            mass.append(mass[-1] * r >> 64)
            r = r * step >> 64
        tails = [sum(mass[j:]) for j in range(1, radius + 2)]
        weight = mass[0] + 2 * tails[0]
    shared = (1 << 24) - (2 * radius + 2)
    t = [tail * shared // weight for tail in tails]
    side = [1 + t[j] - t[j + 1] for j in range(radius)]
    frequencies = [*side[::-1], 1 + shared - 2 * t[0], *side, 1 + 2 * t[radius]]
    return list(accumulate(frequencies, initial=0))


def exp_minus(x):
    x >>= 6
    total = term = 1 << 64
    j = 1
    while term := (term * x >> 64) // j:
        total += -term if j % 2 else term
        j += 1
    for _ in range(6):
        total = total * total >> 64
    return total


def draw(family, size, width):
    rng = np.random.default_rng(size)
    x = getattr(rng, family)(size=size) * width
    return np.clip(np.rint(x), -(2**31), 2**31 - 1).astype(np.int64)


@pytest.mark.parametrize("family", ["standard_normal", "laplace", "standard_cauchy", "random"])
def test_the_page_is_enough_to_decode(family):
    tensors = [draw(family, n, w) for n, w in [(1, 9), (30, 1), (700, 3), (3000, 20), (200, 1e8)]]
    tensors += [np.zeros(0, dtype=int), np.full(5, -3), np.tile([7, -7, 7], 40)]
    decoder = RangeDecoder(encode_arrays(tensors))
    assert [decoder.array(t.size) for t in tensors] == [t.tolist() for t in tensors]
    assert decoder.next >= len(decoder.words)
