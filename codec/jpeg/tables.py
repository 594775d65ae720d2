"""Huffman tables that follow from the coefficients: those that an encoder made for its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ncodec.jpeg.headers import DERIVED, Headers, Scan, Unsupported, tables_in
from ncodec.jpeg.huffman import kind_of, optimal_table, uses_tables
from ncodec.jpeg.writing import count_symbols

__all__ = ["fill", "without_derived"]


def without_derived(
    headers: bytes, coefficients: NDArray[np.int16], breaks: tuple[NDArray[np.int64], ...]
) -> bytes:
    """Headers in which tables are only named that are the best ones of the scan behind them."""
    walk = Headers(headers)
    kept, start = [], 0
    for broken in breaks:
        scan = walk.next_scan()
        assert scan is not None, "there are breaks for each scan"
        best = _best_tables(scan, coefficients, broken)

        def shorter(number: int, table: bytes, best: dict[int, bytes] = best) -> bytes:
            if best.get(number) == table:
                return bytes([DERIVED | number])
            return bytes([number]) + table

        kept.append(_rewritten(walk, start, shorter))
        start = walk.position
    return b"".join(kept) + headers[start:]


def fill(
    walk: Headers,
    start: int,
    scan: Scan,
    coefficients: NDArray[np.int16],
    breaks: NDArray[np.int64],
) -> tuple[bytes, Scan]:
    """The headers from `start` to where `walk` has found `scan`, and the scan, with all tables.

    Raises:
        Unsupported: a table is to be derived that the scan does not use.
    """
    spans = (walk.data[start:end] for start, end in walk.definitions)
    if all(table for span in spans for _, table in tables_in(span[4:])):
        return walk.data[start : walk.position], scan
    best = _best_tables(scan, coefficients, breaks)

    def longer(number: int, table: bytes) -> bytes:
        if not table and number not in best:
            raise Unsupported("a Huffman table is missing")
        table = table or best[number]
        walk.huffman[number] = table
        return bytes([number]) + table

    piece = _rewritten(walk, start, longer)
    tables = tuple((walk.huffman.get(dc), walk.huffman.get(ac)) for dc, ac in scan.numbers)
    return piece, replace(scan, tables=tables)


def _best_tables(
    scan: Scan, coefficients: NDArray[np.int16], breaks: NDArray[np.int64]
) -> dict[int, bytes]:
    """What libjpeg would make of the tables that a scan uses, by number."""
    uses = uses_tables(kind_of(scan))
    if not any(uses):
        return {}
    totals: dict[int, NDArray[np.int64]] = {}
    for pair, counts in zip(scan.numbers, count_symbols(scan, coefficients, breaks), strict=True):
        for number, used, count in zip(pair, uses, counts, strict=True):
            if used:
                totals[number] = totals.get(number, 0) + count
    return {number: optimal_table(total) for number, total in totals.items()}


def _rewritten(walk: Headers, start: int, written: Callable[[int, bytes], bytes]) -> bytes:
    """The headers from `start` to where `walk` is, each table as `written` has it."""
    kept = []
    for first, end in walk.definitions:
        body = b"".join(written(*each) for each in tables_in(walk.data[first + 4 : end]))
        marker = walk.data[first : first + 2]
        kept += [walk.data[start:first], marker, (2 + len(body)).to_bytes(2, "big"), body]
        start = end
    return b"".join(kept) + walk.data[start : walk.position]
