"""The entropy-coded data of sequential scans, which most files have: ITU-T T.81, annex F."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.dct.frame import ZIGZAG
from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "SIZES",
    "count_sequential",
    "last_place",
    "read_sequential",
    "write_bytes",
    "write_sequential",
    "write_word",
]

_BLOCK_ROOM = 1024
"""Bytes that a block can add at most, stuffing and a restart marker included."""

SIZES = np.array([value.bit_length() for value in range(1 << 16)], dtype=np.uint8)
"""The bits of a magnitude."""

_ENDS = np.argsort(ZIGZAG).reshape(16, 4).max(axis=1)
"""The last place in zigzag order of each four coefficients in natural order."""

_LONG = 6
"""Bits by which a code is longer that is not in the short table."""

_ZRL, _EOB = 0xF0, 0x00

_ONES = 0x80
"""In a pad: a byte of ones follows; some cameras fill up where nothing is to be filled."""


@kernel
def _load(data: Any, at: Any, bits: Any, count: Any, beyond: Any) -> Any:
    """At least 32 bits, zeros behind the interval's end; `beyond` of them were made up."""
    while count <= 48:
        byte = np.uint64(0)
        if at < len(data) and data[at] != 0xFF:
            byte = np.uint64(data[at])
            at += 1
        elif at + 1 < len(data) and data[at + 1] == 0:
            byte = np.uint64(0xFF)
            at += 2
        else:
            beyond += 8
        bits = bits << np.uint64(8) | byte
        count += 8
    return at, bits, count, beyond


@kernel
def _end_interval(data: Any, at: Any, bits: Any, count: Any, beyond: Any) -> Any:
    """The position behind the last byte that was used and one of ones behind it, and what the rest
    of that byte differs by from ones; -1 for bits that were made up."""
    if count < beyond:
        return at, -1
    rest = count & 7
    pad = np.int64(bits >> np.uint64(count - rest)) & ((1 << rest) - 1)
    for _ in range((count - beyond) >> 3):
        at -= 1
        if data[at] == 0 and data[at - 1] == 0xFF:
            at -= 1
    pad ^= (1 << rest) - 1
    if at + 1 < len(data) and data[at] == 0xFF and data[at + 1] == 0:
        at += 2
        pad |= _ONES
    return at, pad


@kernel
def read_sequential(
    data: Any, at: Any, coefficients: Any, layout: Any, lookups: Any, across: Any, down: Any,
    restart: Any, pads: Any,
) -> Any:  # fmt: skip
    """Reads a scan into `coefficients` and `pads`; returns the position behind it, -1 for
    damage, before which blocks are read all the same.

    Args:
        lookups: uint16 [2 components, 65536], of DC and AC in turn, as `huffman.lookup_of`.
        others: as of `reading.decode_scan`.
    """
    # Nearly all codes are short: their table stays in the processor's nearest cache.
    short = np.zeros((len(lookups), 1 << (16 - _LONG)), dtype=np.uint16)
    for head in range(short.shape[1]):
        for table in range(len(lookups)):
            found = lookups[table, head << _LONG]
            if found >> 8 <= 16 - _LONG:
                short[table, head] = found
    bits: Any = np.uint64(0)
    count: Any = 0
    beyond, interval = 0, 0
    before = np.zeros(len(layout), dtype=np.int64)
    for mcu in range(across * down):
        if restart and mcu and mcu % restart == 0:
            at, pad = _end_interval(data, at, bits, count, beyond)
            if pad < 0 or at + 1 >= len(data) or data[at] != 0xFF:
                return -1
            if data[at + 1] != 0xD0 + (interval & 7):
                return -1
            pads[interval] = pad
            interval += 1
            at += 2
            bits, count, beyond = np.uint64(0), 0, 0
            before[:] = 0
        column, row = mcu % across, mcu // across
        for part in range(len(layout)):
            for inside in range(layout[part, 2] * layout[part, 3]):
                x = column * layout[part, 2] + inside % layout[part, 2]
                y = row * layout[part, 3] + inside // layout[part, 2]
                block = layout[part, 0] + y * layout[part, 1] + x
                table, k = 2 * part, np.int64(0)
                while k < 64:
                    if count < 32:
                        at, bits, count, beyond = _load(data, at, bits, count, beyond)
                    ahead = np.int64(bits >> np.uint64(count - 16)) & 0xFFFF
                    found = np.int64(short[table, ahead >> _LONG])
                    if found == 0:
                        found = np.int64(lookups[table, ahead])
                    count -= found >> 8
                    run, size = (found >> 4) & 15, found & 15
                    if found == 0 or (k == 0 and run):
                        return -1
                    if size == 0 and k:
                        if run == 15:
                            k += 16
                            continue
                        if run:
                            return -1
                        break
                    count -= size
                    value = np.int64(bits >> np.uint64(count)) & ((1 << size) - 1)
                    if size and value >> (size - 1) == 0:
                        value += 1 - (1 << size)
                    if k == 0:
                        before[part] += value
                        value = before[part]
                    k += run
                    if k > 63 or value < -32768 or value > 32767:
                        return -1
                    coefficients[block, ZIGZAG[k]] = value
                    table, k = 2 * part + 1, k + 1
        if count < beyond:
            return -1
    at, pad = _end_interval(data, at, bits, count, beyond)
    if pad < 0:
        return -1
    pads[interval] = pad
    return at


@kernel
def last_place(words: Any, block: Any) -> Any:
    """A place in zigzag order behind which a block is 0: it is seen four coefficients at a time.

    `words`: int64 [blocks, 16], a view of the coefficients.
    """
    last = 0
    for word in range(16):
        if words[block, word] != 0:
            last = max(last, _ENDS[word])
    return last


