"""The styles that tell curves apart, the same in every chart and table of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ncodec.eval.results import Summary

__all__ = ["SERIES", "Style", "styles"]

SERIES = ("s1", "s2", "s3", "s4", "a1", "a2", "a3", "a4")
"""The CSS variables of colours: codecs take the first four, anchors the rest."""

_CODECS = SERIES[:4]
_ANCHORS = SERIES[4:]
_FILLED = ("o", "s", "D", "^")
_OPEN = ("v", "P", "X", "<")
_DASHES: tuple[tuple[float, ...], ...] = ((5, 2), (4, 1.6, 1, 1.6), (2, 1.6), (8, 2))
_DOTS = (1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Style:
    """The style of the curves of one name.

    Attributes:
        colour: a CSS variable without its dashes.
        dashes: lengths on and off in points, empty for a solid line.
        marker: the letter of matplotlib's marker.
        filled: whether the marker is.
        width: the line's in points.
    """

    colour: str
    dashes: tuple[float, ...]
    marker: str
    filled: bool
    width: float


def styles(summary: Summary) -> Mapping[str, Style]:
    """The styles by curve name: colours by codec, or by an anchor's first word, and dashes by its
    setting."""
    result: dict[str, Style] = {}
    families: dict[str, int] = {}
    codecs = imported = 0
    for item in summary.items:
        for curve in item.curves:
            if curve.name in result:
                continue
            if curve.role == "codec":
                result[curve.name] = _codec(codecs)
                codecs += 1
            elif curve.role == "imported":
                result[curve.name] = Style(
                    _ANCHORS[-1 - imported % 4], _DOTS, _OPEN[imported % 4], False, 1.4
                )
                imported += 1
            else:
                family = curve.name.split()[0] if curve.name.split() else ""
                members = families[family] = families.get(family, -1) + 1
                number = list(families).index(family)
                result[curve.name] = Style(
                    _ANCHORS[number % 4],
                    _DASHES[members % len(_DASHES)],
                    _OPEN[(number + members // 2) % 4],
                    False,
                    1.1,
                )
    return result


def _codec(number: int) -> Style:
    return Style(_CODECS[number % 4], (), _FILLED[number // 4 % 4], True, 2.0)
