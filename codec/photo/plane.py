"""A plane of a tile, coded sample by sample: prediction, features, circuit, range coder."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel, kernel
from ncodec.formats.entropy.vectors import (
    LANES,
    as_floats,
    every,
    gather,
    item,
    joined,
    set_item,
    with_lane,
)
from ncodec.photo.features import MARGIN, see
from ncodec.photo.history import BIASES, History, adapt, blend, texture
from ncodec.photo.margins import above_first, after_row, before_row, below_last
from ncodec.photo.mixture import learn, weigh
from ncodec.photo.predict import Squares, accumulate, begin_row, end_block, predict
from ncodec.photo.solve import solve_block
from ncodec.photo.symbols import get_sample, put_sample

__all__ = [
    "ASIDE", "CODE", "DECODE", "ERRORS", "OBSERVE", "OTHERS", "OWN", "SHARE", "Planes", "Stream",
    "Tables", "level_of", "mark_error", "middle_of", "run_plane", "surroundings",
]  # fmt: skip

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

OBSERVE, CODE, DECODE = range(3)

_EXACT_DEPTH = 10
"""Deeper samples are scaled down for the least squares, whose float32 sums they would exceed."""

OWN, OTHERS, ERRORS = 12, 8, 2
"""What predicts a sample: neighbours of its plane, of each earlier one, and its plane's errors."""

ASIDE = 256
"""The quarter levels that the leaves' two centres are apart at most."""

SHARE = np.float32(200.0)
"""The weight in the least squares of a sample without noise; activity a divides it by 1 + a
(docs/photo.md, "Least squares")."""


class Planes(NamedTuple):
    """The planes of a tile, one after another, with `MARGIN` columns and rows around each.

    Attributes:
        width, height: a plane's, without its margin.
        depth: the bits of a sample, 8 or more.
        samples: int32, flat.
        errors: the samples less their predictions, in quarter levels, int32, flat.
        activity: the decaying mean of the errors' magnitudes, int32, flat.
    """

    width: int
    height: int
    depth: int
    samples: I32
    errors: I32
    activity: I32


class Tables(NamedTuple):
    """The tables of a plane's circuit.

    Attributes:
        signed, magnitude: the bins of differences and of sizes; see `features.bin_tables`.
        features: the number of features.
        table: the circuit's log2 weights, which adapt; see `mixture`.
        leaves: the circuit's leaves; see `mixture`.
        rate: the rate at which the table adapts.
    """

    signed: NDArray[np.uint8]
    magnitude: NDArray[np.uint8]
    features: int
    table: I32
    leaves: I32
    rate: Any


class Stream(NamedTuple):
    """The place where samples go to or come from.

    Attributes:
        mode: OBSERVE fills `seen` and `predictions` from known samples; CODE appends to `words`;
            DECODE reads them and fills in samples.
        coder: the range coder's state.
        words: the range coder's words, uint32.
        seen: the bins of every feature, uint8 [samples * features].
        predictions: both centres of the leaves, in quarter levels, int32 [2 * samples].
    """

    mode: int
    coder: NDArray[np.uint64]
    words: NDArray[np.uint32]
    seen: NDArray[np.uint8]
    predictions: I32