@kernel
def _put(out: Any, at: Any, bits: Any, count: Any, code: Any, size: Any) -> Any:
    """Appends `size` <= 32 bits of `code`; returns the position, bits not written, their number."""
    bits = bits << np.uint64(size) | np.uint64(code)
    count += size
    if count >= 32:
        count -= 32
        at = write_word(out, at, np.int64(bits >> np.uint64(count)) & 0xFFFFFFFF)
    return at, bits, count


@kernel
def write_word(out: Any, at: Any, word: Any) -> Any:
    """Writes four bytes with a 0 behind each 255; returns the position behind them."""
    gaps = ~word & 0xFFFFFFFF
    # Bytes of 255 are rare: it is asked for four at once whether one is there.
    if (gaps - 0x01010101) & ~gaps & 0x80808080:
        return write_bytes(out, at, word, 4)
    out[at] = word >> 24
    out[at + 1] = word >> 16
    out[at + 2] = word >> 8
    out[at + 3] = word
    return at + 4


@kernel
def write_bytes(out: Any, at: Any, word: Any, count: Any) -> Any:
    """Writes the last `count` bytes of a number, with a 0 behind each 255."""
    for place in range(count - 1, -1, -1):
        byte = (word >> 8 * place) & 0xFF
        out[at] = byte
        at += 1
        if byte == 0xFF:
            out[at] = 0
            at += 1
    return at


@kernel
def _align(out: Any, at: Any, bits: Any, count: Any, pad: Any) -> Any:
    """Fills the last byte of an interval and writes all; returns the position."""
    fill = (8 - count) & 7
    rest = ((1 << fill) - 1) & ~np.int64(pad)
    at, bits, count = _put(out, at, bits, count, rest, fill)
    at = write_bytes(out, at, np.int64(bits & np.uint64((1 << count) - 1)), count >> 3)
    return write_bytes(out, at, 0xFF, 1) if pad & _ONES else at


@kernel
def write_sequential(
    out: Any, at: Any, coefficients: Any, layout: Any, codes: Any, across: Any, down: Any,
    restart: Any, pads: Any,
) -> Any:  # fmt: skip
    """Writes a scan; returns the position behind it, or within 2 KiB of the end of `out`, where it
    stops.

    Args:
        codes: int64 [2 components, 256], of DC and AC in turn: code * 32 + length, 0 for none.
        others: as of `writing.encode_scan`.
    """
    words = coefficients.view(np.int64)
    bits: Any = np.uint64(0)
    count: Any = 0
    interval = 0
    before = np.zeros(len(layout), dtype=np.int64)
    for mcu in range(across * down):
        if restart and mcu and mcu % restart == 0:
            at = _align(out, at, bits, count, pads[interval])
            bits, count = np.uint64(0), 0
            out[at] = 0xFF
            out[at + 1] = 0xD0 + (interval & 7)
            at += 2
            interval += 1
            before[:] = 0
        column, row = mcu % across, mcu // across
        for part in range(len(layout)):
            for inside in range(layout[part, 2] * layout[part, 3]):
                if at + 2 * _BLOCK_ROOM > len(out):
                    return at
                x = column * layout[part, 2] + inside % layout[part, 2]
                y = row * layout[part, 3] + inside // layout[part, 2]
                block = layout[part, 0] + y * layout[part, 1] + x
                table, zeros, last = 2 * part, 0, last_place(words, block)
                for k in range(last + 1):
                    value = np.int64(coefficients[block, ZIGZAG[k]])
                    if k == 0:
                        value, before[part] = value - before[part], value
                    elif value == 0:
                        zeros += 1
                        continue
                    while zeros > 15:
                        code = codes[table, _ZRL]
                        at, bits, count = _put(out, at, bits, count, code >> 5, code & 31)
                        zeros -= 16
                    size = np.int64(SIZES[abs(value)])
                    code = codes[table, (zeros << 4) | size]
                    rest = (value if value > 0 else value - 1) & ((1 << size) - 1)
                    at, bits, count = _put(
                        out, at, bits, count, (code >> 5) << size | rest, (code & 31) + size
                    )
                    table, zeros = 2 * part + 1, 0
                if zeros or last < 63:
                    code = codes[table, _EOB]
                    at, bits, count = _put(out, at, bits, count, code >> 5, code & 31)
    return _align(out, at, bits, count, pads[interval])


@kernel
def count_sequential(
    coefficients: Any, layout: Any, counts: Any, across: Any, down: Any, restart: Any
) -> None:
    """Adds how often a scan has each symbol to `counts`, int64 [2 components, 256]."""
    words = coefficients.view(np.int64)
    before = np.zeros(len(layout), dtype=np.int64)
    for mcu in range(across * down):
        if restart and mcu % restart == 0:
            before[:] = 0
        column, row = mcu % across, mcu // across
        for part in range(len(layout)):
            for inside in range(layout[part, 2] * layout[part, 3]):
                x = column * layout[part, 2] + inside % layout[part, 2]
                y = row * layout[part, 3] + inside // layout[part, 2]
                block = layout[part, 0] + y * layout[part, 1] + x
                table, zeros, last = 2 * part, 0, last_place(words, block)
                for k in range(last + 1):
                    value = np.int64(coefficients[block, ZIGZAG[k]])
                    if k == 0:
                        value, before[part] = value - before[part], value
                    elif value == 0:
                        zeros += 1
                        continue
                    while zeros > 15:
                        counts[table, _ZRL] += 1
                        zeros -= 16
                    counts[table, (zeros << 4) | np.int64(SIZES[abs(value)])] += 1
                    table, zeros = 2 * part + 1, 0
                if zeros or last < 63:
                    counts[table, _EOB] += 1
