"""A plane of a tile, coded sample by sample: prediction, features, circuit, range coder."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ncodec.circuit.photo.features import MARGIN, gather
from ncodec.circuit.photo.mixture import CENTRE, edge, learn, weigh
from ncodec.circuit.photo.predict import accumulate, decay_add, predict, room, solve
from ncodec.formats.entropy.ranges import advance, peek, put

__all__ = ["CODE", "DECODE", "OBSERVE", "run_plane"]

OBSERVE, CODE, DECODE = range(3)

_SYMBOLS = 256
_FLOOR = 4
"""Least width of a symbol's interval, of 2^24: what is unforeseen costs 22 bits at most."""
_SPREAD = (1 << 24) - _SYMBOLS * _FLOOR
_BIAS_CONTEXTS = 256

OTHERS = 8
"""Neighbours taken from each earlier plane."""

_room = njit(cache=True, nogil=True)(room)


@njit(cache=True, nogil=True)
def run_plane(
    mode: int,
    plane: int,
    width: int,
    height: int,
    depth: int,
    samples: NDArray[np.int32],
    errors: NDArray[np.int32],
    activity: NDArray[np.int32],
    offsets: NDArray[np.int64],
    prior: NDArray[np.float32],
    block: int,
    decay: Any,
    signed: NDArray[np.uint8],
    magnitude: NDArray[np.uint8],
    features: int,
    table: NDArray[np.int32],
    leaves: NDArray[np.int32],
    rate: Any,
    coder: NDArray[np.uint64],
    words: NDArray[np.uint32],
    seen: NDArray[np.uint8],
    centred: NDArray[np.int32],
) -> None:
    """Codes, decodes or observes plane number `plane`."""
    stride = width + 2 * MARGIN
    size = stride * (height + 2 * MARGIN)
    order = len(offsets)
    length = 16 if order < 16 else 32
    wide = order >= 16
    cells = _room(order)
    blocks = (width + block - 1) // block
    above = np.zeros((blocks + 1, cells), dtype=np.float32)
    right = np.zeros((blocks + 1, cells), dtype=np.float32)
    left = np.zeros(cells, dtype=np.float32)
    system = np.zeros(cells, dtype=np.float32)
    current = np.zeros(cells, dtype=np.float32)
    lower = np.zeros(32 * 32, dtype=np.float32)
    vector = np.zeros(length, dtype=np.float32)
    weights = np.zeros(length, dtype=np.float32)
    states = np.zeros(32, dtype=np.int32)
    scratch = np.zeros(32, dtype=np.int32)
    bins = np.zeros(32, dtype=np.int64)
    bias = np.zeros(2 * _BIAS_CONTEXTS, dtype=np.int32)
    own = plane * size
    top = (1 << depth) - 1
    shift = depth - 3
    unit = np.float32(256.0) / np.float32(1 << depth)
    half = np.float32(0.5) * unit
    across = np.float32(1.0)
    for _ in range(block):
        across = np.float32(across * decay)
    grey = np.int32(1 << (depth - 1))
    if mode == DECODE:
        for i in range(size):
            samples[own + i] = grey
    for y in range(height):
        start = own + (y + MARGIN) * stride + MARGIN
        # Neighbours outside: the nearest sample that is known.
        edge_left = samples[start - stride]
        for i in range(1, MARGIN + 1):
            samples[start - i] = edge_left
        for i in range(cells):
            right[blocks, i] = np.float32(0.0)
            left[i] = np.float32(0.0)
        for b in range(blocks - 1, -1, -1):
            decay_add(right[b], above[b], right[b + 1], across)
        energy = 0
        for b in range(blocks):
            for i in range(cells):
                system[i] = left[i] + right[b, i]
            found = solve(system, order, prior, weights, lower)
            energy = _rms(found, depth)
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
                value = _level(
                    (middle + predict(vector, weights)) * np.float32(64.0) / unit, 64 * top
                )
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
                    shift,
                    signed,
                    magnitude,
                )
                if mode == OBSERVE:
                    sample = np.int64(samples[here])
                    index = (y * width) + x
                    for i in range(features):
                        seen[index * features + i] = bins[i] & 31
                    centred[index] = prediction
                else:
                    weigh(table, bins, features, scratch, states)
                    base = min(max((prediction >> 2) - 128, 0), top - 255)
                    origin = 4 * base - 2 - prediction + CENTRE
                    least = edge(states, leaves, origin)
                    span = edge(states, leaves, origin + 4 * _SYMBOLS) - least
                    scale = (_SPREAD << 32) // max(span, 1)
                    if mode == CODE:
                        sample = np.int64(samples[here])
                        symbol = min(max(sample - base, 0), 255)
                        lo = edge(states, leaves, origin + 4 * symbol)
                        hi = edge(states, leaves, origin + 4 * symbol + 4)
                        first = (((lo - least) * scale) >> 32) + symbol * _FLOOR
                        last = (((hi - least) * scale) >> 32) + symbol * _FLOOR + _FLOOR
                        if symbol == 255:
                            last = 1 << 24
                        put(coder, words, first, last - first)
                        if symbol == 0 and base > 0:
                            put(coder, words, (base - sample) << 8, 256)
                        if symbol == 255 and base + 255 < top:
                            put(coder, words, (sample - base - 255) << 8, 256)
                    else:
                        point = np.int64(peek(coder))
                        symbol = min(max((prediction + 2 >> 2) - base, 0), 255)
                        lo = edge(states, leaves, origin + 4 * symbol)
                        first = (((lo - least) * scale) >> 32) + symbol * _FLOOR
                        under, over = 0, 256
                        jump = 1
                        hi = lo
                        last = first
                        if first <= point:
                            under = symbol
                            while True:
                                probe = min(under + jump, 256)
                                if probe == 256:
                                    over = 256
                                    hi = least + span
                                    last = 1 << 24
                                    break
                                value_at = edge(states, leaves, origin + 4 * probe)
                                limit = (((value_at - least) * scale) >> 32) + probe * _FLOOR
                                if limit <= point:
                                    under, lo, first = probe, value_at, limit
                                    jump *= 2
                                else:
                                    over, hi, last = probe, value_at, limit
                                    break
                        else:
                            over, hi, last = symbol, lo, first
                            while True:
                                probe = max(over - jump, 0)
                                value_at = edge(states, leaves, origin + 4 * probe)
                                limit = (((value_at - least) * scale) >> 32) + probe * _FLOOR
                                if limit <= point:
                                    under, lo, first = probe, value_at, limit
                                    break
                                over, hi, last = probe, value_at, limit
                                jump *= 2
                        while over - under > 1:
                            probe = (under + over) >> 1
                            value_at = edge(states, leaves, origin + 4 * probe)
                            limit = (((value_at - least) * scale) >> 32) + probe * _FLOOR
                            if limit <= point:
                                under, lo, first = probe, value_at, limit
                            else:
                                over, hi, last = probe, value_at, limit
                        symbol = under
                        advance(coder, words, first, last - first)
                        sample = base + symbol
                        if symbol == 0 and base > 0:
                            beyond = np.int64(peek(coder)) >> 8
                            advance(coder, words, beyond << 8, 256)
                            sample = max(sample - beyond, 0)
                        if symbol == 255 and sample < top:
                            beyond = np.int64(peek(coder)) >> 8
                            advance(coder, words, beyond << 8, 256)
                            sample = min(sample + beyond, top)
                    learn(
                        table,
                        bins,
                        features,
                        states,
                        leaves,
                        origin + 4 * symbol,
                        hi - lo,
                        rate,
                        scratch,
                    )
                    samples[here] = np.int32(sample)
                error = np.int32(4 * sample - prediction)
                errors[here] = error
                wide_w = activity[here - 1]
                activity[here] = (
                    8 * abs(error)
                    + 2 * wide_w
                    + activity[here - stride]
                    + activity[here - stride + 1]
                ) // 6
                _adapt(bias, c0, 64 * sample - raw)
                _adapt(bias, c1, 64 * sample - raw)
                vector[order] = np.float32(sample) * unit - middle
                accumulate(current, vector, wide)
            for i in range(cells):
                left[i] = across * (left[i] + above[b, i] + current[i])
                above[b, i] = decay * (above[b, i] + current[i])
        edge_right = samples[start + width - 1]
        for i in range(MARGIN):
            samples[start + width + i] = edge_right
        errors[start - 1] = errors[start]
        activity[start - 1] = activity[start]
        activity[start + width] = activity[start + width - 1]
        errors[start + width] = errors[start + width - 1]
        if y == 0:
            for k in range(1, MARGIN + 1):
                for i in range(-MARGIN, width + MARGIN):
                    samples[start - k * stride + i] = samples[start + i]
    bottom = own + (height + MARGIN - 1) * stride
    for k in range(1, MARGIN + 1):
        for i in range(stride):
            samples[bottom + k * stride + i] = samples[bottom + i]
            errors[bottom + k * stride + i] = errors[bottom + i]


