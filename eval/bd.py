"""Bjontegaard's deltas of one curve against another, and their averages over items.

Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
monotone cubics (PCHIP) between the points instead of one cubic through all, by the package
`bjontegaard`. A figure comes from four points or more on either side, and from an anchor that
reaches at least half of the tested curve's range; else there is a reason instead of a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import inf, isfinite, log10
from statistics import fmean

from ncodec.errors import MissingDependency
from ncodec.eval.metric_names import METRICS
from ncodec.eval.results import Average, Curve, Delta, Item, Point

__all__ = ["FEWEST_POINTS", "SMALLEST_OVERLAP", "average", "bd"]

FEWEST_POINTS = 4

SMALLEST_OVERLAP = 0.5
"""The share of the tested curve's range that the anchor's must cover."""

_Axis = Callable[[Point], float]


def bd(anchor: Curve, test: Curve, metric: str) -> Delta:
    """The BD-rate and BD-quality of `test` against `anchor`.

    Args:
        anchor, test: points without `metric` are left out.
        metric: key of `Point.quality`.

    Raises:
        MissingDependency: the package bjontegaard is not installed.
    """
    quality_of = _quality_of(metric)
    ours, theirs = _having(test.points, metric), _having(anchor.points, metric)
    why = (
        _unusable(test, ours, metric)
        or _unusable(anchor, theirs, metric)
        or _falling(test, ours, metric)
        or _falling(anchor, theirs, metric)
    )
    rate = quality = None
    overlap = 0.0
    if why is None:
        overlap = _overlap(ours, theirs, quality_of)
        why = _too_small(overlap, anchor, "qualities")
    if why is None:
        rate = _delta("bd_rate", theirs, ours, metric)
        why = _too_small(_overlap(ours, theirs, _log_rate), anchor, "rates")
        if why is None:
            quality = _delta("bd_psnr", theirs, ours, metric)
        else:
            why = f"BD-quality is absent: {why}"
    return Delta(test.name, test.seed, anchor.name, metric, rate, quality, overlap, why)


def average(items: Sequence[Item]) -> list[Average]:
    """The means over items of the mean over seeds, for each test curve, anchor and metric.

    An item counts where every seed of it has a figure.
    """
    names = dict.fromkeys((d.test, d.anchor, d.metric) for item in items for d in item.deltas)
    return [_average(items, *name) for name in names]


def _average(items: Sequence[Item], test: str, anchor: str, metric: str) -> Average:
    groups = {
        item.name: [
            d for d in item.deltas if (d.test, d.anchor, d.metric) == (test, anchor, metric)
        ]
        for item in items
    }
    rates = {name: _mean(delta.rate for delta in deltas) for name, deltas in groups.items()}
    qualities = [_mean(delta.quality for delta in deltas) for deltas in groups.values()]
    missing = [name for name, rate in rates.items() if rate is None]
    return Average(
        test=test,
        anchor=anchor,
        metric=metric,
        rate=_mean(rates.values()),
        quality=_mean(qualities),
        items=len(rates) - len(missing),
        missing=missing,
        spread=_spread(groups.values()),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of values; None of no values, or if one of them is None."""
    values = list(values)
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _spread(items: Iterable[Sequence[Delta]]) -> tuple[float, float] | None:
    """The lowest and the highest mean over items of a seed, if all items have two seeds or more."""
    by_seed = [{delta.seed: delta.rate for delta in deltas} for deltas in items]
    seeds = by_seed[0].keys()
    if len(seeds) < 2 or any(rates.keys() != seeds for rates in by_seed):
        return None
    means = [_mean(rates[seed] for rates in by_seed) for seed in seeds]
    known = [value for value in means if value is not None]
    return (min(known), max(known)) if len(known) == len(means) else None


def _rate(point: Point) -> float:
    return point.rate


def _log_rate(point: Point) -> float:
    return log10(point.rate)


def _quality_of(metric: str) -> _Axis:
    def quality(point: Point) -> float:
        value = point.quality[metric]
        assert value is not None
        return value

    return quality


def _having(points: Iterable[Point], metric: str) -> list[Point]:
    """The points that have the metric, by rising rate."""
    known = (point for point in points if point.quality.get(metric) is not None)
    return sorted(known, key=_rate)


def _overlap(ours: Sequence[Point], theirs: Sequence[Point], axis: _Axis) -> float:
    """The share of our range that theirs covers, 0..1: what lies beyond ours plays no part."""
    a, b = [axis(point) for point in ours], [axis(point) for point in theirs]
    shared = min(max(a), max(b)) - max(min(a), min(b))
    return max(0.0, shared) / (max(a) - min(a))


def _unusable(curve: Curve, points: Sequence[Point], metric: str) -> str | None:
    """The reason why there is no curve through these points, whatever their order; None if there
    is one."""
    if len(points) < FEWEST_POINTS:
        return (
            f"{curve.name} has {len(points)} points with {_label(metric)}, and at least"
            f" {FEWEST_POINTS} are needed."
        )
    for point in points:
        value = point.quality[metric]
        if not (0 < point.rate < inf and value is not None and isfinite(value)):
            at = f"at rate {point.rate:.4g} ({point.label})"
            return f"{curve.name} has {_label(metric)} {value} {at}."
    return None


def _falling(curve: Curve, points: Sequence[Point], metric: str) -> str | None:
    """The words for where quality does not rise with the rate, by which the points are sorted."""
    quality = _quality_of(metric)
    for lower, upper in pairwise(points):
        if upper.rate == lower.rate or quality(upper) <= quality(lower):
            return (
                f"{_label(metric)} of {curve.name} does not rise with the rate from {lower.label}"
                f" ({quality(lower):.4g} at {lower.rate:.4g}) to {upper.label}"
                f" ({quality(upper):.4g} at {upper.rate:.4g})."
            )
    return None


def _too_small(overlap: float, anchor: Curve, what: str) -> str | None:
    if overlap >= SMALLEST_OVERLAP:
        return None
    return (
        f"{anchor.name} covers {100 * overlap:.1f} % of its {what}, and at least"
        f" {100 * SMALLEST_OVERLAP:.0f} % is needed."
    )


def _label(metric: str) -> str:
    return next((known.label for known in METRICS if known.key == metric), metric)


def _delta(name: str, anchor: Sequence[Point], test: Sequence[Point], metric: str) -> float:
    try:
        import bjontegaard  # imports matplotlib, which takes a second
    except ImportError:
        raise MissingDependency(
            "BD-rates need bjontegaard: run python -m pip install 'ncodec[eval]'"
        ) from None
    quality = _quality_of(metric)
    columns = [
        [axis(point) for point in points] for points in (anchor, test) for axis in (_rate, quality)
    ]
    # Overlap is looked after above; the package would warn on standard error.
    compute = getattr(bjontegaard, name)
    return float(compute(*columns, method="pchip", require_matching_points=False, min_overlap=0))
