"""A plane of a tile, coded sample by sample: prediction, features, circuit, range coder."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel, kernel
from ncodec.formats.entropy.vectors import LANES, as_floats, every, gather, joined, with_lane
from ncodec.photo.features import MARGIN, see
from ncodec.photo.margins import above_first, after_row, before_row, below_last
from ncodec.photo.mixture import learn, weigh
from ncodec.photo.predict import Squares, accumulate, begin_row, end_block, predict, solve_block
from ncodec.photo.symbols import get_sample, put_sample

__all__ = [
    "CODE", "DECODE", "OBSERVE", "OTHERS", "History", "Planes", "Stream", "Tables", "run_plane",
]  # fmt: skip

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

OBSERVE, CODE, DECODE = range(3)

_EXACT_DEPTH = 10
"""Deeper samples are scaled down for the least squares, whose float32 sums they would exceed."""

OWN, OTHERS = 12, 8
"""The number of neighbours taken from each earlier plane."""

_BIAS_CONTEXTS = 256
"""The contexts of each of the two biases of a prediction (docs/photo.md, "Prediction")."""

_SHARE = np.float32(200.0)
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
        predictions: in quarter levels, int32 [samples].
    """

    mode: int
    coder: NDArray[np.uint64]
    words: NDArray[np.uint32]
    seen: NDArray[np.uint8]
    predictions: I32


class History(NamedTuple):
    """How a plane's predictions have fared.

    Attributes:
        misses: of the first and the last window, in 1/64 level, int32 [2, samples with margins].
        bias: the mean errors of contexts, int32 [512].
    """

    misses: I32
    bias: I32

    @classmethod
    def before(cls, planes: Planes) -> History:
        """The history of a plane before its first row."""
        size = (planes.width + 2 * MARGIN) * (planes.height + 2 * MARGIN)
        return cls(np.ones((2, size), np.int32), np.zeros(2 * _BIAS_CONTEXTS, np.int32))


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
    half = np.float32(0.5) * unit
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
                middle = _middle(samples, here, stride, half)
                low, high = _surround(samples, offsets, at, plane, order, size, stride, unit, half)
                one, two = predict(equations, low, high)
                guess = _level((middle + one) * np.float32(64.0) / unit, 64 * top)
                other = _level((middle + two) * np.float32(64.0) / unit, 64 * top)
                apart = (other - guess) >> 2
                value = _blend(guess, other, misses, at, stride)
                c0 = _texture(samples, here, stride, value)
                c1 = _BIAS_CONTEXTS + min(energy >> 1, 63) * 4 + (value & 3)
                raw = value
                value = min(max(value + ((bias[c0] + bias[c1]) >> 7), 0), 64 * top)
                prediction = (value + 8) >> 4
                see(
                    bins, samples, errors, activity, plane, at, stride, size, prediction, energy,
                    apart, shift, signed, magnitude,
                )  # fmt: skip
                if mode == OBSERVE:
                    sample = np.int64(samples[here])
                    index = (y * width) + x
                    for i in range(features):
                        seen[index * features + i] = bins[i] & 31
                    predictions[index] = prediction
                else:
                    states = weigh(table, bins, features)
                    if mode == CODE:
                        sample = np.int64(samples[here])
                        cell, mass = put_sample(
                            coder, words, states, leaves, prediction, sample, top
                        )
                    else:
                        sample, cell, mass = get_sample(
                            coder, words, states, leaves, prediction, top
                        )
                        samples[here] = np.int32(sample)
                    learn(table, bins, features, states, leaves, cell, mass, rate)
                _mark(errors, activity, here, stride, np.int32(4 * sample - prediction))
                _adapt(bias, c0, 64 * sample - raw)
                _adapt(bias, c1, 64 * sample - raw)
                misses[0, at] = np.int32(min(abs(64 * sample - guess), 1 << 16))
                misses[1, at] = np.int32(min(abs(64 * sample - other), 1 << 16))
                share = _SHARE / (np.float32(1.0) + np.float32(activity[here]))
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
def _blend(guess: int, other: int, misses: I32, at: int, stride: int) -> Any:
    """The mean of two predictions, each weighted by the other's squared miss around the sample."""
    first, second = 32, 32
    for place in (at - 1, at - stride, at - stride + 1, at - stride - 1, at - 2):
        first += misses[0, place]
        second += misses[1, place]
    first, second = first * first, second * second
    return (guess * second + other * first) // (first + second)


@inner_kernel(forceinline=True)
def _adapt(bias: I32, context: int, error: int) -> None:
    """Move a context's mean error, in 2^-6 of 1/64 level."""
    limited = min(max(error, -2048), 2048)
    bias[context] += ((limited << 6) - bias[context]) >> 5


@inner_kernel(forceinline=True)
def _texture(samples: I32, here: int, stride: int, value: int) -> int:
    level = value >> 6
    north = here - stride
    texture = 0
    texture |= int(samples[here - 1] > level)
    texture |= int(samples[north] > level) << 1
    texture |= int(samples[north - 1] > level) << 2
    texture |= int(samples[north + 1] > level) << 3
    texture |= int(samples[here - 2] > level) << 4
    texture |= int(samples[north - stride] > level) << 5
    texture |= int(2 * samples[here - 1] - samples[here - 2] > level) << 6
    texture |= int(2 * samples[north] - samples[north - stride] > level) << 7
    return texture


@inner_kernel(forceinline=True)
def _surround(
    samples: I32,
    offsets: NDArray[np.int64],
    at: int,
    plane: int,
    order: int,
    size: int,
    stride: int,
    unit: Any,
    half: Any,
) -> Any:
    """The neighbours, each less the mean of the W and N samples of its plane: 32 float32 in two
    vectors, 0 behind the neighbours."""
    nothing = every(np.float32(0.0))
    own = every(_middle(samples, plane * size + at, stride, half))
    low = as_floats(gather(samples, at, offsets, 0)) * every(unit)
    if plane == 0:
        return joined(low - own, nothing, order), nothing
    first = every(_middle(samples, at, stride, half))
    low -= joined(own, first, OWN)
    high = as_floats(gather(samples, at, offsets, LANES)) * every(unit)
    second = every(_middle(samples, size + at, stride, half))
    high -= joined(first, second, OWN + OTHERS - LANES)
    return low, joined(high, nothing, order - LANES)


@inner_kernel(forceinline=True)
def _middle(samples: I32, here: int, stride: int, half: Any) -> Any:
    return np.float32(samples[here - 1] + samples[here - stride]) * half


@inner_kernel(forceinline=True)
def _mark(errors: I32, activity: I32, here: int, stride: int, error: Any) -> None:
    """Notes a sample's error, and the activity that it makes."""
    errors[here] = error
    around = activity[here - stride] + activity[here - stride + 1]
    activity[here] = (8 * abs(error) + 2 * activity[here - 1] + around) // 6


@inner_kernel(forceinline=True)
def _level(value: Any, top: int) -> Any:
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
