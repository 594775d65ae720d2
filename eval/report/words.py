"""The words for values as a reader sees them; what is not known is an en dash."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, isnan

__all__ = [
    "DASH",
    "amount",
    "at_most",
    "bytes_of",
    "measure",
    "memory",
    "plain",
    "signed",
    "significant",
    "span",
    "spread",
]

DASH = "–"

_MINUS = "−"


def plain(value: float | None, digits: int) -> str:
    """The value with so many digits after the point."""
    if value is None or isnan(value):
        return DASH
    if value in (inf, -inf):
        return "∞" if value > 0 else _MINUS + "∞"
    return f"{value:,.{digits}f}".replace("-", _MINUS)


def significant(value: float | None, digits: int = 3) -> str:
    """The value with so many significant digits, never with an exponent."""
    if not value or isnan(value) or value in (inf, -inf):
        return plain(value, 0)
    # Through an exponent, so that 9.999 gets the point of 10.0.
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])
    return plain(value, max(0, digits - 1 - exponent))


def signed(value: float | None, digits: int = 1, unit: str = "%") -> str:
    """A difference with its sign."""
    text = plain(value, digits)
    if text == DASH:
        return text
    if text.lstrip(_MINUS).strip("0.") == "":
        text = text.lstrip(_MINUS)
    elif not text.startswith(_MINUS):
        text = "+" + text
    return f"{text} {unit}" if unit else text


def at_most(value: float, bound: bool) -> str:
    """A difference in per cent, or what it does not exceed."""
    return f"≤ {signed(value)}" if bound else signed(value)


def bytes_of(value: float | None) -> str:
    """A number of bytes; a mean of several files is rounded."""
    return plain(value, 0)


def memory(value: float | None) -> str:
    """A number of bytes as MB or GB of 10^6 and 10^9."""
    if value is None:
        return DASH
    return f"{significant(value / 1e9)} GB" if value >= 1e9 else f"{significant(value / 1e6)} MB"


def amount(value: float | None) -> str:
    """A large count with its SI prefix: 2.31 M."""
    if value is None:
        return DASH
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{significant(value / factor)} {prefix}"
    return significant(value)


def measure(value: float | None, unit: str) -> str:
    """The value of a metric without its unit: two digits, and four of an index or divergence below
    10."""
    small = value is not None and abs(value) < 10
    return plain(value, 4 if small and unit not in ("dB", "%") else 2)


def span(values: Iterable[float | None], words: Callable[[float | None], str]) -> str:
    """The span from the lowest to the highest of the known values, or the only one."""
    known = [value for value in values if value is not None]
    if not known:
        return DASH
    low, high = words(min(known)), words(max(known))
    return low if low == high else f"{low} {DASH} {high}"


def spread(low: float | None, high: float | None) -> str:
    """The span from one difference in per cent to another."""
    if low is None or high is None:
        return DASH
    return f"{signed(low, unit='')} to {signed(high, unit='')}"
