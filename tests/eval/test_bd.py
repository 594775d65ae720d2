import re
import sys
from dataclasses import replace
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator

from ncodec.errors import MissingDependency
from ncodec.eval.bd import average, bd
from ncodec.eval.results import Curve, Delta, Item, Point

RATES = (0.01, 0.022, 0.05, 0.09, 0.2)
QUALITIES = (30.0, 32.5, 35.1, 36.8, 39.0)


def curve(name, rates, qualities, seed=None):
    points = [
        Point(f"{name} {index}", 1000 * rate, rate, quality={"psnr_y": quality})
        for index, (rate, quality) in enumerate(zip(rates, qualities, strict=True))
    ]
    return Curve(name, "codec", points, seed=seed)


def compared(anchor, test):
    return bd(anchor, test, "psnr_y")


@st.composite
def rising(draw):
    """Rates and qualities of a curve, between 28 and 40 dB."""
    count = draw(st.integers(4, 8))
    steps = st.lists(st.floats(0.1, 2), min_size=count - 1, max_size=count - 1)
    rates = draw(st.floats(0.005, 0.02)) * 2 ** np.cumsum([0, *draw(steps)])
    climb = np.cumsum([0, *draw(steps)])
    return rates.tolist(), (28 + 12 * climb / climb[-1]).tolist()


def by_scipy(anchor, test, axis):
    """BD over all points with adaptive quadrature, of log10 rate (axis 1) or quality (axis 0)."""
    lines = [np.array([np.log10(rates), qualities]) for rates, qualities in (anchor, test)]
    over = 1 - axis
    low = max(line[axis, 0] for line in lines)
    high = min(line[axis, -1] for line in lines)
    areas = []
    for line in lines:
        knots = [x for x in line[axis] if low < x < high]
        f = PchipInterpolator(line[axis], line[over])
        areas.append(quad(f, low, high, points=knots or None, limit=200)[0])
    return (areas[1] - areas[0]) / (high - low)


@given(rising())
def test_a_curve_against_itself_is_nothing(points):
    found = compared(curve("a", *points), curve("b", *points))
    assert (found.rate, found.quality) == pytest.approx((0, 0), abs=1e-9)
    assert found.overlap == 1
    assert found.why is None


@given(rising(), st.floats(0.6, 1.6))
def test_a_multiple_of_the_rates_is_that_many_percent(points, factor):
    rates, qualities = points
    more = [factor * rate for rate in rates]
    found = compared(curve("a", rates, qualities), curve("b", more, qualities))
    assert found.rate == pytest.approx(100 * (factor - 1), abs=1e-6)


def test_twice_the_rate_is_a_hundred_percent():
    twice = [2 * rate for rate in RATES]
    assert compared(curve("a", RATES, QUALITIES), curve("b", twice, QUALITIES)).rate == (
        pytest.approx(100)
    )


@given(rising(), rising())
def test_a_second_implementation_agrees(anchor, test):
    found = compared(curve("a", *anchor), curve("b", *test))
    expected = 100 * (10 ** by_scipy(anchor, test, axis=1) - 1)
    assert found.rate == pytest.approx(expected, rel=1e-6, abs=1e-6)
    if found.quality is not None:
        assert found.quality == pytest.approx(by_scipy(anchor, test, axis=0), abs=1e-6)


@given(rising(), rising())
def test_exchanged_curves_give_the_inverse(anchor, test):
    a, b = curve("a", *anchor), curve("b", *test)
    forth, back = compared(a, b).rate, compared(b, a).rate
    assert (1 + forth / 100) * (1 + back / 100) == pytest.approx(1)


def test_quality_is_decibels_at_equal_rate():
    better = [quality + 1.5 for quality in QUALITIES]
    found = compared(curve("a", RATES, QUALITIES), curve("b", RATES, better))
    assert found.quality == pytest.approx(1.5)
    assert found.rate < 0


def test_points_in_any_order():
    a = curve("a", RATES, QUALITIES)
    b = curve("b", [0.9 * rate for rate in RATES], QUALITIES)
    shuffled = replace(b, points=[b.points[i] for i in (3, 0, 4, 1, 2)])
    assert compared(a, shuffled) == compared(a, b)


