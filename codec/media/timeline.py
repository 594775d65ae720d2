"""When the frames of a clip are shown: the container's ticks as the times of a .nc file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd
from statistics import median_low

from ncodec.media.matroska.writer import FINE

__all__ = ["Timeline", "constant_step", "end_tick", "standstills", "timeline"]

_MILLISECOND = Fraction(1, 1000)
_ROUNDED = Fraction(FINE, 10**9)
"""The finer of the ticks of ncodec's Matroska files."""
_LARGEST_PART = (1 << 32) - 1
"""The largest numerator and denominator of a time base in HEAD."""

_STANDSTILL = 2.5
"""The usual frames from which one that is shown so long stands out."""
_SELDOM = 50
"""Frames for each one that may stand out; where there are more, the rate varies on purpose."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of a clip.

    Attributes:
        time_base: seconds a tick.
        times: ticks of each frame; None where frame i is shown at tick i.
        origin: seconds on the container's clock that are tick 0.
    """

    time_base: Fraction
    times: tuple[int, ...] | None
    origin: Fraction


def timeline(
    ticks: Sequence[int], time_base: Fraction, rates: Sequence[Fraction], origin: Fraction
) -> Timeline:
    """Times relative to `origin`, which no frame precedes.

    Args:
        ticks: those of the container, which increase.
        time_base: seconds of one of these.
        rates: the frames a second that the container states, likeliest first.
        origin: seconds. It moves by less than a tick where no time base would hold it exactly.
    """
    frame_time = _constant(ticks, time_base, rates)
    offset = ticks[0] * time_base - origin
    if frame_time and not offset:
        return Timeline(frame_time, None, origin)
    step = frame_time or time_base
    common = _common(step, offset)
    if max(common.as_integer_ratio()) > _LARGEST_PART:
        step, frame_time = time_base, None
        common, offset = time_base, offset // time_base * time_base
    start, scale = int(offset / common), int(step / common)
    if frame_time:
        times = tuple(start + i * scale for i in range(len(ticks)))
    else:
        times = tuple(start + (tick - ticks[0]) * scale for tick in ticks)
    return Timeline(common, times, ticks[0] * time_base - offset)


def constant_step(times: Sequence[int] | None) -> int | None:
    """The ticks from each time to the next, if they are all alike and rise; 1 for None."""
    if times is None or len(times) < 2:
        return 1
    step = times[1] - times[0]
    steady = all(later - earlier == step for earlier, later in pairwise(times))
    return step if steady and step > 0 else None


def end_tick(times: Sequence[int]) -> int:
    """When the last frame ends: it lasts as long as the one before it."""
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1)


def standstills(ticks: Sequence[int], time_base: Fraction, name: str) -> list[str]:
    """A sentence where a few frames are shown for much longer than the others, or none."""
    steps = [later - earlier for earlier, later in pairwise(ticks)]
    if not steps:
        return []
    usual = median_low(steps)
    longer = [i for i, step in enumerate(steps) if step > _STANDSTILL * usual]
    if not longer or len(longer) * _SELDOM > len(ticks) + _SELDOM:
        return []
    first = longer[0]
    shown, from_ = (float(n * time_base) for n in (steps[first], ticks[first] - ticks[0]))
    more = f", and {len(longer) - 1} times more" if len(longer) > 1 else ""
    return [
        f"{name} seems to lack frames: its times jump by {shown:.3g} s at frame {first + 1},"
        f" {from_:.3g} s after the first{more}; the jump is kept"
    ]


def _common(first: Fraction, second: Fraction) -> Fraction:
    """The largest fraction of which both are whole multiples; `second` may be 0."""
    return Fraction(
        gcd(first.numerator * second.denominator, second.numerator * first.denominator),
        first.denominator * second.denominator,
    )


def _constant(
    ticks: Sequence[int], time_base: Fraction, rates: Sequence[Fraction]
) -> Fraction | None:
    """The seconds of a frame if the rate is constant, else None.

    Constant is: equal steps; or a stated rate whose every grid time is less than a tick away,
    which is what ticks that do not divide it make of one. Where ticks are rounded, as
    Matroska's and FLV's are, the stated rate goes before equal steps.
    """
    steps = {later - earlier for earlier, later in pairwise(ticks)}
    if not steps:
        return 1 / _nominal(rates[0]) if rates else Fraction(1, 25)
    equal = next(iter(steps)) * time_base if len(steps) == 1 else None
    if equal and time_base < _MILLISECOND and time_base != _ROUNDED:
        return equal
    for rate in (*map(_nominal, rates), *rates):
        step = 1 / (rate * time_base)
        if step > 1 and _on_grid(ticks, step):
            return 1 / rate
    return equal


def _nominal(rate: Fraction) -> Fraction:
    """The whole or NTSC (n * 1000/1001) rate that `rate` is an estimate of, else `rate`.

    Matroska states a frame's length in nanoseconds, and FFmpeg makes 19001/317 of 60000/1001.
    """
    near = (Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001))
    return next((n for n in near if abs(n - rate) < rate / 1_000_000), rate)


def _on_grid(ticks: Sequence[int], step: Fraction) -> bool:
    """Whether one offset puts every `ticks[i]` less than a tick from `offset + i * step`."""
    slips = [tick - i * step for i, tick in enumerate(ticks)]
    return max(slips) - min(slips) < 1
