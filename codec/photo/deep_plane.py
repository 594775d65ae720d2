"""A plane of 8 to 16 bits, coded sample by sample at a scale that its surroundings choose.

The circuits were learned from samples of 8 bits. A deep sample among noise of many levels is coded
in steps of 2^scale levels, by the circuit, and then its lowest bits; where noise is low the scale
is 0, and every level counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel, kernel
from ncodec.formats.entropy.vectors import LANES, item, set_item, with_lane
from ncodec.photo.deep.beyond import code_beyond, code_low, is_beyond
from ncodec.photo.deep.blending import blend, edge_of, note_miss, scale_of
from ncodec.photo.deep.chances import Chances, adapt_chance, code_bit
from ncodec.photo.deep.guesses import GUESSES, guess_at, is_worth_it, place_of_guess
from ncodec.photo.features import MARGIN, see
from ncodec.photo.history import BIASES, History, adapt, texture
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

_CALM = 64
"""Samples of more activity than this, in steps, count less in the least squares: they would
outweigh all others."""

I64 = NDArray[np.int64]


@kernel
def run_deep_plane(
    planes: Planes,
    plane: int,
    first: int,
    last: int,
    offsets: I64,
    equations: Squares,
    history: History,
    tables: Tables,
    rights: NDArray[np.uint8],
    latest: I64,
    guessed: Chances,
    bits: Chances,
) -> None:
    """Codes or decodes rows `first` to before `last` of one plane.

    Args:
        planes, plane, first, last, offsets, equations, history, tables: as of `plane.run_plane`;
            misses are those of `blending`.
        rights: of all planes: which guesses a sample was, and whether it was beyond the circuit.
        latest: the latest sample that was beyond it, int64 [1].
        guessed: the chances of guesses.
        bits: the chances of `beyond`.
    """
    width, height, depth = planes.width, planes.height, planes.depth
    samples, errors, activity = planes.samples, planes.errors, planes.activity
    block = equations.block
    coder, words = bits.coder, bits.words
    table, leaves, features, rate = tables.table, tables.leaves, tables.features, tables.rate
    stride = width + 2 * MARGIN
    size = stride * (height + 2 * MARGIN)
    own = plane * size
    order = equations.order
    misses, bias = history.misses, history.bias
    bins = np.zeros(32, dtype=np.int64)
    guesses = np.zeros(GUESSES, dtype=np.int64)
    passed = np.zeros(GUESSES, dtype=np.int64)
    contexts = np.zeros(GUESSES, dtype=np.int64)
    top = (1 << depth) - 1
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
                edge = 64 * edge_of(samples, plane, here, stride, size, top)
                scale = scale_of(errors, here, stride, depth)
                rms = _rms(energy, deeper / np.float32(1 << scale))
                apart = (other - guess) >> 2
                raw, missed, nearer = blend(guess, other, edge, misses, at, stride, size)
                c0 = texture(samples, here, stride, raw)
                c1 = BIASES + min(rms >> 1, 63) * 4 + ((raw >> scale) & 3)
                value = raw + (((item(bias, c0) + item(bias, c1)) << scale) >> 7)
                prediction = (min(max(value, 0), 64 * top) + 8) >> 4
                see(
                    bins, samples, errors, activity, plane, at, stride, size, prediction, rms,
                    apart, missed >> scale, depth - 3, scale, tables.signed, tables.magnitude,
                )  # fmt: skip
                far = top >> scale
                centre = _in_steps(prediction, scale, far)
                second = _in_steps(((edge if nearer else other) + 8) >> 4, scale, far)
                aside = centre - min(max(second, centre - ASIDE), centre + ASIDE)
                states = weigh(table, bins, features)
                sample = np.int64(item(samples, here))
                known, count = False, 0
                for number in range(GUESSES):
                    value = guess_at(samples, number, plane, here, stride, size)
                    guesses[number] = value
                    if known or value < 0 or value > top or _is_among(guesses, number):
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
                beyond = np.int64(0)
                if not known:
                    base = base_of(centre, far)
                    step = sample >> scale
                    beyond = np.int64(step < base or step >= base + SYMBOLS)
                    around = _beyond_around(rights, plane, here, stride, size)
                    beyond = is_beyond(bits, around, beyond)
                    if beyond:
                        end = ((base + SYMBOLS) << scale) - 1
                        sample = code_beyond(
                            bits, sample, samples, here, stride, base << scale, end, latest[0], top
                        )
                        latest[0] = sample
                    else:
                        if bits.encoding:
                            cell, mass = put_near(
                                coder, words, states, leaves, centre, aside, step - base, base
                            )
                        else:
                            symbol, cell, mass = get_near(
                                coder, words, states, leaves, centre, aside, base
                            )
                            step = base + symbol
                        learn(table, bins, features, states, leaves, cell, aside, mass, rate)
                        sample = (step << scale) + code_low(bits, sample, scale)
                for k in range(count):
                    adapt_chance(guessed, contexts[k], np.int64(passed[k] == sample))
                set_item(rights, here, np.uint8(_rights(guesses, sample) | beyond << GUESSES))
                set_item(samples, here, np.int32(sample))
                active = mark_error(errors, activity, here, stride, 4 * sample - prediction)
                adapt(bias, c0, (64 * sample - raw) >> scale)
                adapt(bias, c1, (64 * sample - raw) >> scale)
                note_miss(misses, at, 64 * sample - guess)
                note_miss(misses, size + at, 64 * sample - other)
                note_miss(misses, 2 * size + at, 64 * sample - edge)
                share = SHARE * deeper / (np.float32(1.0) + np.float32(active))
                calm = np.float32(_CALM << scale)
                if np.float32(active) > calm:
                    share *= calm / np.float32(active)
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
def _in_steps(prediction: int, scale: int, far: int) -> Any:
    """A prediction in quarter levels as one in quarter steps, of which each begins at its lowest
    level."""
    moved = prediction - 2 * ((1 << scale) - 1) + ((1 << scale) >> 1)
    return min(max(moved >> scale, 0), 4 * far)


@inner_kernel(forceinline=True)
def _is_among(guesses: I64, number: int) -> bool:
    """Whether a guess is one of those before it."""
    among = False
    for k in range(number):
        among |= guesses[k] == guesses[number]
    return among


@inner_kernel(forceinline=True)
def _rights(guesses: I64, sample: Any) -> Any:
    right = np.int64(0)
    for number in range(GUESSES):
        right |= np.int64(guesses[number] == sample) << number
    return right


@inner_kernel(forceinline=True)
def _beyond_around(rights: NDArray[np.uint8], plane: int, here: int, stride: int, size: int) -> Any:
    """Which samples around were beyond the circuit: W, N, NE, NW, and those of planes before."""
    north = here - stride
    around = item(rights, here - 1) >> GUESSES
    around |= (item(rights, north) >> GUESSES) << 1
    around |= (item(rights, north + 1) >> GUESSES) << 2
    around |= (item(rights, north - 1) >> GUESSES) << 3
    for p in range(plane):
        around |= (item(rights, here - (p + 1) * size) >> GUESSES) << (4 + p)
    return np.int64(around)


@inner_kernel(forceinline=True)
def _rms(energy: Any, finer: Any) -> int:
    """A measure of the least squares' residuals, in quarter steps, of which a level of 8 bits has
    `finer` times four."""
    if not energy > np.float32(0.0):
        return 0
    return int(np.sqrt(min(energy * finer, np.float32(2.0**40))) * np.float32(0.5))
