"""A plane of a tile, coded sample by sample: prediction, features, circuit, range coder."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.features import MARGIN, gather
from ncodec.photo.mixture import learn, weigh
from ncodec.photo.predict import accumulate, decay_add, predict, room, solve
from ncodec.photo.symbols import get_sample, put_sample

__all__ = ["CODE", "DECODE", "OBSERVE", "OTHERS", "run_plane"]

I32 = NDArray[np.int32]

OBSERVE, CODE, DECODE = range(3)

_EXACT_DEPTH = 10
"""Deeper samples are scaled down for the least squares, whose float32 sums they would exceed."""

OTHERS = 8
"""The number of neighbours taken from each earlier plane."""

_BIAS_CONTEXTS = 256
"""The contexts of each of the two biases of a prediction (docs/photo.md, "Prediction")."""

_SHARE = np.float32(200.0)
"""The weight in the least squares of a sample without noise; activity a divides it by 1 + a
(docs/photo.md, "Least squares")."""

_room = kernel(room)


@kernel
def run_plane(
    mode: int,
    plane: int,
    width: int,
    height: int,
    depth: int,
    samples: I32,
    errors: I32,
    activity: I32,
    offsets: NDArray[np.int64],
    prior: NDArray[np.float32],
    block: int,
    decays: NDArray[np.float32],
    signed: NDArray[np.uint8],
    magnitude: NDArray[np.uint8],
    features: int,
    table: I32,
    leaves: I32,
    rate: Any,
    coder: NDArray[np.uint64],
    words: NDArray[np.uint32],
    seen: NDArray[np.uint8],
    predictions: I32,
) -> None:
    """Codes, decodes or observes one plane.

    Args:
        mode: OBSERVE fills `seen` and `predictions` from known samples; CODE appends to `words`;
            DECODE reads them and fills in samples.
        plane: its number; planes before it are complete.
        depth: bits of a sample, 8 or more.
        samples: the planes, one after another, with `MARGIN` columns and rows around each; so are
            `errors`, in quarter levels, and `activity`, their decaying mean.
        offsets: of the neighbours that predict, from a sample's place within its plane: of this
            plane, then `OTHERS` for each earlier one.
        prior: their weights before there is anything to learn from.
        block: samples between two solutions of the least squares.
        decays: of its one or two windows.
        signed: bins of differences; `magnitude`: of sizes. See `features`.
        table: the circuit's, which adapts; `leaves`: its leaves. See `mixture`.
        rate: of the adaptation.
        coder: the range coder's state.
    """
    stride = width + 2 * MARGIN
    size = stride * (height + 2 * MARGIN)
    order = len(offsets)
    length = 16 if order < 16 else 32
    wide = order >= 16
    cells = _room(order)
    blocks = (width + block - 1) // block
    windows = len(decays)
    above = np.zeros((windows, blocks + 1, cells), dtype=np.float32)
    right = np.zeros((windows, blocks + 1, cells), dtype=np.float32)
    left = np.zeros((windows, cells), dtype=np.float32)
    misses = np.ones((windows, size), dtype=np.int32)
    guesses = np.zeros(windows, dtype=np.int64)
    system = np.zeros(cells, dtype=np.float32)
    current = np.zeros(cells, dtype=np.float32)
    lower = np.zeros(32 * 32, dtype=np.float32)
    vector = np.zeros(length, dtype=np.float32)
    weights = np.zeros((windows, length), dtype=np.float32)
    states = np.zeros(32, dtype=np.int32)
    scratch = np.zeros(32, dtype=np.int32)
    bins = np.zeros(32, dtype=np.int64)
    bias = np.zeros(2 * _BIAS_CONTEXTS, dtype=np.int32)
    own = plane * size
    top = (1 << depth) - 1
    shift = depth - 3
    unit = np.float32(1.0) / np.float32(1 << max(depth - _EXACT_DEPTH, 0))
    half = np.float32(0.5) * unit
    one = np.float32(1.0)
    across = np.ones(windows, dtype=np.float32)
    for _ in range(block):
        for k in range(windows):
            across[k] *= decays[k]
    sample: Any
    grey = np.int32(1 << (depth - 1))
    if mode == DECODE:
        for i in range(size):
            samples[own + i] = grey
    for y in range(height):
        start = own + (y + MARGIN) * stride + MARGIN
        _before_row(samples, start, stride)
        left[:] = np.float32(0.0)
        for k in range(windows):
            for b in range(blocks - 1, -1, -1):
                decay_add(right[k, b], above[k, b], right[k, b + 1], across[k])
        energy = 0
        for b in range(blocks):
            for k in range(windows):
                for i in range(cells):
                    system[i] = left[k, i] + right[k, b, i]
                residual = solve(system, order, prior, weights[k], lower)
                if k == 0:
                    energy = _rms(residual, depth)
            current[:] = np.float32(0.0)
            for x in range(b * block, min(width, b * block + block)):
                here = start + x
                at = here - own
                w = samples[here - 1]
                n = samples[here - stride]
                middle = np.float32(w + n) * half
                for i in range(order):
                    vector[i] = np.float32(samples[at + offsets[i]]) * unit
                _centre(vector, samples, at, plane, size, stride, order, half)
                vector[order] = np.float32(0.0)
                for k in range(windows):
                    exact = (middle + predict(vector, weights[k])) * np.float32(64.0) / unit
                    guesses[k] = _level(exact, 64 * top)
                value, apart = guesses[0], 0
                if windows == 2:
                    apart = (guesses[1] - value) >> 2
                    value = _blend(guesses, misses, at, stride)
                c0 = _texture(samples, here, stride, value)
                c1 = _BIAS_CONTEXTS + min(energy >> 1, 63) * 4 + (value & 3)
                raw = value
                value += (bias[c0] + bias[c1]) >> 7
                value = min(max(value, 0), 64 * top)
                prediction = (value + 8) >> 4
                gather(
                    bins,
                    samples,
                    errors,
                    activity,
                    plane,
                    at,
                    stride,
                    size,
                    prediction,
                    energy,
                    apart,
                    shift,
                    signed,
                    magnitude,
                )
                if mode == OBSERVE:
                    sample = np.int64(samples[here])
                    index = (y * width) + x
                    for i in range(features):
                        seen[index * features + i] = bins[i] & 31
                    predictions[index] = prediction
                else:
                    weigh(table, bins, features, scratch, states)
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
                    learn(table, bins, features, states, leaves, cell, mass, rate, scratch)
                error = np.int32(4 * sample - prediction)
                errors[here] = error
                around = activity[here - stride] + activity[here - stride + 1]
                activity[here] = (8 * abs(error) + 2 * activity[here - 1] + around) // 6
                _adapt(bias, c0, 64 * sample - raw)
                _adapt(bias, c1, 64 * sample - raw)
                for k in range(windows):
                    missed = min(abs(64 * sample - guesses[k]), 1 << 16)
                    misses[k, at] = np.int32(missed)
                vector[order] = np.float32(sample) * unit - middle
                share = _SHARE / (one + np.float32(activity[here]))
                accumulate(current, vector, share, wide)
            for k in range(windows):
                for i in range(cells):
                    left[k, i] = across[k] * (left[k, i] + above[k, b, i] + current[i])
                    above[k, b, i] = decays[k] * (above[k, b, i] + current[i])
        _after_row(samples, errors, activity, start, width)
        if y == 0:
            first = start - MARGIN
            for k in range(1, MARGIN + 1):
                for i in range(stride):
                    samples[first - k * stride + i] = samples[first + i]
    bottom = own + (height + MARGIN - 1) * stride
    for k in range(1, MARGIN + 1):
        for i in range(stride):
            samples[bottom + k * stride + i] = samples[bottom + i]
            errors[bottom + k * stride + i] = errors[bottom + i]


@kernel
def _before_row(samples: I32, start: int, stride: int) -> None:
    """Fills the margin left of a row with the sample above its first."""
    for i in range(1, MARGIN + 1):
        samples[start - i] = samples[start - stride]


@kernel
def _after_row(samples: I32, errors: I32, activity: I32, start: int, width: int) -> None:
    """Fills the margin right of a row with its last sample; errors extend a column either way."""
    end = start + width
    for i in range(MARGIN):
        samples[end + i] = samples[end - 1]
    errors[start - 1], errors[end] = errors[start], errors[end - 1]
    activity[start - 1], activity[end] = activity[start], activity[end - 1]


@kernel
def _blend(guesses: NDArray[np.int64], misses: I32, at: int, stride: int) -> Any:
    """The mean of two predictions, each weighted by the other's squared miss around the sample."""
    first, second = 32, 32
    for place in (at - 1, at - stride, at - stride + 1, at - stride - 1, at - 2):
        first += misses[0, place]
        second += misses[1, place]
    first, second = first * first, second * second
    return (guesses[0] * second + guesses[1] * first) // (first + second)