def test_an_anchor_may_reach_further_than_the_test_curve():
    wide = curve("a", [0.001 * 2**i for i in range(12)], [20 + 2 * i for i in range(12)])
    test = curve("b", [0.02, 0.03, 0.05, 0.08], [28.5, 29.5, 31.0, 32.5])
    found = compared(wide, test)
    assert found.overlap == 1
    columns = [
        [[p.rate for p in c.points], [p.quality["psnr_y"] for p in c.points]] for c in (wide, test)
    ]
    assert found.rate == pytest.approx(100 * (10 ** by_scipy(*columns, axis=1) - 1))


def test_the_overlap_is_the_share_of_the_test_curve_that_the_anchor_reaches():
    test = curve("b", [0.02, 0.03, 0.05, 0.08], [28.0, 29.5, 31.0, 32.0])
    anchor = curve("a", [0.02, 0.03, 0.05, 0.08], [29.0, 30.0, 31.0, 40.0])
    assert compared(anchor, test).overlap == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    ("rates", "qualities", "why"),
    [
        (RATES[:3], QUALITIES[:3], "b has 3 points with Y-PSNR, and at least 4 are needed."),
        (RATES, (30, 33, 32, 36, 39), r"Y-PSNR of b does not rise .* b 1 .* to b 2 \(32 at 0.05\)"),
        (RATES, (30, 33, 33, 36, 39), r"does not rise .* b 1 \(33 at 0.022\) to b 2"),
        ((0.01, 0.02, 0.02, 0.04, 0.05), QUALITIES, "does not rise with the rate from b 1"),
        (RATES, (30, 33, nan, 36, 39), r"b has Y-PSNR nan at rate 0.05 \(b 2\)"),
        ((0, *RATES[1:]), QUALITIES, r"b has Y-PSNR 30.0 at rate 0 \(b 0\)"),
        (RATES, (40, 42, 44, 46, 48), "a covers 0.0 % of its qualities"),
        (RATES, (35, 37, 39, 41, 44), "a covers 44.4 % of its qualities, and at least 50 % is"),
    ],
)
def test_refusals_name_the_curve_and_the_points(rates, qualities, why):
    found = compared(curve("a", RATES, QUALITIES), curve("b", rates, qualities))
    assert (found.rate, found.quality) == (None, None)
    assert found.why is not None
    assert re.search(why, found.why)


def test_an_anchor_that_falls_is_refused():
    anchor = curve("a", [0.01, 0.02, 0.04, 0.08, 0.16], [28, 30, 29, 34, 36])
    test = curve("b", [0.02, 0.03, 0.05, 0.1], [28.5, 29.5, 31.0, 33])
    assert "Y-PSNR of a does not rise" in compared(anchor, test).why


def test_rates_apart_leave_a_bd_rate_without_a_bd_quality():
    test = curve("b", [50 * rate for rate in RATES], QUALITIES)
    found = compared(curve("a", RATES, QUALITIES), test)
    assert found.rate == pytest.approx(4900)
    assert found.quality is None
    assert found.why.startswith("BD-quality is absent: a covers 0.0 % of its rates")


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "bjontegaard", None)
    with pytest.raises(MissingDependency, match=r"python -m pip install 'ncodec\[eval\]'"):
        compared(curve("a", RATES, QUALITIES), curve("b", RATES, QUALITIES))


def item(name, *figures):
    deltas = [
        Delta("t", seed, "x264", "psnr_y", rate, quality, 1.0) for seed, rate, quality in figures
    ]
    return Item(name, name, "", (), deltas)


def test_averages_are_of_means_over_seeds():
    items = [
        item("one", (0, -10.0, 1.0), (1, -20.0, 2.0)),
        item("two", (0, 30.0, -1.0), (1, 20.0, -1.0)),
    ]
    (found,) = average(items)
    assert (found.test, found.anchor, found.metric) == ("t", "x264", "psnr_y")
    assert (found.rate, found.quality) == pytest.approx((5.0, 0.25))
    assert (found.items, found.missing) == (2, [])
    assert found.spread == pytest.approx((0.0, 10.0))


def test_averages_leave_out_nothing_silently():
    items = [item("one", (None, -10.0, 1.0)), item("two", (None, None, None)), item("three")]
    (found,) = average(items)
    assert (found.rate, found.quality, found.spread) == (None, None, None)
    assert (found.items, found.missing) == (1, ["two", "three"])


def test_a_seed_without_a_figure_is_not_averaged_away():
    (found,) = average([item("one", (0, -10.0, 1.0), (1, None, None))])
    assert (found.rate, found.missing, found.spread) == (None, ["one"], None)
