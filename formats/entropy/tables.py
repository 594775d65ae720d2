"""Laplace and Gaussian frequency tables, by a scale index, from integer arithmetic alone.

Index i stands for the scale 2**(i/8 - 3): the quantised Laplace's b, the discrete Gaussian's
sigma. Steps of 2**(1/8) cost a Gaussian at most 0.004 bits a value against its best scale.
A file names a table by its index, so a table may never change: docs/entropy.md defines them.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt

import numpy as np

from ncodec.formats.entropy.coder import TOTAL, Table

__all__ = ["SCALES", "gaussian", "laplace", "scale"]

SCALES = 112
"""The number of scale indices, from 1/8 up to 2**(87/8), about 1878."""

_FRACTION = 64
_ONE = 1 << _FRACTION
_SCALE_FRACTION = 35


def scale(index: int) -> int:
    """The scale of an index times 2**35: floor(2**(index/8 - 3) * 2**35), an exact eighth root."""
    return isqrt(isqrt(isqrt(1 << (index + 8 * (_SCALE_FRACTION - 3)))))


@lru_cache(maxsize=SCALES)
def laplace(index: int) -> Table:
    """The Laplace density of scale b, integrated over unit cells, on [-R, R] with
    R = 1 + floor(12 b).

    Symbol k + R stands for k, symbol 2R + 1 for an escape.
    """
    width = scale(index)
    radius = 1 + ((12 * width) >> _SCALE_FRACTION)
    root = _exp_minus((_ONE << (_SCALE_FRACTION - 1)) // width)
    step = _multiply(root, root)
    tails = [root // 2]
    for _ in range(radius):
        tails.append(_multiply(tails[-1], step))
    return _from_tails(tails, _ONE)


@lru_cache(maxsize=SCALES)
def gaussian(index: int) -> Table:
    """The discrete Gaussian, mass in proportion to exp(-k**2 / 2 sigma**2), on [-R, R] with
    R = 1 + floor(6 sigma).

    Symbol k + R stands for k, symbol 2R + 1 for an escape.
    """
    width = scale(index)
    radius = 1 + ((6 * width) >> _SCALE_FRACTION)
    ratio = _exp_minus((_ONE << (2 * _SCALE_FRACTION - 1)) // (width * width))
    step = _multiply(ratio, ratio)
    masses = []
    mass = _multiply(_ONE, ratio)
    while mass:
        masses.append(mass)
        ratio = _multiply(ratio, step)
        mass = _multiply(mass, ratio)
    beyond = [0] * max(0, radius + 1 - len(masses))
    tails = np.cumsum(np.array((masses + beyond)[::-1], dtype=object))[::-1]
    return _from_tails(list(tails[: radius + 1]), _ONE + 2 * int(tails[0]))


def _from_tails(tails: list[int], total: int) -> Table:
    """The symmetric table whose value j >= 1 and all above it weigh tails[j - 1] / total.

    Every symbol gets 1 and the others are shared out; tails has R + 1 entries.
    """
    radius = len(tails) - 1
    shared = TOTAL - (2 * radius + 2)
    tail = np.array([t * shared // total for t in tails], dtype=np.int64)
    side = 1 + tail[:-1] - tail[1:]
    centre, escape = 1 + shared - 2 * tail[0], 1 + 2 * tail[-1]
    return Table(np.concatenate([side[::-1], [centre], side, [escape]]))


def _multiply(a: int, b: int) -> int:
    return a * b >> _FRACTION


def _exp_minus(x: int) -> int:
    """The integer exp(-x / 2**64) * 2**64 for 0 <= x <= 32 * 2**64, by the Taylor series of
    exp(-x / 64)."""
    x >>= 6
    total, term, n = _ONE, _ONE, 0
    while term:
        n += 1
        term = _multiply(term, x) // n
        total += -term if n % 2 else term
    for _ in range(6):
        total = _multiply(total, total)
    return total
