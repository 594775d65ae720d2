"""Entropy-coded data of scans as coefficients, and back: ITU-T T.81, annexes F and G.

A scan is decoded block by block, in the order in which its MCUs come. What the coefficients do
not say about the bytes is kept beside them:

    pads    the bits that fill an interval's last byte, as what differs from ones
    breaks  blocks of progressive scans at which a run of ends of bands begins although the run
            before had room for it

Coefficients are int16 [blocks, 64] in natural order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.jpeg.headers import ZIGZAG, Scan, Unsupported

__all__ = ["decode_scan", "encode_scan", "intervals"]

_SEQUENTIAL, _DC_FIRST, _DC_REFINE, _AC_FIRST, _AC_REFINE = range(5)
_LONGEST_RUN = 0x7FFF
_BLOCK_ROOM = 1024
"""Bytes that a block can add at most, stuffing and a restart marker included."""

# The state of a reader or writer: the next byte, bits not yet used or written, how many they are;
# a reader's last entry counts the bits beyond the data's end that it made up.
_AT, _BITS, _COUNT, _BEYOND = range(4)


def intervals(scan: Scan) -> int:
    """The restart intervals of a scan: one where it has no restart markers."""
    mcus = scan.mcus[0] * scan.mcus[1]
    return -(-mcus // scan.restart) if scan.restart else 1


def decode_scan(
    data: NDArray[np.uint8], start: int, scan: Scan, coefficients: NDArray[np.int16]
) -> tuple[int, NDArray[np.uint8], NDArray[np.int64]]:
    """Adds what a scan says to `coefficients`.

    Returns:
        The position behind the scan's data; its pads; its breaks.

    Raises:
        Unsupported: the data is damaged or ends early.
    """
    kind = _kind(scan)
    pads = np.zeros(intervals(scan), dtype=np.uint8)
    blocks = scan.mcus[0] * scan.mcus[1] if kind >= _AC_FIRST else 0
    breaks = np.zeros(blocks + 1, dtype=np.int64)
    lookups = np.stack([_lookup(table) for pair in _needed(scan, kind) for table in pair])
    end, count = _decode(
        *(data, start, coefficients, scan.layout, lookups, scan.mcus[0], scan.mcus[1]),
        *(scan.restart, kind, scan.band[0], scan.band[1], scan.low, pads, breaks),
    )
    if end < 0:
        raise Unsupported("its entropy-coded data is damaged or cut")
    return end, pads, breaks[:count].copy()


def encode_scan(
    out: NDArray[np.uint8],
    start: int,
    scan: Scan,
    coefficients: NDArray[np.int16],
    pads: NDArray[np.uint8],
    breaks: NDArray[np.int64],
) -> int:
    """Writes a scan's data into `out` and returns the position behind it.

    Raises:
        Unsupported: it does not fit, or a table lacks a code.
    """
    kind = _kind(scan)
    codes = np.stack([_codes(table) for pair in _needed(scan, kind) for table in pair])
    held = np.zeros(64 * min(len(coefficients), _LONGEST_RUN) + 64, dtype=np.uint8)
    end = _encode(
        *(out, start, coefficients, scan.layout, codes, scan.mcus[0], scan.mcus[1]),
        *(scan.restart, kind, scan.band[0], scan.band[1], scan.low, pads, breaks, held),
    )
    if end < 0:
        raise Unsupported("its coefficients have no codes in its tables")
    return int(end)


def _kind(scan: Scan) -> int:
    if not scan.progressive:
        return _SEQUENTIAL
    if scan.band[0]:
        return _AC_REFINE if scan.high else _AC_FIRST
    return _DC_REFINE if scan.high else _DC_FIRST


def _needed(scan: Scan, kind: int) -> list[tuple[bytes, bytes]]:
    """The tables that the scan uses; an empty one stands for one that it does not use."""
    empty = bytes(16)
    uses_dc, uses_ac = (
        kind in (_SEQUENTIAL, _DC_FIRST),
        kind in (_SEQUENTIAL, _AC_FIRST, _AC_REFINE),
    )
    pairs = []
    for dc, ac in scan.tables:
        if (uses_dc and dc is None) or (uses_ac and ac is None):
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


def _lookup(table: bytes) -> NDArray[np.uint16]:
    """The length * 256 + symbol of the code with which 16 bits begin; 0 where there is none."""
    lookup = np.zeros(1 << 16, dtype=np.uint16)
    for symbol, length, code in _canonical(table):
        shift = 16 - length
        lookup[code << shift : (code + 1) << shift] = length << 8 | symbol
    return lookup


def _codes(table: bytes) -> NDArray[np.int64]:
    """The code * 32 + length of each symbol; 0 where there is none."""
    codes = np.zeros(256, dtype=np.int64)
    for symbol, length, code in reversed(_canonical(table)):
        codes[symbol] = code << 5 | length
    return codes


@kernel
def _load(data: Any, state: Any) -> None:
    """At least 16 bits; zeros where the interval's data has ended."""
    while state[_COUNT] < 16:
        at = state[_AT]
        byte = 0
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
    """Decodes a scan; returns the position behind it (-1 for damage) and the number of breaks."""
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
                return -1, 0
            if data[at + 1] != 0xD0 + (interval & 7):
                return -1, 0
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
                block = coefficients[layout[part, 0] + y * layout[part, 1] + x]
                if kind <= _DC_FIRST:
                    size = _symbol(data, state, lookups[2 * part])
                    if size < 0 or size > 15:
                        return -1, 0
                    before[part] += _signed(data, state, size)
                    value = before[part] * (1 << low)
                    if value < -32768 or value > 32767:
                        return -1, 0
                    block[0] = value
                if kind == _SEQUENTIAL:
                    ends = _decode_ac(data, state, block, lookups[2 * part + 1], 1, last, 0)
                    if ends < 0 or ends > 1:
                        return -1, 0
                    ends = 0
                elif kind == _DC_REFINE:
                    block[0] |= _take(data, state, 1) << low
                elif kind >= _AC_FIRST:
                    if ends:
                        ends -= 1
                        if kind == _AC_REFINE:
                            for k in range(first, last + 1):
                                if block[ZIGZAG[k]]:
                                    _correct(data, state, block, ZIGZAG[k], low)
                        after_run = ends == 0
                    else:
                        if kind == _AC_FIRST:
                            ends = _decode_ac(
                                data, state, block, lookups[2 * part + 1], first, last, low
                            )
                        else:
                            ends = _refine_ac(
                                data, state, block, lookups[2 * part + 1], first, last, low
                            )
                        if ends < 0:
                            return -1, 0
                        if ends and after_run and not _news(block, first, last, low, kind):
                            breaks[broken] = number
                            broken += 1
                        after_run = ends == 1
                        ends = max(ends - 1, 0)
                number += 1
        if state[_COUNT] < state[_BEYOND]:
            return -1, 0
    pad = _end_interval(data, state)
    if pad < 0 or ends:
        return -1, 0
    pads[interval] = pad
    return state[_AT], broken


