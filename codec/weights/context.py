"""Grids of values along time, coded with contexts: what moved at a place is likely to move again.

A slice is an entry along the first axis, time. Every value's class follows from the slice before,
which is decoded by then, and every class has a table of its own.

    class 0       the first slice
    class 1 + b   b of the thresholds 1, 2, 4, 8, 16, 32 are at most m, which is twice |v| at the
                  place in the slice before, plus |v| of its four neighbours in rows and columns;
                  a |v| over 32 is taken as 32, outside the grid as 0

The stream holds the model of each class as `ncodec.formats.entropy` writes an array's, but none
that learns; then, slice by slice, the symbols of class after class, and the escaped values of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.choice import ADAPTIVE, CONSTANT, Choice, choose
from ncodec.formats.entropy.coder import Decoder, Encoder, Table
from ncodec.formats.entropy.integers import decode_integers, encode_integers
from ncodec.formats.entropy.tensor import decode_choice, encode_choice, table_of

__all__ = ["CLASSES", "THRESHOLDS", "classes", "decode_grid", "encode_grid", "grid_bits"]

THRESHOLDS = (1, 2, 4, 8, 16, 32)
CLASSES = 2 + len(THRESHOLDS)

_LARGEST = np.iinfo(np.int32).max

Slice = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Model:
    """What the symbols of a class are: all the offset, or by a table around it."""

    offset: int
    table: Table | None

    @property
    def radius(self) -> int:
        return _LARGEST if self.table is None else len(self.table) // 2 - 1


def encode_grid(encoder: Encoder, values: NDArray[np.integer]) -> None:
    """Append a grid (times, channels, rows, columns) of integers in the range of int32."""
    choices = _choices(values)
    for choice in choices:
        encode_choice(encoder, choice)
    models = [_model(choice) for choice in choices]
    for found, places in zip(values.astype(np.int64), classes(values), strict=True):
        radii, centred = np.zeros_like(found), np.zeros_like(found)
        for number, model in enumerate(models):
            chosen = places == number
            if not chosen.any():
                continue
            radii[chosen] = model.radius
            centred[chosen] = found[chosen] - model.offset
            if model.table is not None:
                symbols = centred[chosen] + model.radius
                beyond = np.abs(centred[chosen]) > model.radius
                symbols[beyond] = len(model.table) - 1
                encoder.encode(symbols.astype(np.int32), model.table)
        escaped = np.abs(centred) > radii
        rest = centred[escaped]
        encode_integers(encoder, 2 * (np.abs(rest) - radii[escaped] - 1) + (rest < 0))


def decode_grid(decoder: Decoder, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """The next grid of this shape, int32.

    Raises:
        DamagedFile: the stream cannot be the code of such a grid.
    """
    models = [_model(decode_choice(decoder)) for _ in range(CLASSES)]
    result = np.empty(shape, dtype=np.int32)
    places = np.zeros(shape[1:], dtype=np.int64)
    for time in range(shape[0]):
        found, radii = np.zeros(shape[1:], np.int64), np.zeros(shape[1:], np.int64)
        escaped = np.zeros(shape[1:], dtype=bool)
        for number, model in enumerate(models):
            chosen = places == number
            count = int(chosen.sum())
            found[chosen], radii[chosen] = model.offset, model.radius
            if model.table is not None and count:
                symbols = decoder.decode(count, model.table)
                found[chosen] += symbols - model.radius
                escaped[chosen] = symbols == len(model.table) - 1
        rest = decode_integers(decoder, int(escaped.sum()))
        distance = rest // 2 + radii[escaped] + 1
        offsets = found[escaped] - radii[escaped] - 1
        found[escaped] = offsets + np.where(rest % 2, -distance, distance)
        if np.abs(found).max(initial=0) > _LARGEST:
            raise DamagedFile("a grid holds values that no int32 is; fetch the file again")
        result[time] = found
        places = _following(found)
    return result


def grid_bits(values: NDArray[np.integer]) -> float:
    """About what `encode_grid` takes for it, in bits."""
    return float(sum(choice.bits for choice in _choices(values)))


def classes(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """The class of every value of a grid (times, channels, rows, columns)."""
    found = np.zeros(values.shape, dtype=np.int64)
    found[1:] = _following(values[:-1])
    return found


def _following(slices: NDArray[np.integer]) -> NDArray[np.int64]:
    """The classes of the slices that follow these, (..., rows, columns)."""
    near = np.minimum(np.abs(slices.astype(np.int64)), THRESHOLDS[-1])
    total = 2 * near
    total[..., 1:, :] += near[..., :-1, :]
    total[..., :-1, :] += near[..., 1:, :]
    total[..., 1:] += near[..., :-1]
    total[..., :-1] += near[..., 1:]
    return 1 + np.searchsorted(THRESHOLDS, total, side="right")


def _choices(values: NDArray[np.integer]) -> list[Choice]:
    """The cheapest model of each class; of one without values, a constant."""
    places = classes(values)
    parts = (values[places == number].astype(np.int32) for number in range(CLASSES))
    none = np.zeros(1, np.int32)
    return [choose(part if part.size else none, fixed=True) for part in parts]


def _model(choice: Choice) -> _Model:
    if choice.model == ADAPTIVE:
        raise DamagedFile("a class of a grid has a model that learns; fetch the file again")
    return _Model(choice.offset, None if choice.model == CONSTANT else table_of(choice))
