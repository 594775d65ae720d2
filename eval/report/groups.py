"""Curves and deltas of one name brought together over the seeds of a fitted codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ncodec.eval.results import Curve, Delta, Item, Match, Metric, Summary

__all__ = [
    "SeedMean",
    "curve_names",
    "labels",
    "line",
    "matched",
    "mean_line",
    "metric_keys",
    "over_seeds",
    "with_seeds",
]

Line = list[tuple[float, float]]
"""The rates and qualities of points by rising rate."""


@dataclass(frozen=True, slots=True)
class SeedMean:
    """`Delta` of a curve against an anchor, as a mean over seeds.

    Attributes:
        test, anchor, metric: as `Delta`.
        rate, quality: means; None where a seed has none.
        overlap: the smallest.
        low, high: the lowest and the highest of the seeds' BD-rates.
        seeds: the number of seeds.
        why: the first reason why there is no figure.
    """

    test: str
    anchor: str
    metric: str
    rate: float | None
    quality: float | None
    overlap: float
    low: float | None
    high: float | None
    seeds: int
    why: str | None


def curve_names(item: Item) -> dict[str, list[Curve]]:
    """The item's curves by name; a codec with several seeds has several under its name."""
    names: dict[str, list[Curve]] = {}
    for curve in item.curves:
        names.setdefault(curve.name, []).append(curve)
    return names


def with_seeds(curve: Curve) -> str:
    """The curve's name, and its seed where it has one."""
    return curve.name if curve.seed is None else f"{curve.name}, seed {curve.seed}"


def metric_keys(summary: Summary) -> list[str]:
    """Every metric that a point has, those of the curves first."""
    keys = dict.fromkeys(metric.key for metric in summary.metrics)
    for item in summary.items:
        for curve in item.curves:
            for point in curve.points:
                keys |= dict.fromkeys(point.quality)
    return list(keys)


def labels(summary: Summary) -> dict[str, Metric]:
    """The metrics by key; one that the summary does not describe is called by its key."""
    described = {metric.key: metric for metric in summary.metrics}
    return {key: described.get(key, Metric(key, key, "")) for key in metric_keys(summary)}


def line(curve: Curve, metric: str) -> Line:
    """The rates and qualities of the points that have the metric."""
    points = []
    for point in curve.points:
        quality = point.quality.get(metric)
        if quality is not None:
            points.append((point.rate, quality))
    return sorted(points)


def mean_line(curves: Sequence[Curve], metric: str) -> Line:
    """The mean of curves, point by point; the first curve where they have unlike numbers of
    points."""
    lines = [line(curve, metric) for curve in curves]
    if len({len(points) for points in lines}) > 1:
        return next((points for points in lines if points), [])
    return [
        (fmean(rate for rate, _ in points), fmean(quality for _, quality in points))
        for points in zip(*lines, strict=True)
    ]


def over_seeds(deltas: Sequence[Delta]) -> dict[tuple[str, str, str], SeedMean]:
    """The means of deltas over seeds, by test, anchor and metric."""
    groups: dict[tuple[str, str, str], list[Delta]] = {}
    for delta in deltas:
        groups.setdefault((delta.test, delta.anchor, delta.metric), []).append(delta)
    return {key: _mean(*key, group) for key, group in groups.items()}


def matched(item: Item, metric: str) -> dict[tuple[str, str, str], tuple[float, bool]]:
    """The rate that a curve needs for a point, by its name, reference and label.

    A mean over seeds, and whether it is no more than a bound.
    """
    groups: dict[tuple[str, str, str], list[Match]] = {}
    for match in item.matches:
        if match.metric == metric:
            groups.setdefault((match.test, match.reference, match.label), []).append(match)
    return {
        key: (fmean(match.rate for match in group), any(match.bound for match in group))
        for key, group in groups.items()
    }


def _mean(test: str, anchor: str, metric: str, group: Sequence[Delta]) -> SeedMean:
    rates = [delta.rate for delta in group if delta.rate is not None]
    qualities = [delta.quality for delta in group if delta.quality is not None]
    # A mean of the seeds that worked would hide those that did not.
    whole = len(rates) == len(group)
    return SeedMean(
        test,
        anchor,
        metric,
        fmean(rates) if whole else None,
        fmean(qualities) if len(qualities) == len(group) else None,
        min(delta.overlap for delta in group),
        min(rates, default=None),
        max(rates, default=None),
        len(group),
        # A reason for no BD-rate goes before one for no BD-quality.
        next((d.why for d in sorted(group, key=lambda d: d.rate is not None) if d.why), None),
    )
