"""Entropy-coded data of scans as coefficients, progressive ones: ITU-T T.81, annex G.

A scan is decoded block by block, in the order in which its MCUs come. What the coefficients do
not say about the bytes is kept beside them:

    pads    the bits that fill an interval's last byte, as what differs from ones
    breaks  blocks of progressive scans at which a run of ends of bands begins although the run
            before had room for it, and where a run ends at which the scan is cut or damaged

Coefficients are int16 [blocks, 64] in natural order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.frame import ZIGZAG
from ncodec.formats.entropy.kernels import kernel
from ncodec.jpeg.headers import Scan
from ncodec.jpeg.huffman import (
    AC_FIRST,
    AC_REFINE,
    DC_FIRST,
    DC_REFINE,
    SEQUENTIAL,
    intervals,
    kind_of,
    lookup_of,
    needed_tables,
)
from ncodec.jpeg.sequential import last_place, read_sequential

__all__ = ["decode_scan"]

# The state: the next byte, bits not yet used, how many they are, and how many beyond the data's
# end were made up.
_AT, _BITS, _COUNT, _BEYOND = range(4)


def decode_scan(
    data: NDArray[np.uint8], start: int, scan: Scan, coefficients: NDArray[np.int16]
) -> tuple[int, NDArray[np.uint8], NDArray[np.int64]]:
    """Adds what a scan says to `coefficients`.

    Returns:
        The position behind the scan's data, -1 where the data is damaged or ends early: the blocks
        that come before are decoded all the same; its pads; its breaks.

    Raises:
        Unsupported: a Huffman table is missing or damaged.
    """
    kind = kind_of(scan)
    pads = np.zeros(intervals(scan), dtype=np.uint8)
    blocks = scan.mcus[0] * scan.mcus[1] if kind >= AC_FIRST else 0
    breaks = np.zeros(blocks + 1, dtype=np.int64)
    lookups = np.stack([lookup_of(table) for pair in needed_tables(scan, kind) for table in pair])
    count = 0
    if kind == SEQUENTIAL:
        end = read_sequential(
            *(data, start, coefficients, scan.layout, lookups, scan.mcus[0], scan.mcus[1]),
            *(scan.restart, pads),
        )
    else:
        end, count = _decode(
            *(data, start, coefficients, scan.layout, lookups, scan.mcus[0], scan.mcus[1]),
            *(scan.restart, kind, scan.band[0], scan.band[1], scan.low, pads, breaks),
        )
    return end, pads, breaks[:count].copy()


@kernel
def _load(data: Any, state: Any) -> None:
    """At least 16 bits; zeros where the interval's data has ended."""
    while state[_COUNT] < 16:
        at = state[_AT]
        byte: Any = 0
        if at < len(data) and data[at] != 0xFF:
            byte = np.int64(data[at])
            state[_AT] = at + 1
        elif at + 1 < len(data) and data[at + 1] == 0:
            byte = 0xFF
            state[_AT] = at + 2
        else:
            state[_BEYOND] += 8
        state[_BITS] = (state[_BITS] & 0xFFFF) << 8 | byte
        state[_COUNT] += 8


@kernel
def _symbol(data: Any, state: Any, lookup: Any) -> Any:
    """The next Huffman symbol, -1 if there is none."""
    _load(data, state)
    found = np.int64(lookup[(state[_BITS] >> (state[_COUNT] - 16)) & 0xFFFF])
    state[_COUNT] -= found >> 8
    return found & 0xFF if found else -1


@kernel
def _take(data: Any, state: Any, count: Any) -> Any:
    """The next `count` <= 15 bits."""
    _load(data, state)
    state[_COUNT] -= count
    return (state[_BITS] >> state[_COUNT]) & ((1 << count) - 1)


@kernel
def _signed(data: Any, state: Any, size: Any) -> Any:
    """A value of `size` bits, by T.81's EXTEND."""
    value = _take(data, state, size)
    return value if size == 0 or value >> (size - 1) else value - (1 << size) + 1


@kernel
def _end_interval(data: Any, state: Any) -> Any:
    """Goes to the next whole byte and returns its pad; -1 where bits were made up."""
    if state[_COUNT] < state[_BEYOND]:
        return -1
    count = state[_COUNT] & 7
    pad = (state[_BITS] >> (state[_COUNT] - count)) & ((1 << count) - 1)
    for _ in range((state[_COUNT] - state[_BEYOND]) >> 3):
        state[_AT] -= 1
        if data[state[_AT]] == 0 and data[state[_AT] - 1] == 0xFF:
            state[_AT] -= 1
    state[_BITS] = state[_COUNT] = state[_BEYOND] = 0
    return pad ^ ((1 << count) - 1)


@kernel
def _decode_ac(
    data: Any, state: Any, block: Any, lookup: Any, first: Any, last: Any, low: Any
) -> Any:
    """The AC coefficients of a block; returns the run of ends of bands, -1 for damage."""
    k = first
    while k <= last:
        both = _symbol(data, state, lookup)
        if both < 0:
            return -1
        run, size = both >> 4, both & 15
        if size:
            k += run
            if k > last:
                return -1
            value = _signed(data, state, size) * (1 << low)
            if value < -32767 or value > 32767:
                return -1
            block[ZIGZAG[k]] = value
            k += 1
        elif run == 15:
            k += 16
        else:
            return (1 << run) + _take(data, state, run)
    return 0


