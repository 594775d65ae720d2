"""The logistic domain of adaptive mixing, as tables of integers: ln(p / (1 - p)) in 1/256."""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np
from numpy.typing import NDArray

__all__ = ["REACH", "SQUASH", "STRETCH"]

REACH = 3071
"""The ends of the domain: up to 12, beyond 16-bit probabilities."""


def _squash() -> NDArray[np.int64]:
    exact = Context(prec=40)
    odds = [exact.exp(exact.divide(Decimal(-x), Decimal(256))) for x in range(-REACH, REACH + 1)]
    values = [int(exact.divide(Decimal(65536), exact.add(Decimal(1), o))) for o in odds]
    return np.clip(np.array(values, dtype=np.int64), 1, 65535)


def _stretch() -> NDArray[np.int64]:
    exact = Context(prec=40)
    odds = [exact.divide(Decimal(2 * i + 1), Decimal(8191 - 2 * i)) for i in range(4096)]
    values = [int((exact.ln(o) * 256).to_integral_value()) for o in odds]
    return np.array(values, dtype=np.int64)


# Decimal rounds exp and ln correctly, so the tables are the same everywhere.
SQUASH, STRETCH = _squash(), _stretch()
"""SQUASH: 65536 / (1 + exp(-x / 256)) at x = -REACH .. REACH, rounded down, within 1 .. 65535.
STRETCH: 256 ln(p / (1 - p)) at p = (i + 1/2) / 4096, rounded to the nearest integer."""
