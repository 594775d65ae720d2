"""Coefficients as the entropy-coded data of scans, progressive ones: ITU-T T.81, annex G."""

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
    codes_of,
    intervals,
    kind_of,
    needed_tables,
)
from ncodec.jpeg.sequential import (
    SIZES,
    count_sequential,
    last_place,
    write_bytes,
    write_sequential,
    write_word,
)

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
    out: Any, start: int, scan: Scan, coefficients: Any, codes: Any, pads: Any, breaks: Any,
    counting: bool,
) -> int:  # fmt: skip
    held = np.empty((_LONGEST_RUN, 2), dtype=np.int64)
    end: int = _encode(
        *(out, start, coefficients, scan.layout, codes, scan.mcus[0], scan.mcus[1]),
        *(scan.restart, kind_of(scan), scan.band[0], scan.band[1], scan.low, pads, breaks, held),
        counting,
    )
    return end


@kernel(inline="always")
def _emit(out: Any, state: Any, bits: Any, count: Any) -> None:
    """Appends `count` <= 16 bits."""
    if state[_COUNTING]:
        return
    state[_BITS] = (state[_BITS] & 0xFFFFFFFF) << count | (bits & ((1 << count) - 1))
    state[_COUNT] += count
    if state[_COUNT] >= 32:
        state[_COUNT] -= 32
        word = (state[_BITS] >> state[_COUNT]) & 0xFFFFFFFF
        state[_AT] = write_word(out, state[_AT], word)


@kernel(inline="always")
def _emit_symbol(out: Any, state: Any, codes: Any, symbol: Any) -> None:
    """Appends a Huffman code; one that does not exist has no bits."""
    if state[_COUNTING]:
        codes[symbol] += 1
        return
    code = codes[symbol]
    _emit(out, state, code >> 5, code & 31)


@kernel
def _emit_corrections(out: Any, state: Any, bits: Any, count: Any) -> None:
    """Appends `count` < 64 bits."""
    if count > 31:
        _emit(out, state, bits >> 31, count - 31)
        count = 31
    _emit(out, state, bits, count)


@kernel
def _flush(out: Any, state: Any, codes: Any, run: Any, held: Any) -> None:
    """Writes a run of ends of bands and the corrections of its blocks.

    Args:
        run: int64 [3], blocks, those of them that have corrections, and the number of these.
        held: int64 [blocks, 2], the corrections of a block as bits, and how many they are.
    """
    size = np.int64(SIZES[abs(run[0])]) - 1
    _emit_symbol(out, state, codes, size << 4)
    _emit(out, state, run[0], size)
    for i in range(run[1]):
        if state[_AT] + _BLOCK_ROOM > len(out):
            break
        _emit_corrections(out, state, held[i, 0], held[i, 1])
    run[:] = 0


@kernel
def _encode_ac(
    out: Any, state: Any, block: Any, codes: Any, first: Any, last: Any, low: Any, run: Any,
    held: Any,
) -> bool:  # fmt: skip
    """A band's first bits, up to a place behind which it is 0; returns whether it ends before."""
    zeros = 0
    for k in range(first, last + 1):
        value = np.int64(block[ZIGZAG[k]])
        magnitude = abs(value) >> low
        if magnitude == 0:
            zeros += 1
            continue
        if run[0]:
            _flush(out, state, codes, run, held)
        while zeros > 15:
            _emit_symbol(out, state, codes, 0xF0)
            zeros -= 16
        size = np.int64(SIZES[abs(magnitude)])
        _emit_symbol(out, state, codes, zeros << 4 | size)
        _emit(out, state, magnitude if value > 0 else ~magnitude, size)
        zeros = 0
    return zeros > 0


