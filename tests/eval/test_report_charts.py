import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ncodec.eval.report.charts import chart, swatch
from ncodec.eval.report.crops import comparisons, overview
from ncodec.eval.report.groups import mean_line, over_seeds
from ncodec.eval.report.styles import styles
from ncodec.eval.report.words import measure, signed, significant, span
from ncodec.eval.results import Curve, Delta, Item, Metric, Point, Summary

PSNR = Metric("psnr_y", "PSNR-Y", "dB")


def curve(name, role, *pairs, seed=None, pictures=False):
    points = [
        Point(f"p{n}", 1, rate, quality={"psnr_y": q}, picture=f"{name}{n}.png" * pictures or None)
        for n, (rate, q) in enumerate(pairs)
    ]
    return Curve(name, role, points, seed=seed)


def drawn(*curves, unit="bits a pixel"):
    pytest.importorskip("matplotlib")
    item = Item("a", "", "", curves)
    looks = styles(Summary("video", "", unit, [PSNR], [item]))
    return chart(item, PSNR, looks, unit, "x1")


def test_codecs_anchors_and_imported_curves_differ():
    pairs = (0.01, 30.0), (0.1, 35.0)
    svg = drawn(
        curve("ours", "codec", *pairs),
        curve("x264 medium", "anchor", *pairs),
        curve("x264 veryslow", "anchor", *pairs),
        curve("paper", "imported", *pairs),
    )
    lines = re.findall(r"stroke: var\(--([as]\d)\); stroke-width: [\d.]+", svg)
    assert set(lines) == {"s1", "a1", "a4"}
    dashes = set(re.findall(r"stroke-dasharray: ([\d. ,]+)", svg))
    assert len(dashes) == 3
    assert re.search(r'viewBox="0 0 [\d.]+ [\d.]+">', svg)
    assert " width=" not in svg.partition(">")[0]


def test_seeds_are_faint_and_their_mean_is_not():
    seeds = [curve("ours", "codec", (0.1, 30.0 + s), (0.2, 33.0 + s), seed=s) for s in range(3)]
    svg = drawn(*seeds)
    assert svg.count("stroke-opacity: 0.35") == 3
    assert mean_line(seeds, "psnr_y") == [
        (pytest.approx(0.1), pytest.approx(31)),
        (pytest.approx(0.2), pytest.approx(34)),
    ]


def test_a_seed_that_lacks_points_makes_no_false_mean():
    seeds = [curve("a", "codec", (0.1, 30.0), (0.2, 33.0)), curve("a", "codec", (0.1, 20.0))]
    assert mean_line(seeds, "psnr_y") == [(0.1, 30.0), (0.2, 33.0)]


@pytest.mark.parametrize(
    ("rates", "labels"),
    [
        ((0.004, 0.13), ["0.005", "0.01", "0.02", "0.05", "0.1"]),
        ((900, 9000), ["1,000", "2,000", "5,000", "10,000"]),
        ((0.11, 0.12), ["0.1", "0.11", "0.12", "0.13"]),
        ((2e6, 9e6), ["2,000,000", "5,000,000", "10,000,000"]),
        ((0.3, 0.3), ["0.28", "0.3", "0.32"]),
    ],
)
def test_rates_have_plain_numbers(rates, labels):
    svg = drawn(curve("a", "codec", *((rate, 30.0 + rate) for rate in rates)))
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert texts[: len(labels)] == labels
    assert f"{PSNR.label} (dB)" in texts
    assert "bits a pixel, log scale" in texts


def test_what_cannot_be_drawn_is_not():
    assert drawn() is None
    assert drawn(curve("a", "codec", (0.1, None), (0.0, 30.0), (0.2, float("inf")))) is None
    assert "$x^2$" in drawn(curve("a", "codec", (0.1, 30.0)), unit="$x^2$")


def test_a_swatch_looks_like_its_curve():
    looks = styles(
        Summary(
            "video",
            "",
            "",
            [],
            [Item("", "", "", [curve("a", "codec"), curve("x264 slow", "anchor")])],
        )
    )
    assert "var(--s1)" in swatch(looks["a"])
    assert "dasharray" not in swatch(looks["a"])
    assert "dasharray" in swatch(looks["x264 slow"])