@kernel
def _correct(data: Any, state: Any, block: Any, place: Any, low: Any) -> None:
    """One more bit of a coefficient that is not 0."""
    if _take(data, state, 1):
        block[place] += 1 << low if block[place] > 0 else -(1 << low)


@kernel
def _refine_ac(
    data: Any, state: Any, block: Any, lookup: Any, first: Any, last: Any, low: Any
) -> Any:
    """One more bit of a band's coefficients; returns what `_decode_ac` does."""
    k = first
    while k <= last:
        both = _symbol(data, state, lookup)
        if both < 0 or both & 15 > 1:
            return -1
        run, size = both >> 4, both & 15
        value = 0
        if size:
            value = 1 << low if _take(data, state, 1) else -(1 << low)
        elif run < 15:
            ends = (1 << run) + _take(data, state, run)
            while k <= last:
                if block[ZIGZAG[k]]:
                    _correct(data, state, block, ZIGZAG[k], low)
                k += 1
            return ends
        while k <= last:
            place = ZIGZAG[k]
            if block[place]:
                _correct(data, state, block, place, low)
            elif run == 0:
                break
            else:
                run -= 1
            k += 1
        if value:
            if k > last:
                return -1
            block[ZIGZAG[k]] = value
        k += 1
    return 0


@kernel
def _decode(
    data: Any, start: Any, coefficients: Any, layout: Any, lookups: Any, across: Any, down: Any,
    restart: Any, kind: Any, first: Any, last: Any, low: Any, pads: Any, breaks: Any,
) -> Any:  # fmt: skip
    """Decodes a scan that is progressive; returns the position behind it (-1 for damage) and the
    number of breaks."""
    words = coefficients.view(np.int64)
    state = np.zeros(4, dtype=np.int64)
    state[_AT] = start
    before = np.zeros(len(layout), dtype=np.int64)
    ends, broken, interval, number = 0, 0, 0, 0
    after_run = False
    for mcu in range(across * down):
        if restart and mcu and mcu % restart == 0:
            pad = _end_interval(data, state)
            at = state[_AT]
            if pad < 0 or ends or at + 1 >= len(data) or data[at] != 0xFF:
                return -1, broken
            if data[at + 1] != 0xD0 + (interval & 7):
                return -1, broken
            pads[interval] = pad
            interval += 1
            state[_AT] = at + 2
            before[:] = 0
            after_run = False
        column, row = mcu % across, mcu // across
        for part in range(len(layout)):
            for inside in range(layout[part, 2] * layout[part, 3]):
                x = column * layout[part, 2] + inside % layout[part, 2]
                y = row * layout[part, 3] + inside // layout[part, 2]
                place = layout[part, 0] + y * layout[part, 1] + x
                block = coefficients[place]
                if kind == DC_FIRST:
                    size = _symbol(data, state, lookups[2 * part])
                    if size < 0 or size > 15:
                        return -1, broken
                    before[part] += _signed(data, state, size)
                    value = before[part] * (1 << low)
                    if value < -32768 or value > 32767:
                        return -1, broken
                    block[0] = value
                if kind == DC_REFINE:
                    block[0] |= _take(data, state, 1) << low
                elif kind >= AC_FIRST:
                    if ends:
                        ends -= 1
                        if kind == AC_REFINE:
                            for k in range(first, min(last, last_place(words, place)) + 1):
                                if block[ZIGZAG[k]]:
                                    _correct(data, state, block, ZIGZAG[k], low)
                        after_run = ends == 0
                    else:
                        if kind == AC_FIRST:
                            ends = _decode_ac(
                                data, state, block, lookups[2 * part + 1], first, last, low
                            )
                        else:
                            ends = _refine_ac(
                                data, state, block, lookups[2 * part + 1], first, last, low
                            )
                        if ends < 0:
                            breaks[broken] = number
                            return -1, broken + 1
                        if ends and after_run and not _news(block, first, last, low, kind):
                            breaks[broken] = number
                            broken += 1
                        after_run = ends == 1
                        ends = max(ends - 1, 0)
                number += 1
        if state[_COUNT] < state[_BEYOND]:
            if kind >= AC_FIRST:
                breaks[broken] = number + ends
                broken += 1
            return -1, broken
    pad = _end_interval(data, state)
    if pad < 0 or ends:
        return -1, broken
    pads[interval] = pad
    return state[_AT], broken


@kernel
def _news(block: Any, first: Any, last: Any, low: Any, kind: Any) -> bool:
    """Whether the scan says of a coefficient of the band that it is not 0."""
    for k in range(first, last + 1):
        magnitude = abs(np.int64(block[ZIGZAG[k]])) >> low
        if magnitude == 1 or (magnitude and kind == AC_FIRST):
            return True
    return False