@kernel
def _encode_refined(
    out: Any, state: Any, block: Any, codes: Any, first: Any, last: Any, low: Any, run: Any,
    held: Any, more: Any,
) -> None:  # fmt: skip
    """One more bit of a band's coefficients up to `last`, behind which there may be zeros more."""
    final = 0
    for k in range(first, last + 1):
        if abs(np.int64(block[ZIGZAG[k]])) >> low == 1:
            final = k
    # Corrections wait until it is known what they belong to: behind those of the run.
    zeros, bits, count = 0, 0, 0
    for k in range(first, last + 1):
        value = np.int64(block[ZIGZAG[k]])
        magnitude = abs(value) >> low
        if magnitude == 0:
            zeros += 1
            continue
        while zeros > 15 and k <= final:
            if run[0]:
                _flush(out, state, codes, run, held)
            _emit_symbol(out, state, codes, 0xF0)
            zeros -= 16
            _emit_corrections(out, state, bits, count)
            bits, count = 0, 0
        if magnitude > 1:
            bits = bits << 1 | magnitude & 1
            count += 1
            continue
        if run[0]:
            _flush(out, state, codes, run, held)
        _emit_symbol(out, state, codes, zeros << 4 | 1)
        _emit(out, state, 1 if value > 0 else 0, 1)
        _emit_corrections(out, state, bits, count)
        zeros, bits, count = 0, 0, 0
    if zeros or count or more:
        if count:
            held[run[1], 0], held[run[1], 1] = bits, count
            run[1] += 1
        run[0] += 1
        run[2] += count
        if run[0] == _LONGEST_RUN:
            _flush(out, state, codes, run, held)


@kernel
def _pad(out: Any, state: Any, pad: Any) -> None:
    """Fills the last byte of an interval, and writes what is held."""
    count = (8 - state[_COUNT]) & 7
    _emit(out, state, (1 << count) - 1 ^ np.int64(pad), count)
    count = state[_COUNT] >> 3
    state[_AT] = write_bytes(out, state[_AT], state[_BITS] & ((1 << state[_COUNT]) - 1), count)
    state[_COUNT] = 0


@kernel
def _encode(
    out: Any, start: Any, coefficients: Any, layout: Any, codes: Any, across: Any, down: Any,
    restart: Any, kind: Any, first: Any, last: Any, low: Any, pads: Any, breaks: Any, held: Any,
    counting: Any,
) -> Any:  # fmt: skip
    """Encodes a progressive scan; returns the position behind it."""
    words = coefficients.view(np.int64)
    state = np.zeros(4, dtype=np.int64)
    state[_AT], state[_COUNTING] = start, counting
    before = np.zeros(len(layout), dtype=np.int64)
    run = np.zeros(3, dtype=np.int64)
    broken, interval, number = 0, 0, 0
    for mcu in range(across * down):
        if restart and mcu and mcu % restart == 0:
            if run[0]:
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
                place = layout[part, 0] + y * layout[part, 1] + x
                block = coefficients[place]
                if broken < len(breaks) and breaks[broken] == number:
                    if run[0]:
                        _flush(out, state, codes[1], run, held)
                    broken += 1
                if kind == DC_FIRST:
                    value = np.int64(block[0]) >> low
                    difference = value - before[part]
                    before[part] = value
                    size = np.int64(SIZES[abs(difference)])
                    _emit_symbol(out, state, codes[2 * part], size)
                    _emit(out, state, difference if difference > 0 else difference - 1, size)
                if kind == DC_REFINE:
                    _emit(out, state, np.int64(block[0]) >> low, 1)
                elif kind == AC_FIRST:
                    end = min(last, last_place(words, place))
                    zeros = _encode_ac(out, state, block, codes[1], first, end, low, run, held)
                    if zeros or end < last:
                        run[0] += 1
                        if run[0] == _LONGEST_RUN:
                            _flush(out, state, codes[1], run, held)
                elif kind == AC_REFINE:
                    end = min(last, last_place(words, place))
                    _encode_refined(
                        out, state, block, codes[1], first, end, low, run, held, end < last
                    )
                number += 1
    if run[0]:
        _flush(out, state, codes[1], run, held)
    _pad(out, state, pads[interval])
    return state[_AT]
