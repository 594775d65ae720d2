"""The logistic domain of adaptive mixing, as tables of integers: ln(p / (1 - p)) in 1/256."""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np
from numpy.typing import NDArray

__all__ = ["FASTEST", "LOG_ONE", "RATES", "REACH", "SQUASH", "STRETCH", "log_of"]

REACH = 3071
"""The ends of the domain: up to 12, beyond 16-bit probabilities."""


_EXACT = Context(prec=40)

_NEAR = 1e-6
"""A value as near as that to where it would be rounded otherwise is computed exactly: machines'
floats differ by far less. Decimal rounds exp and ln correctly, but takes a quarter of a second for
all of them."""


def _squash() -> NDArray[np.int64]:
    places = np.arange(-REACH, REACH + 1)
    rough = 65536 / (1 + np.exp(-places / 256))
    values = np.floor(rough).astype(np.int64)
    for i in np.flatnonzero(np.abs(rough - np.rint(rough)) < _NEAR):
        odds = _EXACT.exp(_EXACT.divide(Decimal(-int(places[i])), Decimal(256)))
        values[i] = int(_EXACT.divide(Decimal(65536), _EXACT.add(Decimal(1), odds)))
    clipped: NDArray[np.int64] = np.clip(values, 1, 65535)
    return clipped


def _stretch() -> NDArray[np.int64]:
    middles = 2 * np.arange(4096) + 1
    rough = 256 * np.log(middles / (8192 - middles))
    values: NDArray[np.int64] = np.rint(rough).astype(np.int64)
    for i in np.flatnonzero(np.abs(rough - np.floor(rough) - 0.5) < _NEAR):
        odds = _EXACT.divide(Decimal(int(middles[i])), Decimal(8192 - int(middles[i])))
        values[i] = int((_EXACT.ln(odds) * 256).to_integral_value())
    return values


SQUASH, STRETCH = _squash(), _stretch()
"""SQUASH: 65536 / (1 + exp(-x / 256)) at x = -REACH .. REACH, rounded down, within 1 .. 65535.
STRETCH: 256 ln(p / (1 - p)) at p = (i + 1/2) / 4096, rounded to the nearest integer."""

_UNIT = 1 << 23

LOG_ONE = 127 * _UNIT
"""The bits of 1 as float32."""

FASTEST = 13 * _UNIT - (1 << 19)
"""The logarithm of the rate at which a slot learns, in 1/4096, that has seen n bits, plus that of
2 n + 3."""


def log_of(number: int) -> int:
    """The binary logarithm in 2^-23, linear between powers of two, of a number in 1 .. 2^24: its
    bits as float32 less those of 1, which is how machines find it."""
    whole = number.bit_length() - 1
    return (whole << 23) + (number << 23 >> whole) - _UNIT


def _power_of(logarithm: int) -> int:
    """The number, rounded down, that has this logarithm."""
    return (_UNIT + logarithm % _UNIT) >> (23 - logarithm // _UNIT)


RATES = np.array([_power_of(FASTEST - log_of(2 * n + 3)) for n in range(1024)], dtype=np.int16)
"""How far a slot that has seen n bits moves to the next one, in 1/4096: about 2 / (2 n + 3)."""
