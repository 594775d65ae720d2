"""Huffman tables, and the kinds of scans that use them: ITU-T T.81, annexes C, F and G."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from ncodec.jpeg.headers import Scan, Unsupported

__all__ = [
    "AC_FIRST",
    "AC_REFINE",
    "DC_FIRST",
    "DC_REFINE",
    "SEQUENTIAL",
    "codes_of",
    "intervals",
    "kind_of",
    "lookup_of",
    "needed_tables",
    "optimal_table",
    "uses_tables",
]

SEQUENTIAL, DC_FIRST, DC_REFINE, AC_FIRST, AC_REFINE = range(5)


def intervals(scan: Scan) -> int:
    """The restart intervals of a scan: one where it has no restart markers."""
    mcus = scan.mcus[0] * scan.mcus[1]
    return -(-mcus // scan.restart) if scan.restart else 1


def kind_of(scan: Scan) -> int:
    if not scan.progressive:
        return SEQUENTIAL
    if scan.band[0]:
        return AC_REFINE if scan.high else AC_FIRST
    return DC_REFINE if scan.high else DC_FIRST


def uses_tables(kind: int) -> tuple[bool, bool]:
    """Whether scans of a kind use their DC tables, and their AC tables."""
    return kind in (SEQUENTIAL, DC_FIRST), kind in (SEQUENTIAL, AC_FIRST, AC_REFINE)


def needed_tables(scan: Scan, kind: int) -> list[tuple[bytes, bytes]]:
    """The tables that the scan uses; an empty one stands for one that it does not use."""
    empty = bytes(16)
    uses_dc, uses_ac = uses_tables(kind)
    pairs = []
    for dc, ac in scan.tables:
        if (uses_dc and not dc) or (uses_ac and not ac):
            raise Unsupported("a Huffman table is missing")
        pairs.append((dc if uses_dc and dc else empty, ac if uses_ac and ac else empty))
    return pairs


def _canonical(table: bytes) -> list[tuple[int, int, int]]:
    """The (symbol, length, code) of a table, by T.81's annex C."""
    code, at, found = 0, 16, []
    for length in range(1, 17):
        for _ in range(table[length - 1]):
            if code >= 1 << length:
                raise Unsupported("a Huffman table has more codes than there are")
            found.append((table[at], length, code))
            code += 1
            at += 1
        code <<= 1
    return found


def lookup_of(table: bytes) -> NDArray[np.uint16]:
    """The length * 256 + symbol of the code with which 16 bits begin; 0 where there is none."""
    lookup = np.zeros(1 << 16, dtype=np.uint16)
    for symbol, length, code in _canonical(table):
        shift = 16 - length
        lookup[code << shift : (code + 1) << shift] = length << 8 | symbol
    return lookup


def codes_of(table: bytes) -> NDArray[np.int64]:
    """The code * 32 + length of each symbol; 0 where there is none."""
    codes = np.zeros(256, dtype=np.int64)
    for symbol, length, code in reversed(_canonical(table)):
        codes[symbol] = code << 5 | length
    return codes


def optimal_table(counts: NDArray[np.int64]) -> bytes:
    """The table that libjpeg makes for symbols of these counts, int64 [256].

    It is T.81's annex K.2: a code of all ones is left out, and lengths over 16 are shortened.
    """
    reserved = 256
    # Of equal counts the larger symbol comes first; a pair goes by its rarer one's name.
    used = np.flatnonzero(counts).tolist()
    heap = [
        (count, -symbol, symbol) for symbol, count in zip(used, counts[used].tolist(), strict=True)
    ]
    heap.append((1, -reserved, reserved))
    heapq.heapify(heap)
    parents = [0] * (reserved + len(heap))
    pair = reserved
    while len(heap) > 1:
        pair += 1
        rare, name, first = heapq.heappop(heap)
        other, _, second = heap[0]
        parents[first] = parents[second] = pair
        heapq.heapreplace(heap, (rare + other, name, pair))
    lengths = [0] * (pair + 1)
    for node in [*range(pair - 1, reserved, -1), reserved, *used] if used else []:
        lengths[node] = lengths[parents[node]] + 1
    del lengths[reserved + 1 :]
    numbers = np.bincount([length for length in lengths if length], minlength=18)
    for length in range(len(numbers) - 1, 16, -1):
        while numbers[length] > 0:
            shorter = length - 2
            while numbers[shorter] == 0:
                shorter -= 1
            numbers[length] -= 2
            numbers[length - 1] += 1
            numbers[shorter + 1] += 2
            numbers[shorter] -= 1
    longest = np.flatnonzero(numbers)[-1:]
    numbers[longest] -= 1
    order = sorted(range(reserved), key=lambda symbol: lengths[symbol])
    return bytes(numbers[1:17].tolist()) + bytes(symbol for symbol in order if lengths[symbol])