@kernel
def _news(block: Any, first: Any, last: Any, low: Any, kind: Any) -> bool:
    """Whether the scan says of a coefficient of the band that it is not 0."""
    for k in range(first, last + 1):
        magnitude = abs(np.int64(block[ZIGZAG[k]])) >> low
        if magnitude == 1 or (magnitude and kind == _AC_FIRST):
            return True
    return False


@kernel
def _emit(out: Any, state: Any, bits: Any, count: Any) -> None:
    """Appends `count` <= 16 bits."""
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
    """Appends a Huffman code; one that does not exist is marked in the state."""
    code = codes[symbol]
    if code == 0:
        state[_BEYOND] = 1
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
    if state[_AT] + _BLOCK_ROOM + run[1] // 4 > len(out):
        state[_BEYOND] = 1
    else:
        size = _size(run[0]) - 1
        _emit_symbol(out, state, codes, size << 4)
        _emit(out, state, run[0], size)
        for i in range(run[1]):
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
) -> Any:  # fmt: skip
    """Encodes a scan; returns the position behind it, -1 where it cannot be."""
    state = np.zeros(4, dtype=np.int64)
    state[_AT] = start
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
                    return -1
                x = column * layout[part, 2] + inside % layout[part, 2]
                y = row * layout[part, 3] + inside // layout[part, 2]
                block = coefficients[layout[part, 0] + y * layout[part, 1] + x]
                if broken < len(breaks) and breaks[broken] == number:
                    _flush(out, state, codes[1], run, held)
                    broken += 1
                if kind <= _DC_FIRST:
                    value = np.int64(block[0]) >> low
                    difference = value - before[part]
                    before[part] = value
                    size = _size(difference)
                    if size > 15:
                        return -1
                    _emit_symbol(out, state, codes[2 * part], size)
                    _emit(out, state, difference if difference > 0 else difference - 1, size)
                if kind == _SEQUENTIAL:
                    if _encode_ac(out, state, block, codes[2 * part + 1], 1, last, 0, run, held):
                        _emit_symbol(out, state, codes[2 * part + 1], 0)
                elif kind == _DC_REFINE:
                    _emit(out, state, np.int64(block[0]) >> low, 1)
                elif kind == _AC_FIRST:
                    if _encode_ac(out, state, block, codes[1], first, last, low, run, held):
                        run[0] += 1
                        if run[0] == _LONGEST_RUN:
                            _flush(out, state, codes[1], run, held)
                elif kind == _AC_REFINE:
                    _encode_refined(out, state, block, codes[1], first, last, low, run, held)
                if state[_BEYOND]:
                    return -1
                number += 1
    _flush(out, state, codes[1], run, held)
    _pad(out, state, pads[interval])
    return -1 if state[_BEYOND] else state[_AT]