@njit(cache=True, nogil=True)
def _adapt(bias: NDArray[np.int32], context: int, error: int) -> None:
    """Move a context's mean error, in 2^-6 of 1/64 level."""
    limited = min(max(error, -2048), 2048)
    bias[context] += ((limited << 6) - bias[context]) >> 5


@njit(cache=True, nogil=True)
def _texture(samples: NDArray[np.int32], here: int, stride: int, value: int) -> int:
    level = value >> 6
    north = here - stride
    found = 0
    found |= int(samples[here - 1] > level)
    found |= int(samples[north] > level) << 1
    found |= int(samples[north - 1] > level) << 2
    found |= int(samples[north + 1] > level) << 3
    found |= int(samples[here - 2] > level) << 4
    found |= int(samples[north - stride] > level) << 5
    found |= int(2 * samples[here - 1] - samples[here - 2] > level) << 6
    found |= int(2 * samples[north] - samples[north - stride] > level) << 7
    return found


@njit(cache=True, nogil=True)
def _centre(
    vector: NDArray[np.float32],
    samples: NDArray[np.int32],
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


@njit(cache=True, nogil=True)
def _level(value: Any, top: int) -> int:
    """`value` as an integer in 0 .. top, whatever it is: a damaged stream may lead anywhere."""
    if not value > np.float32(0.0):
        return 0
    if value >= np.float32(top):
        return top
    return int(value)


@njit(cache=True, nogil=True)
def _rms(energy: Any, depth: int) -> int:
    """Root mean square of the least squares' residuals in quarter levels, if decay is 0.84."""
    if not energy > np.float32(0.0):
        return 0
    energy = min(energy, np.float32(2.0**40))
    return int(np.sqrt(energy) * np.float32(0.5)) << (depth - 8)
