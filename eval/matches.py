"""The rate that a curve needs for the quality of each of another's points.

A figure that is there where BD-rate is not: the other curve need not rise, nor reach far.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from ncodec.eval.results import Curve, Match

__all__ = ["matches"]


def matches(reference: Curve, test: Curve, metric: str) -> list[Match]:
    """The rate of `test` at the quality of each of `reference`'s points.

    Between its points the logarithm of the rate runs over quality in monotone cubics, as for
    BD-rates. Of a point that is worse and larger than all of them its smallest file is a bound.

    Args:
        reference, test: points without `metric` are left out.
        metric: key of `Point.quality`.

    Returns:
        By the reference's rising rate, without points that say nothing; none of a test curve
        whose quality does not rise with its rate.
    """
    line = _line(test, metric)
    if len(line) < 2 or any(upper <= lower for (_, lower), (_, upper) in pairwise(line)):
        return []
    rates, qualities = zip(*line, strict=True)
    log_rate = PchipInterpolator(qualities, np.log(rates), extrapolate=False)
    result = []
    for point in sorted(reference.points, key=lambda point: point.rate):
        quality = point.quality.get(metric)
        if quality is None or quality > qualities[-1]:
            continue
        bound = quality < qualities[0]
        rate = rates[0] if bound else float(np.exp(log_rate(quality)))
        if bound and rate >= point.rate:
            continue
        more = 100 * (rate / point.rate - 1)
        result.append(Match(test.name, test.seed, reference.name, point.label, metric, more, bound))
    return result


def _line(curve: Curve, metric: str) -> Sequence[tuple[float, float]]:
    """The rates and qualities of a curve's points, by rising rate."""
    known = ((point.rate, point.quality.get(metric)) for point in curve.points)
    return sorted((rate, quality) for rate, quality in known if quality is not None)