def test_curves_of_one_family_are_told_apart():
    names = [f"{n} {s}{g}" for n in ("x264", "x265") for s in "ab" for g in ("", ", one GOP")]
    curves = [curve(name, "anchor") for name in names]
    looks = styles(Summary("video", "", "", [], [Item("", "", "", curves)]))
    assert len({look.colour for look in looks.values()}) == 2
    assert len(set(looks.values())) == len(names)


def pictured(folder):
    """A frame with detail in one place, and what two coders made of it."""
    frame = np.full((160, 240, 3), 80, np.uint8)
    frame[20:148, 60:188] = np.random.default_rng(1).integers(0, 255, (128, 128, 3))
    Image.fromarray(frame).save(folder / "source.png")
    curves = [
        curve("ours", "codec", (0.1, 1.0), (0.2, 2.0), (0.4, 3.0), pictures=True, seed=7),
        curve("x264", "anchor", (0.05, 1.0), (0.21, 2.0), (0.9, 3.0), pictures=True),
    ]
    for one in curves:
        for point in one.points:
            Image.fromarray(frame // 2).save(folder / point.picture)
    return Item("a", "", "", curves, picture="source.png")


def test_crops_are_of_like_rates_where_there_is_detail(tmp_path):
    item = pictured(tmp_path)
    frame = overview(item, tmp_path)
    assert frame.box == pytest.approx((25, 12.5, 100 * 128 / 240, 80), abs=1)
    (found,) = comparisons(item, tmp_path)
    assert [(crop.name, crop.point and crop.point.label) for crop in found.crops] == [
        ("source", None),
        ("ours, seed 7", "p1"),
        ("x264", "p1"),
    ]
    assert all((crop.width, crop.height) == (128, 128) for crop in found.crops)
    assert len({crop.uri for crop in found.crops}) == 2


def test_a_point_that_anchors_meet_goes_before_the_middle_one(tmp_path):
    item = pictured(tmp_path)
    ours, theirs = item.curves
    only = replace(theirs, points=theirs.points[:1])
    (found,) = comparisons(replace(item, curves=[ours, only]), tmp_path)
    assert [crop.point.label for crop in found.crops[1:]] == ["p0", "p0"]
    assert [crop.ratio for crop in found.crops] == [1, 1, pytest.approx(0.5)]


def test_pictures_that_cannot_be_read_are_left_out(tmp_path):
    item = pictured(tmp_path)
    (tmp_path / "x2641.png").write_bytes((tmp_path / "source.png").read_bytes()[:200])
    (found,) = comparisons(item, tmp_path)
    assert [crop.name for crop in found.crops] == ["source", "ours, seed 7"]
    Image.new("RGB", (8, 8)).save(tmp_path / "ours1.png")
    assert comparisons(item, tmp_path) == []
    assert comparisons(replace(item, picture=None), tmp_path) == []
    assert overview(replace(item, picture="none.png"), tmp_path) is None


def test_small_frames_are_shown_whole(tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "source.png")
    frame = overview(Item("a", "", "", [], picture="source.png"), tmp_path)
    assert frame.box == (0, 0, 100, 100)


def test_a_mean_over_seeds_needs_every_seed():
    whole = [Delta("a", seed, "b", "m", -10.0 * seed, 0.5, 0.9 - seed / 10) for seed in (0, 1)]
    (mean,) = over_seeds(whole).values()
    assert (mean.rate, mean.low, mean.high, mean.overlap) == (-5.0, -10.0, 0.0, 0.8)
    late = Delta("a", 2, "b", "m", -3.0, None, 0.9, "no quality")
    none = Delta("a", 3, "b", "m", None, None, 0.3, "too far apart")
    (mean,) = over_seeds([*whole, late, none]).values()
    assert (mean.rate, mean.quality, mean.why) == (None, None, "too far apart")


def test_numbers_as_words():
    assert [significant(v) for v in (0.0123, 9.999, 1234.5, 0.0, None)] == [
        "0.0123",
        "10.0",
        "1,234",
        "0",
        "–",
    ]
    assert [signed(v) for v in (-12.34, 0.04, -0.04, 3.0, None)] == [
        "−12.3 %",
        "0.0 %",
        "0.0 %",
        "+3.0 %",
        "–",
    ]
    assert [measure(v, u) for v, u in ((0.98765, ""), (95.123, ""), (9.1, "dB"))] == [
        "0.9877",
        "95.12",
        "9.10",
    ]
    assert span([3.0, None, 1.0], significant) == "1.00 – 3.00"
    assert span([None], significant) == "–"
