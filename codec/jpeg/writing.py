"""Coefficients as the entropy-coded data of scans, progressive ones: ITU-T T.81, annex G."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.jpeg.headers import ZIGZAG, Scan
from ncodec.jpeg.huffman import (
    AC_FIRST,
    AC_REFINE,
    DC_FIRST,
    DC_REFINE,
    SEQUENTIAL,
    codes_of,
    intervals,
    kind_of,
    needed_tables,
)
from ncodec.jpeg.sequential import count_sequential, write_sequential

__all__ = ["count_symbols", "encode_scan"]

_LONGEST_RUN = 0x7FFF
_BLOCK_ROOM = 1024
"""Bytes that a block can add at most, stuffing and a restart marker included."""

# The state: the next byte, bits not yet written, how many they are, and whether symbols are counted
# in the place of codes, and nothing is written.
_AT, _BITS, _COUNT, _COUNTING = range(4)


def encode_scan(
    out: NDArray[np.uint8],
    start: int,
    scan: Scan,
    coefficients: NDArray[np.int16],
    pads: NDArray[np.uint8],
    breaks: NDArray[np.int64],
) -> int:
    """Writes a scan's data into `out` and returns the position behind it.

    Where `out` is nearly full, within 2 KiB of its end, writing stops.
    """
    kind = kind_of(scan)
    codes = np.stack([codes_of(table) for pair in needed_tables(scan, kind) for table in pair])
    if kind == SEQUENTIAL:
        end = write_sequential(
            *(out, start, coefficients, scan.layout, codes, scan.mcus[0], scan.mcus[1]),
            *(scan.restart, pads),
        )
    else:
        end = _walk(out, start, scan, coefficients, codes, pads, breaks, False)
    return int(end)


def count_symbols(
    scan: Scan, coefficients: NDArray[np.int16], breaks: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How often a scan has each symbol, int64 [components, 2, 256]: of its DC and its AC table."""
    counts = np.zeros((2 * len(scan.tables), 256), dtype=np.int64)
    if kind_of(scan) == SEQUENTIAL:
        count_sequential(
            coefficients, scan.layout, counts, scan.mcus[0], scan.mcus[1], scan.restart
        )
        return counts.reshape(-1, 2, 256)
    pads = np.zeros(intervals(scan), dtype=np.uint8)
    out = np.empty(4 * _BLOCK_ROOM + 2 * len(pads), dtype=np.uint8)
    _walk(out, 0, scan, coefficients, counts, pads, breaks, True)
    return counts.reshape(-1, 2, 256)


def _walk(
    out: NDArray[np.uint8],
    start: int,
    scan: Scan,
    coefficients: NDArray[np.int16],
    codes: NDArray[np.int64],
    pads: NDArray[np.uint8],
    breaks: NDArray[np.int64],
    counting: bool,
) -> int:
    held = np.zeros(64 * min(len(coefficients), _LONGEST_RUN) + 64, dtype=np.uint8)
    end: int = _encode(
        *(out, start, coefficients, scan.layout, codes, scan.mcus[0], scan.mcus[1]),
        *(scan.restart, kind_of(scan), scan.band[0], scan.band[1], scan.low, pads, breaks, held),
        counting,
    )
    return end


@kernel
def _emit(out: Any, state: Any, bits: Any, count: Any) -> None:
    """Appends `count` <= 16 bits."""
    if state[_COUNTING]:
        return
    state[_BITS] = state[_BITS] << count | (bits & ((1 << count) - 1))
    state[_COUNT] += count
    while state[_COUNT] >= 8:
        state[_COUNT] -= 8
        byte = (state[_BITS] >> state[_COUNT]) & 0xFF
        out[state[_AT]] = byte
        state[_AT] += 1
        if byte == 0xFF:
            out[state[_AT]] = 0
            state[_AT] += 1
    state[_BITS] &= 0xFF


@kernel
def _emit_symbol(out: Any, state: Any, codes: Any, symbol: Any) -> None:
    """Appends a Huffman code; one that does not exist has no bits."""
    if state[_COUNTING]:
        codes[symbol] += 1
        return
    code = codes[symbol]
    _emit(out, state, code >> 5, code & 31)


@kernel
def _size(value: Any) -> Any:
    """The bits of a magnitude."""
    size = 0
    value = abs(value)
    while value:
        size += 1
        value >>= 1
    return size


@kernel
def _flush(out: Any, state: Any, codes: Any, run: Any, held: Any) -> None:
    """Writes a run of ends of bands and the corrections of its blocks.

    `run`: int64 [2], blocks and the number of corrections in `held`.
    """
    if run[0] == 0:
        return
    size = _size(run[0]) - 1
    _emit_symbol(out, state, codes, size << 4)
    _emit(out, state, run[0], size)
    for i in range(run[1]):
        if state[_AT] + _BLOCK_ROOM > len(out):
            break
        _emit(out, state, np.int64(held[i]), 1)
    run[:] = 0