@kernel
def run_plane(
    planes: Planes,
    plane: int,
    first: int,
    last: int,
    offsets: NDArray[np.int64],
    equations: Squares,
    history: History,
    tables: Tables,
    stream: Stream,
) -> None:
    """Codes, decodes or observes rows `first` to before `last` of one plane.

    Args:
        planes: those of the tile.
        plane: the number of this one; the ones before it are complete down to row `last`.
        offsets: the places of the neighbours that predict a sample, from its place within its
            plane: those of this plane, then `OTHERS` for each earlier one; then any, 32 in all.
        equations, history: from the rows before.
        tables: the circuit's.
        stream: where samples go to or come from.
    """
    width, height, depth = planes.width, planes.height, planes.depth
    samples, errors, activity = planes.samples, planes.errors, planes.activity
    block = equations.block
    mode, coder, words = stream.mode, stream.coder, stream.words
    table, leaves, features, rate = tables.table, tables.leaves, tables.features, tables.rate
    signed, magnitude = tables.signed, tables.magnitude
    seen, predictions = stream.seen, stream.predictions
    stride = width + 2 * MARGIN
    size = stride * (height + 2 * MARGIN)
    own = plane * size
    order = equations.order
    misses, bias = history.misses, history.bias
    bins = np.zeros(32, dtype=np.int64)
    top = (1 << depth) - 1
    shift = depth - 3
    unit = np.float32(1.0) / np.float32(1 << max(depth - _EXACT_DEPTH, 0))
    sample: Any
    energy = 0
    for y in range(first, last):
        start = own + (y + MARGIN) * stride + MARGIN
        before_row(samples, start, stride)
        begin_row(equations)
        for b in range((width + block - 1) // block):
            for x in range(b * block, min(width, b * block + block)):
                if (x - b * block) % equations.step == 0:
                    energy = _rms(solve_block(equations, b), depth)
                here = start + x
                at = here - own
                middle = middle_of(samples, here, stride, unit)
                low, high = surroundings(planes, offsets, order, plane, at, unit)
                one, two = predict(equations, low, high)
                guess = level_of((middle + one) * np.float32(64.0) / unit, 64 * top)
                other = level_of((middle + two) * np.float32(64.0) / unit, 64 * top)
                apart = (other - guess) >> 2
                value, missed = blend(guess, other, misses, at, stride, size)
                c0 = texture(samples, here, stride, value)
                c1 = BIASES + min(energy >> 1, 63) * 4 + (value & 3)
                raw = value
                value = min(max(value + ((item(bias, c0) + item(bias, c1)) >> 7), 0), 64 * top)
                prediction = (value + 8) >> 4
                second = min(max((other + 8) >> 4, prediction - ASIDE), prediction + ASIDE)
                aside = prediction - second
                see(
                    bins, samples, errors, activity, plane, at, stride, size, prediction, energy,
                    apart, missed, shift, 0, signed, magnitude,
                )  # fmt: skip
                if mode == OBSERVE:
                    sample = np.int64(item(samples, here))
                    index = (y * width) + x
                    for i in range(features):
                        seen[index * features + i] = bins[i]
                    predictions[2 * index] = prediction
                    predictions[2 * index + 1] = second
                else:
                    states = weigh(table, bins, features)
                    if mode == CODE:
                        sample = np.int64(item(samples, here))
                        cell, mass = put_sample(
                            coder, words, states, leaves, prediction, aside, sample, top
                        )
                    else:
                        sample, cell, mass = get_sample(
                            coder, words, states, leaves, prediction, aside, top
                        )
                        set_item(samples, here, np.int32(sample))
                    learn(table, bins, features, states, leaves, cell, aside, mass, rate)
                active = mark_error(errors, activity, here, stride, 4 * sample - prediction)
                adapt(bias, c0, 64 * sample - raw)
                adapt(bias, c1, 64 * sample - raw)
                set_item(misses, at, np.int32(min(abs(64 * sample - guess), 1 << 16)))
                set_item(misses, size + at, np.int32(min(abs(64 * sample - other), 1 << 16)))
                share = SHARE / (np.float32(1.0) + np.float32(active))
                goal = np.float32(sample) * unit - middle
                if order < LANES:
                    low = with_lane(low, order, goal)
                else:
                    high = with_lane(high, order - LANES, goal)
                accumulate(equations, low, high, share)
            end_block(equations, b)
        after_row(samples, errors, activity, start, width)
        if y == 0:
            above_first(samples, start, stride)
    if last == height:
        below_last(samples, errors, own + (height + MARGIN - 1) * stride, stride)


@inner_kernel(forceinline=True)
def surroundings(
    planes: Planes, offsets: NDArray[np.int64], order: int, plane: int, at: int, unit: Any
) -> Any:
    """What predicts a sample: 32 float32 in two vectors, 0 behind the last of them.

    Neighbours less the mean of the W and N samples of their planes, and the errors of W and N.
    """
    samples, errors = planes.samples, planes.errors
    stride = planes.width + 2 * MARGIN
    size = stride * (planes.height + 2 * MARGIN)
    here = plane * size + at
    nothing = every(np.float32(0.0))
    quarter = np.float32(0.25) * unit
    west = np.float32(item(errors, here - 1)) * quarter
    north = np.float32(item(errors, here - stride)) * quarter
    own = every(middle_of(samples, here, stride, unit))
    low = as_floats(gather(samples, at, offsets, 0)) * every(unit)
    if plane == 0:
        low = with_lane(joined(low - own, nothing, OWN), OWN, west)
        return with_lane(low, OWN + 1, north), nothing
    first = every(middle_of(samples, at, stride, unit))
    low -= joined(own, first, OWN)
    high = as_floats(gather(samples, at, offsets, LANES)) * every(unit)
    second = every(middle_of(samples, size + at, stride, unit))
    high -= joined(first, second, OWN + OTHERS - LANES)
    behind = order - ERRORS - LANES
    high = with_lane(joined(high, nothing, behind), behind, west)
    return low, with_lane(high, behind + 1, north)


@inner_kernel(forceinline=True)
def middle_of(samples: I32, here: int, stride: int, unit: Any) -> Any:
    """The mean of W and N."""
    return np.float32(item(samples, here - 1) + item(samples, here - stride)) * (
        np.float32(0.5) * unit
    )


@inner_kernel(forceinline=True)
def mark_error(errors: I32, activity: I32, here: int, stride: int, error: Any) -> Any:
    """Notes a sample's error, and the activity that it makes, which it returns."""
    around = item(activity, here - stride) + item(activity, here - stride + 1)
    made = np.int32((8 * abs(error) + 2 * item(activity, here - 1) + around) // 6)
    set_item(errors, here, np.int32(error))
    set_item(activity, here, made)
    return made


@inner_kernel(forceinline=True)
def level_of(value: Any, top: int) -> Any:
    """`value` as an integer in 0 .. top, whatever it is: a damaged stream may lead anywhere."""
    if not value > np.float32(0.0):
        return 0
    if value >= np.float32(top):
        return top
    return int(value)


@inner_kernel(forceinline=True)
def _rms(energy: Any, depth: int) -> int:
    """A measure of the least squares' residuals: quarter levels of samples of 8 bits, roughly."""
    if not energy > np.float32(0.0):
        return 0
    energy = min(energy, np.float32(2.0**40))
    return int(np.sqrt(energy) * np.float32(0.5)) << (depth - 8)
