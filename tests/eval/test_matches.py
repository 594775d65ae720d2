"""What a curve needs for the quality of another's points."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncodec.eval.bd import bd
from ncodec.eval.matches import matches
from ncodec.eval.report import table
from ncodec.eval.report.deltas import item_matches
from ncodec.eval.results import Curve, Item, Metric, Point, Summary, load_summary

PSNR = Metric("psnr_y", "Y-PSNR", "dB")


def curve(name, points, seed=None):
    found = [
        Point(f"point {index}", 1000 * rate, rate, quality={"psnr_y": quality})
        for index, (rate, quality) in enumerate(points)
    ]
    return Curve(name, "codec", found, seed=seed)


def percents(reference, test):
    found = matches(curve("reference", reference), curve("test", test), "psnr_y")
    return {match.label: match.rate for match in found}


@given(st.floats(0.2, 5), st.lists(st.floats(0.05, 1), min_size=2, max_size=6))
def test_a_multiple_of_the_rates_is_that_many_percent_of_every_point(factor, steps):
    line = [(0.01 * 1.3**i, 30 + climb) for i, climb in enumerate(np.cumsum([0, *steps]))]
    found = percents(line, [(factor * rate, quality) for rate, quality in line])
    assert list(found.values()) == pytest.approx([100 * (factor - 1)] * len(line))


def test_rate_is_interpolated_in_its_logarithm():
    assert percents([(0.1, 31)], [(0.01, 30), (0.04, 32)]) == pytest.approx({"point 0": -80})


def test_points_that_the_curve_does_not_reach_and_dominated_ones():
    reference = [(0.03, 29), (0.2, 31), (0.4, 30.5), (0.8, 34)]
    found = percents(reference, [(0.05, 30), (0.1, 31), (0.2, 32), (0.4, 33)])
    assert found == pytest.approx({"point 1": -50, "point 2": found["point 2"]})
    # Of a reference that falls there is no BD-rate; its worse file is the easier one.
    assert found["point 2"] < -50
    whole = curve("test", [(0.05, 30), (0.1, 31), (0.2, 32), (0.4, 33)])
    assert bd(curve("reference", reference), whole, "psnr_y").rate is None


def test_a_point_worse_and_larger_than_all_others_has_a_bound():
    reference = curve("reference", [(0.1, 29), (0.4, 28), (0.04, 29)])
    found = matches(reference, curve("test", [(0.05, 30), (0.1, 31)]), "psnr_y")
    assert [(m.label, m.rate, m.bound) for m in found] == [
        ("point 0", pytest.approx(-50), True),
        ("point 1", pytest.approx(-87.5), True),
    ]


@pytest.mark.parametrize("line", [[(0.1, 30)], [(0.1, 30), (0.2, 30)], [(0.1, 31), (0.2, 30)]])
def test_a_curve_that_does_not_rise_matches_nothing(line):
    assert percents([(0.1, 30)], line) == {}


def test_points_without_the_metric_count_for_nothing():
    bare = Curve("reference", "codec", [Point("a", 1, 0.1), Point("b", 1, 0.1, quality={"m": 3.0})])
    test = curve("test", [(0.1, 30), (0.2, 31)])
    assert matches(bare, test, "psnr_y") == []
    assert matches(test, bare, "psnr_y") == []


def test_what_is_shown_and_kept(tmp_path):
    published = curve("published", [(0.4, 31), (0.3, 31.5), (0.8, 29)])
    ours = [curve("ours", [(k * 0.1, 30), (k * 0.2, 32)], seed=k - 1) for k in (1, 2)]
    found = [match for test in ours for match in matches(published, test, "psnr_y")]
    assert [match.label for match in found[:2]] == ["point 1", "point 0"]
    item = Item("clip", "clip.mkv", "small", [*ours, published], matches=found)
    summary = Summary("video", "t", "bits a pixel", [PSNR], [item])
    summary.save(tmp_path / "summary.json")
    assert load_summary(tmp_path / "summary.json").items[0].matches == found
    mean = np.mean([match.rate for match in found if match.label == "point 0"])
    words = f"{mean:+.1f} %".replace("-", "−")
    text = " ".join(table(summary).split())
    assert f"ours against published point 0 {words}" in text
    assert "ours against published point 2 ≤ −81.2 %" in text
    looks = SimpleNamespace(get=lambda name: None)
    shown = item_matches(item, PSNR, looks)
    assert [[cell.text for cell in row.cells] for row in shown.rows][1] == ["published", words]
    assert item_matches(Item("clip", "", "", []), PSNR, looks) is None
