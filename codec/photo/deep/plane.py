"""A plane of 9 to 16 bits, coded sample by sample at a scale that its surroundings choose.

The circuits were learned from samples of 8 bits. A deep sample whose surroundings miss by many
levels is coded in steps of 2^scale levels, by the circuit, and then its lowest bits; where noise is
low the scale is 0, and every level counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import inner_kernel, kernel
from ncodec.formats.entropy.vectors import LANES, item, set_item, with_lane
from ncodec.photo.deep.chances import Chances, adapt_chance, code_bit
from ncodec.photo.deep.guesses import GUESSES, guess_at, is_worth_it, place_of_guess
from ncodec.photo.deep.low_bits import code_far, code_low, code_outside
from ncodec.photo.features import MARGIN, see
from ncodec.photo.history import BIASES, History, texture
from ncodec.photo.margins import above_first, after_row, before_row, below_last
from ncodec.photo.mixture import learn, weigh
from ncodec.photo.plane import (
    ASIDE,
    SHARE,
    Planes,
    Tables,
    level_of,
    mark_error,
    middle_of,
    surroundings,
)
from ncodec.photo.predict import Squares, accumulate, begin_row, end_block, predict
from ncodec.photo.solve import solve_block
from ncodec.photo.symbols import SYMBOLS, base_of, get_near, mass_near, put_near

__all__ = ["run_deep_plane"]

_MISS = 1 << 18
"""The largest miss that is noted, in 1/64 level: squares of sums of five stay below 2^42."""
_CALM = 30
"""Surroundings whose errors have fewer than this many bits, in eighths, have scale 0."""


@kernel
def run_deep_plane(
    planes: Planes,
    plane: int,
    first: int,
    last: int,
    offsets: Any,
    equations: Squares,
    history: History,
    tables: Tables,
    rights: Any,
    guessed: Chances,
    bits: Chances,
) -> None:
    """Codes or decodes rows `first` to before `last` of one plane; arguments as of
    `plane.run_plane`, and

    Args:
        rights: uint8, of all planes: which guesses were right, and whether a sample was outside.
        guessed: the chances of guesses; `guesses.CONTEXTS` of them.
        bits: the chances of `low_bits`.
    """
    width, height, depth = planes.width, planes.height, planes.depth
    samples, errors, activity = planes.samples, planes.errors, planes.activity
    block = equations.block
    coder, words = bits.coder, bits.words
    table, leaves, features, rate = tables.table, tables.leaves, tables.features, tables.rate
    signed, magnitude = tables.signed, tables.magnitude
    stride = width + 2 * MARGIN
    size = stride * (height + 2 * MARGIN)
    own = plane * size
    order = equations.order
    misses, bias = history.misses, history.bias
    bins = np.zeros(32, dtype=np.int64)
    guesses = np.zeros(GUESSES, dtype=np.int64)
    contexts = np.zeros(GUESSES, dtype=np.int64)
    passed = np.zeros(GUESSES, dtype=np.int64)
    top = (1 << depth) - 1
    shift = depth - 3
    deeper = np.float32(1 << (depth - 8))
    unit = np.float32(1.0) / deeper
    energy = np.float32(0.0)
    for y in range(first, last):
        start = own + (y + MARGIN) * stride + MARGIN
        before_row(samples, start, stride)
        begin_row(equations)
        for b in range((width + block - 1) // block):
            for x in range(b * block, min(width, b * block + block)):
                if (x - b * block) % equations.step == 0:
                    energy = solve_block(equations, b)
                here = start + x
                at = here - own
                middle = middle_of(samples, here, stride, unit)
                low, high = surroundings(planes, offsets, order, plane, at, unit)
                one, two = predict(equations, low, high)
                guess = level_of((middle + one) * np.float32(64.0) / unit, 64 * top)
                other = level_of((middle + two) * np.float32(64.0) / unit, 64 * top)
                scale = _scale(errors, here, stride, depth)
                rms = _rms(energy, deeper / np.float32(1 << scale))
                apart = (other - guess) >> 2
                value, missed = _blend(guess, other, misses, at, stride, size)
                c0 = texture(samples, here, stride, value)
                c1 = BIASES + min(rms >> 1, 63) * 4 + ((value >> scale) & 3)
                raw = value
                shifted = ((item(bias, c0) + item(bias, c1)) << scale) >> 7
                value = min(max(value + shifted, 0), 64 * top)
                prediction = (value + 8) >> 4
                see(
                    bins, samples, errors, activity, plane, at, stride, size, prediction, rms,
                    apart, missed >> scale, shift, scale, signed, magnitude,
                )  # fmt: skip
                far = top >> scale
                centre = _scaled(prediction, scale, far)
                second = _scaled((other + 8) >> 4, scale, far)
                aside = centre - min(max(second, centre - ASIDE), centre + ASIDE)
                states = weigh(table, bins, features)
                sample = np.int64(item(samples, here))
                known, count = False, 0
                for number in range(GUESSES):
                    value = guess_at(samples, number, plane, here, stride, size)
                    guesses[number] = value
                    if known or value < 0 or value > top or _is_among(guesses, number, value):
                        continue
                    mass = mass_near(states, leaves, centre, aside, value >> scale, far)
                    mass = max(mass >> scale, 1)
                    context = place_of_guess(rights, number, mass, here, stride)
                    if is_worth_it(guessed, context, mass):
                        known = code_bit(guessed, context, np.int64(sample == value)) == 1
                        if known:
                            sample = value
                    else:
                        contexts[count], passed[count] = context, value
                        count += 1
                out = 0
                if not known:
                    base = base_of(centre, far)
                    coarse = sample >> scale
                    out = np.int64(coarse < base or coarse >= base + SYMBOLS)
                    around = _around(rights, plane, here, stride, size)
                    out = code_outside(bits, around, out)
                    if out:
                        coarse = code_far(bits, coarse, base, SYMBOLS, far)
                    else:
                        if bits.encoding:
                            cell, mass = put_near(
                                coder, words, states, leaves, centre, aside, coarse - base, far
                            )
                        else:
                            symbol, cell, mass = get_near(
                                coder, words, states, leaves, centre, aside, far
                            )
                            coarse = base + symbol
                        learn(table, bins, features, states, leaves, cell, aside, mass, rate)
                    sample = (coarse << scale) + code_low(bits, sample, scale)
                for k in range(count):
                    adapt_chance(guessed, contexts[k], np.int64(passed[k] == sample))
                right = out << GUESSES
                for number in range(GUESSES):
                    right |= np.int64(guesses[number] == sample) << number
                set_item(rights, here, np.uint8(right))
                if not bits.encoding:
                    set_item(samples, here, np.int32(sample))
                active = mark_error(errors, activity, here, stride, 4 * sample - prediction)
                _adapt(bias, c0, (64 * sample - raw) >> scale)
                _adapt(bias, c1, (64 * sample - raw) >> scale)
                set_item(misses, at, np.int32(min(abs(64 * sample - guess), _MISS)))
                set_item(misses, size + at, np.int32(min(abs(64 * sample - other), _MISS)))
                share = SHARE * deeper / (np.float32(1.0) + np.float32(active))
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
def _is_among(values: Any, count: Any, value: Any) -> Any:
    for k in range(count):
        if values[k] == value:
            return True
    return False


@inner_kernel(forceinline=True)
def _around(rights: Any, plane: int, here: int, stride: int, size: int) -> Any:
    """Which samples around lay outside: W, N, NE, NW, and those of the planes before."""
    north = here - stride
    around = item(rights, here - 1) >> GUESSES
    around |= (item(rights, north) >> GUESSES) << 1
    around |= (item(rights, north + 1) >> GUESSES) << 2
    around |= (item(rights, north - 1) >> GUESSES) << 3
    for p in range(plane):
        around |= (item(rights, here - (p + 1) * size) >> GUESSES) << (4 + p)
    return np.int64(around)


@inner_kernel(forceinline=True)
def _scale(errors: Any, here: int, stride: int, depth: int) -> Any:
    """By how many bits samples here are coarser than the noise around them."""
    north = here - stride
    total = 2 * _size(item(errors, here - 1)) + 2 * _size(item(errors, north))
    total += _size(item(errors, north - 1)) + _size(item(errors, north + 1))
    total += _size(item(errors, here - 2)) + _size(item(errors, north - stride))
    return min(max((total - _CALM) >> 3, 0), depth - 8)


@inner_kernel(forceinline=True)
def _size(value: Any) -> Any:
    """The number of bits of |value|, below 2^20."""
    rest, bits = abs(value), 0
    for step in (16, 8, 4, 2, 1):
        more = (rest >> step) > 0
        bits += step * more
        rest >>= step * more
    return bits + (rest > 0)


@inner_kernel(forceinline=True)
def _scaled(prediction: int, scale: int, far: int) -> Any:
    """A prediction in quarter levels as one in quarter steps, whose middles lie above multiples."""
    moved = prediction - 2 * ((1 << scale) - 1) + ((1 << scale) >> 1)
    return min(max(moved >> scale, 0), 4 * far)


@inner_kernel(forceinline=True)
def _blend(guess: int, other: int, misses: Any, at: int, stride: int, size: int) -> Any:
    """`history.blend` for misses of up to 2^18."""
    first, second = 32, 32
    for place in (at - 1, at - stride, at - stride + 1, at - stride - 1, at - 2):
        first += item(misses, place)
        second += item(misses, size + place)
    missed = min(first, second) >> 4
    first, second = first * first, second * second
    return guess + (other - guess) * first // (first + second), missed


@inner_kernel(forceinline=True)
def _adapt(bias: Any, context: int, error: int) -> None:
    """Moves a context's mean error, in 2^-6 of 1/64 step."""
    limited = min(max(error, -2048), 2048)
    before = item(bias, context)
    set_item(bias, context, np.int32(before + (((limited << 6) - before) >> 5)))


@inner_kernel(forceinline=True)
def _rms(energy: Any, finer: Any) -> int:
    """A measure of the least squares' residuals, in quarter steps of which a level of 8 bits has
    `finer`."""
    if not energy > np.float32(0.0):
        return 0
    return int(np.sqrt(min(energy * finer, np.float32(2.0**40))) * np.float32(0.5))
