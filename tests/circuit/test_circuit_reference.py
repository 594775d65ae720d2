"""docs/circuits.md read word for word, in Python's integers: a second decoder."""

from itertools import pairwise
from math import isqrt

import numpy as np
import pytest
from circuits import random_circuit, random_images

from ncodec.circuit.coding import encode_rows
from ncodec.circuit.learn import learn
from ncodec.circuit.packing import pack_circuit
from ncodec.circuit.quantize import quantize
from ncodec.circuit.recipe import Learning
from ncodec.circuit.variables import Variables
from ncodec.formats.entropy.tensor import decode_arrays
from ncodec.plugin import Context


class Stream:
    """The range decoder of docs/entropy.md."""

    def __init__(self, data):
        self.words = np.frombuffer(data, "<u4").tolist() + [0] * 4
        self.lower, self.range = 0, 2**64 - 1
        self.point, self.next = self.words[0] << 32 | self.words[1], 2

    def peek(self):
        return (self.point - self.lower) % 2**64 // (self.range >> 24)

    def take(self, left, width):
        scale = self.range >> 24
        self.lower, self.range = (self.lower + scale * left) % 2**64, scale * width
        if self.range < 2**32:
            self.lower, self.range = (self.lower << 32) % 2**64, self.range << 32
            self.point = (self.point << 32) % 2**64 | self.words[self.next]
            self.next += 1

    def bit(self, contexts, key):
        counts = contexts.setdefault(key, [0, 0])
        zeros = 2**24 * (2 * counts[0] + 1) // (2 * sum(counts) + 2)
        bit = int(self.peek() >= zeros)
        self.take(zeros if bit else 0, 2**24 - zeros if bit else zeros)
        counts[bit] += 1
        if counts[bit] == 4096:
            counts[:] = [c // 2 for c in counts]
        return bit

    def symbol(self, contexts, key):
        bits = ()
        for _ in range(7):
            bits += (self.bit(contexts, (key, bits)),)
        return int("".join(map(str, bits)), 2)


def step(value):
    return min(value // 2, 10)


def dense(stream, refers, size):
    rows, contexts = [], {}
    for above in refers:
        row = []
        rows.append(row)
        for j in range(size):
            key = 12 + step(row[-1]) if j else 0
            if above is not None:
                key = 1 + step(rows[above][j])
            row.append(stream.symbol(contexts, key))
    return rows


def sparse(stream, rows, columns, groups):
    tables, flags, values, often, last = [], {}, {}, {}, {}
    for row_levels, column_levels, group in zip(rows, columns, groups, strict=True):
        table = []
        for i, row in enumerate(row_levels):
            for j, column in enumerate(column_levels):
                place = group, i, j
                seen = often.get(place, 0)
                flag = stream.bit(flags, (step(row), step(column), seen >> 5))
                often[place] = seen + (255 * flag - seen) // 4
                symbol = 0
                if flag:
                    near = 1 + step(last[place]) if last.get(place) else 0
                    symbol = last[place] = stream.symbol(values, (step(column), near))
                table.append(symbol - 1 if symbol else min(row + column, 80))
        width = len(column_levels)
        tables.append([table[k : k + width] for k in range(0, len(table), width)])
    return tables


def exact(levels, bits, least):
    weights = [isqrt(isqrt(2 ** (96 - q))) if q < 80 else 0 for q in levels]
    weights = weights if any(weights) else [1] * len(weights)
    sums = [sum(weights[: j + 1]) * (2**bits - least * len(weights)) for j in range(len(weights))]
    bounds = [0] + [s // sum(weights) for s in sums]
    return [b - a + least for a, b in pairwise(bounds)]


class Model:
    """A packed circuit."""

    def __init__(self, packed):
        number = int.from_bytes
        height, self.width, channels, bits, tied, states, mixed, size = (
            number(packed[a:b], "little")
            for a, b in ((0, 4), (4, 8), (8, 9), (9, 10), (10, 11), (11, 13), (13, 15), (15, 19))
        )
        wide = [511 if bits == 8 else 512] if channels > 2 else []
        kinds = [256, *wide * 2, 256][:channels] if channels > 2 else [256] * channels
        self.alphabets = kinds if bits == 8 else [v for kind in kinds for v in (kind, 256)]
        self.kinds = len(self.alphabets)
        count = height * self.width * self.kinds
        differences = decode_arrays(packed[19 : 19 + size], [count])[0].tolist()
        parents = {v: v + step for v, step in enumerate(differences) if step}
        self.nodes = [differences.index(0)]
        self.children = {}
        for node in self.nodes:
            self.children[node] = [v for v in range(count) if parents.get(v) == node]
            self.nodes += self.children[node]
        place = {node: i for i, node in enumerate(self.nodes)}
        stream = Stream(packed[19 + size :])
        below = self.nodes[1:]
        refers = [place[parents[v]] - 1 if parents[v] != self.nodes[0] else None for v in below]
        rows, columns = dense(stream, refers, states), dense(stream, refers, states)
        groups = [self.displacement(v, parents[v]) for v in below]
        tables = sparse(stream, rows, columns, groups)
        self.transitions = {
            v: [exact(row, 16, 0) for row in table] for v, table in zip(below, tables, strict=True)
        }
        refers = [place.get(parents.get(v)) for v in self.nodes]
        groups = [v % self.kinds for v in self.nodes]
        if tied:
            refers, groups = [None] * self.kinds, list(range(self.kinds))
        rows, columns = dense(stream, refers, states), dense(stream, refers, mixed)
        tables = [
            [exact(row, 16, 0) for row in table] for table in sparse(stream, rows, columns, groups)
        ]
        self.mixes = {v: tables[v % self.kinds if tied else place[v]] for v in self.nodes}
        self.root = exact(dense(stream, [None], states)[0], 16, 0)
        self.components = [
            [exact(row, 22, 1) for row in dense(stream, [None] * mixed, alphabet)]
            for alphabet in self.alphabets
        ]

    def displacement(self, node, parent):
        (y, x), (above_y, above_x) = (divmod(v // self.kinds, self.width) for v in (node, parent))
        near = abs(y - above_y) + abs(x - above_x) <= 2
        return near and (y - above_y, x - above_x, node % self.kinds, parent % self.kinds)

    def decode(self, data, count):
        stream, rows = Stream(data), []
        for first in range(0, count, 64):
            images = [{} for _ in range(min(64, count - first))]
            self.visit(stream, self.nodes[0], [None] * len(images), images)
            rows += [[image[v] for v in range(len(self.nodes))] for image in images]
        return rows

    def visit(self, stream, node, above, images):
        mix, component = self.mixes[node], self.components[node % self.kinds]
        contexts, ups = [], []
        for message, image in zip(above, images, strict=True):
            a = scaled(self.root)
            if message:
                a = scaled(product(message, self.transitions[node]))
            x = image[node] = symbol(stream, scaled(product(a, mix)), component)
            u = scaled([dot(row, [values[x] for values in component]) for row in mix])
            contexts.append(scaled(times(a, u)))
            ups.append(u)
        for child in self.children[node]:
            found = self.visit(stream, child, contexts, images)
            messages = [scaled([dot(row, v) for row in self.transitions[child]]) for v in found]
            contexts = [scaled(times(a, r)) for a, r in zip(contexts, messages, strict=True)]
            ups = [scaled(times(u, r)) for u, r in zip(ups, messages, strict=True)]
        return ups


def symbol(stream, weights, component):
    size, shift = len(component[0]), max(0, (len(component) - 1).bit_length() + 3)
    sums = [0]
    for x in range(size):
        sums.append(sums[-1] + dot(weights, [values[x] for values in component]))
    total = sums[-1] >> shift
    bounds = [(s >> shift) * (2**24 - size) // total + x for x, s in enumerate(sums)]
    point = stream.peek()
    x = max(x for x in range(size) if bounds[x] <= point)
    stream.take(bounds[x], bounds[x + 1] - bounds[x])
    return x


def dot(first, second):
    return sum(a * b for a, b in zip(first, second, strict=True))


def product(message, table):
    return [dot(message, column) for column in zip(*table, strict=True)]


def times(first, second):
    return [a * b for a, b in zip(first, second, strict=True)]


def scaled(vector):
    bits = max(1, *vector).bit_length()
    return [max(1, (v << 20) >> bits) for v in vector]


@pytest.mark.parametrize(
    ("shape", "depth", "tied"),
    [((2, 3, 1), 8, False), ((1, 2, 3), 8, True), ((1, 2, 4), 16, False)],
)
def test_the_page_decodes_what_the_codec_writes(shape, depth, tied):
    circuit = random_circuit(shape, depth, latents=5, components=6, tied=tied)
    rows = circuit.variables.to_rows(random_images(circuit.variables, 66))
    model = Model(pack_circuit(circuit))
    assert model.decode(encode_rows(circuit, rows), 66) == rows.tolist()


def test_the_page_decodes_with_a_learned_circuit():
    variables = Variables((4, 4, 1), 8)
    rows = variables.to_rows(random_images(variables, 60) // 16 * 15)
    learned = learn(rows, rows[:0], variables, Learning(4, 6, epochs=2), Context())
    circuit = quantize(learned, uses=3.0)
    assert circuit.levels.transition_fallback is not None
    assert (
        Model(pack_circuit(circuit)).decode(encode_rows(circuit, rows[:2]), 2) == rows[:2].tolist()
    )