@kernel
def _adapt(bias: I32, context: int, error: int) -> None:
    """Move a context's mean error, in 2^-6 of 1/64 level."""
    limited = min(max(error, -2048), 2048)
    bias[context] += ((limited << 6) - bias[context]) >> 5


@kernel
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


@kernel
def _centre(
    vector: NDArray[np.float32],
    samples: I32,
    at: int,
    plane: int,
    size: int,
    stride: int,
    order: int,
    half: Any,
) -> None:
    """Take from each sample the mean of the W and N samples of its plane."""
    own = order - OTHERS * plane
    here = plane * size + at
    middle = np.float32(samples[here - 1] + samples[here - stride]) * half
    for i in range(own):
        vector[i] -= middle
    for p in range(plane):
        here = p * size + at
        middle = np.float32(samples[here - 1] + samples[here - stride]) * half
        for i in range(own + OTHERS * p, own + OTHERS * (p + 1)):
            vector[i] -= middle


@kernel
def _level(value: Any, top: int) -> Any:
    """`value` as an integer in 0 .. top, whatever it is: a damaged stream may lead anywhere."""
    if not value > np.float32(0.0):
        return 0
    if value >= np.float32(top):
        return top
    return int(value)


@kernel
def _rms(energy: Any, depth: int) -> int:
    """A measure of the least squares' residuals: quarter levels of samples of 8 bits, roughly."""
    if not energy > np.float32(0.0):
        return 0
    energy = min(energy, np.float32(2.0**40))
    return int(np.sqrt(energy) * np.float32(0.5)) << (depth - 8)
