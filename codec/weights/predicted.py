"""Grids of values along time, coded by prediction: every value has an interval of its own.

A value is expected where the slice before, an entry along the first axis, has it, moved by a share
of what changed to its left and above it. How far such expectations were off around it says which
of a few tables codes it: what moved at a place is likely to move again, and so are its neighbours.

Expectations are in ninths of a step, and tables have nine cells a step: a table is shifted under
the integers. docs/ngrid.md has every bit.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log2

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.coder import PRECISION, TOTAL
from ncodec.formats.entropy.ranges import (
    finish,
    require_intact,
    start_decoding,
    start_encoding,
    to_bytes,
    to_words,
)
from ncodec.formats.entropy.tables import SCALES, gaussian, laplace
from ncodec.weights.places import (
    CELLS,
    CLASSES,
    LARGEST_ERROR,
    PREDICTOR,
    WEIGHT_BITS,
    expect,
    padded,
    read,
    write,
)

__all__ = ["decode_grids", "encode_grids", "grid_bytes"]

_HEAD = struct.Struct(f"<{PREDICTOR}bB{CLASSES}s")
_ESCAPED_BITS = 32
_GAUSSIAN = SCALES
"""Added to the scale index of a Gaussian table."""

Cells = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Coding:
    """How a grid is coded, and what it then takes.

    Attributes:
        head: what a reader must know.
        models: one for each class: a scale index, `_GAUSSIAN` more for a Gaussian table.
        means, classes: those of each value, in C order.
        bits: the bits of all values.
    """

    head: bytes
    models: bytes
    means: NDArray[np.int64]
    classes: NDArray[np.uint8]
    bits: float


def encode_grids(grids: Sequence[NDArray[np.integer]]) -> bytes:
    """Grids (times, channels, rows, columns) of int32 as their heads and one stream.

    A head is the predictor, i8 [5], the error before the first slice, u8, and models, u8 [classes].
    """
    codings = [_coding(grid) for grid in grids]
    # No value takes more than two words: 24 bits, or an escape of as many and 32 more.
    words = np.zeros(2 * sum(grid.size for grid in grids) + 4, np.uint32)
    state = start_encoding()
    for grid, coding in zip(grids, codings, strict=True):
        values, tables = grid.ravel().astype(np.int32), _tables(coding.models)
        write(values, coding.means, coding.classes, *tables, state, words)
    return b"".join(c.head for c in codings) + to_bytes(words, finish(state, words))


def decode_grids(data: bytes, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.int32]]:
    """Reads what `encode_grids` made of grids of these shapes.

    Raises:
        DamagedFile: `data` cannot be the code of such grids.
    """
    count = len(shapes)
    if len(data) < count * _HEAD.size:
        raise DamagedFile("the heads of coded grids are cut off: fetch the file again")
    words = to_words(data[count * _HEAD.size :])
    state = start_decoding(words)
    grids = []
    for shape, head in zip(shapes, _HEAD.iter_unpack(data[: count * _HEAD.size]), strict=True):
        *predictor, start, models = head
        if start > LARGEST_ERROR or max(models) >= 2 * SCALES:
            raise DamagedFile("the head of a coded grid is damaged: fetch the file again")
        values, errors = padded(np.zeros(shape, np.int32), start)
        if not read(values, errors, np.array(predictor), *_tables(models), state, words):
            raise DamagedFile("a grid holds values that no int32 is: fetch the file again")
        grids.append(values[1:, :, 1:-1, 1:-1].copy())
    require_intact(state, words)
    return grids


def grid_bytes(values: NDArray[np.int32]) -> float:
    """The approximate number of bytes that a grid adds to `encode_grids`."""
    return _HEAD.size + _coding(values).bits / 8


def _coding(values: NDArray[np.integer]) -> _Coding:
    """A good predictor, and the cheapest models."""
    # Torch, which only encoders need.
    import torch

    from ncodec.weights.rate import predictor_of

    grid = values.astype(np.int32)
    predictor = predictor_of(torch.from_numpy(grid).float()).numpy()
    weights = np.rint(predictor * (1 << WEIGHT_BITS)).astype(np.int64)
    # Errors of the first slice do not depend on those before it.
    first, errors = padded(grid[:1], 0)
    expect(first, errors, weights)
    start = round(float(errors[1, :, 1:-1, 1:-1].mean()))
    means, classes = expect(*padded(grid, start), weights)
    off = CELLS * grid.ravel().astype(np.int64) - means
    best = [_cheapest(off[classes == number]) for number in range(CLASSES)]
    models = bytes(model for model, _ in best)
    bits = sum(bits for _, bits in best)
    return _Coding(_HEAD.pack(*weights, start, models), models, means, classes, bits)


def _cheapest(off: Cells) -> tuple[int, float]:
    """The cheapest model for values that are so many cells off, and their bits with it."""
    if not off.size:
        return 0, 0.0
    places, counts = np.unique(off, return_counts=True)
    deviation = float(np.dot(np.abs(places), counts)) / len(off)
    start = min(SCALES - 1, max(0, round(8 * (log2(deviation + 1e-9) + 3))))
    candidates = []
    for first in (0, _GAUSSIAN):
        model, bits = first + start, _table_bits(first + start, places, counts)
        for step in (-1, 1):
            while first <= model + step < first + SCALES:
                other = _table_bits(model + step, places, counts)
                if other >= bits:
                    break
                model, bits = model + step, other
        candidates.append((bits, model))
    bits, model = min(candidates)
    return model, bits


def _table_bits(model: int, places: Cells, counts: Cells) -> float:
    sums = _sums(model)
    escape = len(sums) - 2
    left = np.clip(places - CELLS // 2 + escape // 2, 0, escape)
    right = np.clip(places + CELLS // 2 + 1 + escape // 2, 0, escape)
    widths = sums[right] - sums[left]
    escaped = widths == 0
    bits = PRECISION - np.log2(np.where(escaped, TOTAL - sums[escape], widths))
    return float(np.dot(counts, bits + _ESCAPED_BITS * escaped))


@lru_cache(maxsize=2 * SCALES)
def _sums(model: int) -> Cells:
    """The sums of a table's frequencies before each symbol, and of all."""
    table = gaussian(model - _GAUSSIAN) if model >= _GAUSSIAN else laplace(model)
    return np.append(0, np.cumsum(table.frequencies))


def _tables(models: bytes) -> tuple[Cells, NDArray[np.int64]]:
    """The classes' tables, one after the other, as `_sums`, and where each begins."""
    sums = [_sums(model) for model in models]
    return np.concatenate(sums), np.cumsum([0, *map(len, sums)])