@kernel
def _encode_ac(
    out: Any, state: Any, block: Any, codes: Any, first: Any, last: Any, low: Any, run: Any,
    held: Any,
) -> bool:  # fmt: skip
    """A band's first bits; returns whether it ends before `last`."""
    zeros = 0
    for k in range(first, last + 1):
        value = np.int64(block[ZIGZAG[k]])
        magnitude = abs(value) >> low
        if magnitude == 0:
            zeros += 1
            continue
        _flush(out, state, codes, run, held)
        while zeros > 15:
            _emit_symbol(out, state, codes, 0xF0)
            zeros -= 16
        size = _size(magnitude)
        _emit_symbol(out, state, codes, zeros << 4 | size)
        _emit(out, state, magnitude if value > 0 else ~magnitude, size)
        zeros = 0
    return zeros > 0


@kernel
def _encode_refined(
    out: Any, state: Any, block: Any, codes: Any, first: Any, last: Any, low: Any, run: Any,
    held: Any,
) -> None:  # fmt: skip
    """One more bit of a band's coefficients."""
    final = 0
    for k in range(first, last + 1):
        if abs(np.int64(block[ZIGZAG[k]])) >> low == 1:
            final = k
    zeros = 0
    # Corrections wait until it is known what they belong to: behind those of the run.
    start = run[1]
    count = 0
    for k in range(first, last + 1):
        value = np.int64(block[ZIGZAG[k]])
        magnitude = abs(value) >> low
        if magnitude == 0:
            zeros += 1
            continue
        while zeros > 15 and k <= final:
            _flush(out, state, codes, run, held)
            _emit_symbol(out, state, codes, 0xF0)
            zeros -= 16
            for i in range(count):
                _emit(out, state, np.int64(held[start + i]), 1)
            start, count = 0, 0
        if magnitude > 1:
            held[start + count] = magnitude & 1
            count += 1
            continue
        _flush(out, state, codes, run, held)
        _emit_symbol(out, state, codes, zeros << 4 | 1)
        _emit(out, state, 1 if value > 0 else 0, 1)
        for i in range(count):
            _emit(out, state, np.int64(held[start + i]), 1)
        start, count, zeros = 0, 0, 0
    if zeros or count:
        run[0] += 1
        run[1] += count
        if run[0] == _LONGEST_RUN:
            _flush(out, state, codes, run, held)


@kernel
def _pad(out: Any, state: Any, pad: Any) -> None:
    """Fills the last byte of an interval."""
    count = (8 - state[_COUNT]) & 7
    _emit(out, state, (1 << count) - 1 ^ np.int64(pad), count)


@kernel
def _encode(
    out: Any, start: Any, coefficients: Any, layout: Any, codes: Any, across: Any, down: Any,
    restart: Any, kind: Any, first: Any, last: Any, low: Any, pads: Any, breaks: Any, held: Any,
    counting: Any,
) -> Any:  # fmt: skip
    """Encodes a progressive scan; returns the position behind it."""
    state = np.zeros(4, dtype=np.int64)
    state[_AT], state[_COUNTING] = start, counting
    before = np.zeros(len(layout), dtype=np.int64)
    run = np.zeros(2, dtype=np.int64)
    broken, interval, number = 0, 0, 0
    for mcu in range(across * down):
        if restart and mcu and mcu % restart == 0:
            _flush(out, state, codes[1], run, held)
            _pad(out, state, pads[interval])
            out[state[_AT]] = 0xFF
            out[state[_AT] + 1] = 0xD0 + (interval & 7)
            state[_AT] += 2
            interval += 1
            before[:] = 0
        column, row = mcu % across, mcu // across
        for part in range(len(layout)):
            for inside in range(layout[part, 2] * layout[part, 3]):
                if state[_AT] + 2 * _BLOCK_ROOM > len(out):
                    return state[_AT]
                x = column * layout[part, 2] + inside % layout[part, 2]
                y = row * layout[part, 3] + inside // layout[part, 2]
                block = coefficients[layout[part, 0] + y * layout[part, 1] + x]
                if broken < len(breaks) and breaks[broken] == number:
                    _flush(out, state, codes[1], run, held)
                    broken += 1
                if kind == DC_FIRST:
                    value = np.int64(block[0]) >> low
                    difference = value - before[part]
                    before[part] = value
                    size = _size(difference)
                    _emit_symbol(out, state, codes[2 * part], size)
                    _emit(out, state, difference if difference > 0 else difference - 1, size)
                if kind == DC_REFINE:
                    _emit(out, state, np.int64(block[0]) >> low, 1)
                elif kind == AC_FIRST:
                    if _encode_ac(out, state, block, codes[1], first, last, low, run, held):
                        run[0] += 1
                        if run[0] == _LONGEST_RUN:
                            _flush(out, state, codes[1], run, held)
                elif kind == AC_REFINE:
                    _encode_refined(out, state, block, codes[1], first, last, low, run, held)
                number += 1
    _flush(out, state, codes[1], run, held)
    _pad(out, state, pads[interval])
    return state[_AT]
