"""Rate-distortion curves as inline SVG that follows the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from math import ceil, floor, inf, isfinite, log10
from typing import TYPE_CHECKING, Any

from ncodec.errors import MissingDependency
from ncodec.eval.report.groups import Line, curve_names, line, mean_line
from ncodec.eval.report.styles import SERIES, Style
from ncodec.eval.results import Item, Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["chart", "swatch"]

_SIZE = (5.2, 3.6)
_INK, _MUTED, _GRID, _PAPER = "#010201", "#010202", "#010203", "#010204"
_COLOURS = {_INK: "ink", _MUTED: "muted", _GRID: "grid", _PAPER: "paper"}
_COLOURS |= {f"#0103{number:02x}": name for number, name in enumerate(SERIES)}
_PLACEHOLDERS = {name: colour for colour, name in _COLOURS.items()}
"""matplotlib wants colours that it can read; the page's variables take their places."""


def chart(
    item: Item, metric: Metric, styles: Mapping[str, Style], rate_unit: str, prefix: str
) -> str | None:
    """The SVG of the item's curves, None where no point has the metric.

    Args:
        item: whose curves.
        metric: the vertical axis; the horizontal one, logarithmic, is the rate.
        styles: the styles by curve name.
        rate_unit: what the horizontal axis says.
        prefix: the prefix of the SVG's ids, unique in the page.

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency(
            "the report's charts need matplotlib: run python -m pip install 'ncodec[eval]'"
        ) from None
    lines = _lines(item, metric.key)
    if not lines:
        return None
    options: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": prefix,
        "font.size": 10,
        "path.simplify": False,
        "text.parse_math": False,
    }
    with matplotlib.rc_context(options):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        _draw(axes, lines, styles)
        _dress(axes, lines, rate_unit, metric)
        stream = io.StringIO()
        figure.savefig(
            stream,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    names = ", ".join(dict.fromkeys(name for name, _, _ in lines))
    return _inline(stream.getvalue(), prefix, f"{metric.label} against rate: {names}")


def swatch(style: Style) -> str:
    """A short piece of the curve for tables and legends, as SVG."""
    colour = f"var(--{style.colour})"
    dashes = " ".join(f"{length * style.width:g}" for length in style.dashes)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        '<svg class="swatch" viewBox="0 0 42 12" aria-hidden="true">'
        f'<path d="M1 6H41" stroke="{colour}" stroke-width="{style.width:g}"{dashed}/>'
        f'<path transform="translate(5)" d="{_SHAPES[style.marker]}" stroke="{colour}" '
        f'stroke-width="1.3" fill="{colour if style.filled else "var(--paper)"}"/></svg>'
    )


_SHAPES = {
    "o": "M12.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
    "s": "M12.8 2.8h6.4v6.4h-6.4z",
    "D": "M16 1.8l4.2 4.2l-4.2 4.2l-4.2 -4.2z",
    "^": "M16 2l4 7.4h-8z",
    "v": "M16 10l4 -7.4h-8z",
    "<": "M12 6l7.4 -4v8z",
    "P": "M14.7 2h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7v-2.6h2.7z",
    "X": "M13.8 2l2.2 2.2l2.2 -2.2l1.8 1.8l-2.2 2.2l2.2 2.2l-1.8 1.8l-2.2 -2.2l-2.2 2.2"
    "l-1.8 -1.8l2.2 -2.2l-2.2 -2.2z",
}


def _lines(item: Item, metric: str) -> list[tuple[str, bool, Line]]:
    """The name, whether it is one seed of several, and the points of each line; anchors first,
    seeds under means."""
    groups = sorted(curve_names(item).items(), key=lambda group: group[1][0].role == "codec")
    lines = []
    for name, curves in groups:
        if len(curves) > 1:
            lines += [(name, True, _drawable(line(curve, metric))) for curve in curves]
        lines.append((name, False, _drawable(mean_line(curves, metric))))
    return [entry for entry in lines if entry[2]]


def _drawable(points: Line) -> Line:
    """The points without those that a logarithmic axis or a finite one has no place for."""
    return [(rate, quality) for rate, quality in points if 0 < rate < inf and isfinite(quality)]


def _draw(axes: Axes, lines: Sequence[tuple[str, bool, Line]], styles: Mapping[str, Style]) -> None:
    for name, faint, points in lines:
        style = styles[name]
        colour = _PLACEHOLDERS[style.colour]
        rates, qualities = zip(*points, strict=True)
        if faint:
            axes.plot(rates, qualities, color=colour, linewidth=0.9, alpha=0.35)
            continue
        axes.plot(
            rates,
            qualities,
            color=colour,
            linewidth=style.width,
            dashes=style.dashes or (None, None),
            marker=style.marker,
            markersize=5.5 if style.filled else 5,
            markerfacecolor=colour if style.filled else _PAPER,
            markeredgecolor=colour,
            markeredgewidth=1.0,
        )


def _dress(
    axes: Axes, lines: Sequence[tuple[str, bool, Line]], rate_unit: str, metric: Metric
) -> None:
    axes.set_xscale("log")
    rates = [rate for _, _, points in lines for rate, _ in points]
    low, high = min(rates) / 1.12, max(rates) * 1.12
    axes.set_xlim(low, high)
    ticks = _ticks(low, high)
    axes.set_xticks(ticks, [f"{tick:,.9f}".rstrip("0").rstrip(".") for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.locator_params(axis="y", nbins=6)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_MUTED, length=0, pad=5, labelsize=10)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_MUTED)
    axes.set_xlabel(f"{rate_unit}, log scale", color=_INK)
    unit = f" ({metric.unit})" if metric.unit else ""
    # Above the axis, where it can be read without turning one's head.
    axes.set_title(f"{metric.label}{unit}", loc="left", color=_INK, fontsize=11, pad=10)


def _ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers between two rates."""
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in ((1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= 3:
            # Labels of more would touch each other.
            return ticks[:: ceil(len(ticks) / 7)]
    # So near each other that the axis is as good as linear.
    unit = 10.0 ** floor(log10(high - low))
    for step in (5 * unit, 2 * unit, unit, unit / 2, unit / 5):
        ticks = [n * step for n in range(ceil(low / step), floor(high / step) + 1)]
        if len(ticks) >= 3:
            break
    return ticks


def _inline(svg: str, prefix: str, title: str) -> str:
    """The SVG for a page that has several: no prologue, no fixed size, ids that are its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Its rules would hold for the whole page.
    svg = re.sub(r"<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"| version="[^"]*"', "", svg).replace("xlink:href", "href")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", svg)
    # The page's font; releases of matplotlib differ in how they write theirs.
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = re.sub(r"\n\s*", " ", svg)
    svg = re.sub(r"#01\d{4}|#010[23][0-9a-f]{2}", lambda m: f"var(--{_COLOURS[m[0]]})", svg)
    svg = re.sub(r"(<svg[^>]*?) (?:width|height)=\"[^\"]*\"", r"\1", svg)
    svg = re.sub(r"(<svg[^>]*?) (?:width|height)=\"[^\"]*\"", r"\1", svg)
    opening = f'<svg class="chart" role="img" aria-label="{_escaped(title)}"'
    return svg.replace("<svg", opening, 1).strip()


def _escaped(text: str) -> str:
    return re.sub(r"[&<>\"]", lambda m: f"&#{ord(m[0])};", text)
