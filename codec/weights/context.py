"""Grids as version 1 of `ngrid` has them, coded with contexts: read, no longer written.

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
from ncodec.formats.entropy.choice import ADAPTIVE, CONSTANT, Choice
from ncodec.formats.entropy.coder import Decoder, Table
from ncodec.formats.entropy.integers import decode_integers
from ncodec.formats.entropy.tensor import decode_choice, table_of

__all__ = ["CLASSES", "THRESHOLDS", "decode_grid", "following"]

THRESHOLDS = (1, 2, 4, 8, 16, 32)
CLASSES = 2 + len(THRESHOLDS)

_LARGEST = np.iinfo(np.int32).max

Slice = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Model:
    """How the symbols of a class are coded: all are the offset, or a table is around it."""

    offset: int
    table: Table | None

    @property
    def radius(self) -> int:
        return _LARGEST if self.table is None else len(self.table) // 2 - 1


def decode_grid(decoder: Decoder, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """The next grid of this shape, int32.

    Raises:
        DamagedFile: the stream cannot be the code of such a grid.
    """
    models = [_model(decode_choice(decoder)) for _ in range(CLASSES)]
    result = np.empty(shape, dtype=np.int32)
    places = np.zeros(shape[1:], dtype=np.int64)
    for time in range(shape[0]):
        grid, radii = np.zeros(shape[1:], np.int64), np.zeros(shape[1:], np.int64)
        escaped = np.zeros(shape[1:], dtype=bool)
        for number, model in enumerate(models):
            members = places == number
            count = int(members.sum())
            grid[members], radii[members] = model.offset, model.radius
            if model.table is not None and count:
                symbols = decoder.decode(count, model.table)
                grid[members] += symbols - model.radius
                escaped[members] = symbols == len(model.table) - 1
        rest = decode_integers(decoder, int(escaped.sum()))
        distance = rest // 2 + radii[escaped] + 1
        offsets = grid[escaped] - radii[escaped] - 1
        grid[escaped] = offsets + np.where(rest % 2, -distance, distance)
        if np.abs(grid).max(initial=0) > _LARGEST:
            raise DamagedFile("a grid holds values that no int32 is: fetch the file again")
        result[time] = grid
        places = following(grid)
    return result


def following(slices: NDArray[np.integer]) -> NDArray[np.int64]:
    """The classes of the slices that follow these, (..., rows, columns)."""
    near = np.minimum(np.abs(slices.astype(np.int64)), THRESHOLDS[-1])
    total = 2 * near
    total[..., 1:, :] += near[..., :-1, :]
    total[..., :-1, :] += near[..., 1:, :]
    total[..., 1:] += near[..., :-1]
    total[..., :-1] += near[..., 1:]
    return 1 + np.searchsorted(THRESHOLDS, total, side="right")


def _model(choice: Choice) -> _Model:
    if choice.model == ADAPTIVE:
        raise DamagedFile("a class of a grid has a model that learns: fetch the file again")
    return _Model(choice.offset, None if choice.model == CONSTANT else table_of(choice))
