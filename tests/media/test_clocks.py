"""Times of frames: those of a container, however odd, as those of a clip."""

from fractions import Fraction
from itertools import accumulate
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncodec.media.clock import BROADCAST, Clock
from ncodec.media.timeline import standstills, timeline

BASES = st.sampled_from([Fraction(1, n) for n in (25, 1000, 12800, 90000, 10**6, 10**9)])


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=9), st.integers(-(10**9), 10**9), BASES,
    st.fractions(0, 100, max_denominator=48000),
)  # fmt: skip
def test_a_timeline_keeps_every_time(steps, first, base, before):
    ticks = list(accumulate(steps, initial=first))
    origin = first * base - before
    line = timeline(ticks, base, (), origin)
    assert max(line.time_base.as_integer_ratio()) < 1 << 32
    assert abs(line.origin - origin) < base
    shown = range(len(ticks)) if line.times is None else line.times
    assert [line.origin + time * line.time_base for time in shown] == [t * base for t in ticks]


@given(
    st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]),
    st.integers(2, 200), st.fractions(0, 10, max_denominator=1000),
)  # fmt: skip
def test_a_rate_stays_exact_where_ticks_are_milliseconds(rate, frames, before):
    ticks = [int(1000 * i / rate) for i in range(frames)]
    line = timeline(ticks, Fraction(1, 1000), (rate,), -before)
    shown = range(frames) if line.times is None else line.times
    assert [time * line.time_base for time in shown] == [before + i / rate for i in range(frames)]


def test_only_what_stands_out_is_a_standstill():
    steady = list(range(100))
    assert standstills(steady, Fraction(1, 25), "a") == []
    (said,) = standstills([*steady, 150, *range(151, 200)], Fraction(1, 25), "a")
    assert "jump by 2.04 s at frame 100, 3.96 s after the first" in said
    slides = list(accumulate([1, 1, 90, 1, 80, 1, 1, 70, 1], initial=0))
    assert standstills(slides, Fraction(1, 25), "a") == []
    assert standstills([7], Fraction(1, 25), "a") == []


def clock_of(name="matroska", flags=0, rate=25, start=0):
    """A clock in milliseconds."""
    container = SimpleNamespace(format=SimpleNamespace(name=name, flags=flags))
    rates = dict.fromkeys(("average_rate", "guessed_rate", "base_rate"), Fraction(rate))
    stream = SimpleNamespace(time_base=Fraction(1, 1000), start_time=start, duration=9000, **rates)
    return Clock(container, stream)


@pytest.mark.parametrize(
    ("times", "shown", "said"),
    [
        ([0, 40, 80, 120], [0, 40, 80, 120], ""),
        ([0, 40, 40, 120], [0, 40, 41, 120], "increase for 1 of"),
        ([0, 40, 120, 80, 160], [0, 40, 120, 121, 160], "increase for 1 of"),
        ([0, None, 80, None], [0, 40, 80, 120], "increase for 2 of"),
        ([5000, 5040, 0, 5120], [5000, 5040, 5080, 5120], "increase for 1 of"),
        ([5000, 5040, 0, 40, 80], [5000, 5040, 5080, 5120, 5160], "jump from 5.04 to 0 s"),
        ([0, 40, 60_000, 60_040], [0, 40, 60_000, 60_040], ""),
    ],
)
def test_times_out_of_order_are_put_right_and_said(times, shown, said):
    clock = clock_of()
    assert [clock.tick(SimpleNamespace(pts=time, dts=None)) for time in times] == shown
    notices = " ".join(clock.notices("a.mkv"))
    assert said in notices
    assert bool(said) == bool(notices)


def test_a_broadcast_goes_on_where_its_times_jump_far_ahead():
    clock = clock_of("mpegts", BROADCAST)
    times = [0, 40, 60_000, 60_040]
    shown = [clock.tick(SimpleNamespace(pts=time, dts=None)) for time in times]
    assert shown == [0, 40, 80, 120]


def test_decoding_times_count_where_they_are_in_better_order():
    clock = clock_of()
    pairs = [(40, 0), (0, 40), (120, 80), (80, 120), (200, 160)]
    shown = [clock.tick(SimpleNamespace(pts=pts, dts=dts)) for pts, dts in pairs]
    assert shown == sorted(set(shown))
