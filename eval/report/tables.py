"""Tables of a clip, or of a set that features are taken of: points, speed, settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ncodec.eval.report.cells import Cell, Row, Table, over
from ncodec.eval.report.groups import curve_names, labels, with_seeds
from ncodec.eval.report.styles import Style
from ncodec.eval.report.words import amount, bytes_of, measure, memory, significant, span
from ncodec.eval.results import Curve, Item, Metric, Point, Summary

__all__ = ["heading", "points", "settings", "speed"]


def heading(metric: Metric) -> str:
    """The heading of a metric, with the unit where it has one."""
    return f"{metric.label}, {metric.unit}" if metric.unit else metric.label


def points(item: Item, summary: Summary, styles: Mapping[str, Style]) -> Table:
    """The table with a row a file: bytes, rates, every metric, time and what the bytes are for."""
    known = labels(summary)
    used = [
        key
        for key in known
        if any(
            point.quality.get(key) is not None for curve in item.curves for point in curve.points
        )
    ]
    all_points = [point for curve in item.curves for point in curve.points]
    clips = any(point.bitrate is not None for point in all_points)
    parts = any(point.breakdown for point in all_points)
    # Where bytes are the rate, once is enough.
    sized = not summary.rate_unit.startswith("bytes")
    head = ["point", *(["bytes"] if sized else []), summary.rate_unit]
    head += ["kbit/s"] if clips else []
    counted = any(point.paper_rate is not None for point in all_points)
    head += ["bits a pixel as papers count"] if counted else []
    head += [heading(known[key]) for key in used]
    head += ["encode, s", "decode, 1/s"]
    rows = []
    for curve in item.curves:
        rows.append(Row([Cell(with_seeds(curve), style=styles.get(curve.name))]))
        for point in curve.points:
            size = bytes_of(point.size if curve.role != "imported" else None)
            cells = [Cell(point.label), *([Cell(size)] if sized else [])]
            cells += [Cell(significant(point.rate) if sized else bytes_of(point.rate))]
            cells += [Cell(significant(point.bitrate, 4))] if clips else []
            cells += [Cell(significant(point.paper_rate))] if counted else []
            cells += [Cell(measure(point.quality.get(key), known[key].unit)) for key in used]
            cells.append(Cell(significant(point.encode.seconds if point.encode else None)))
            cells.append(Cell(significant(point.decode.rate if point.decode else None)))
            cells += [Cell(_breakdown(point), tone="parts")] if parts else []
            rows.append(Row(cells))
    last = [Cell("bytes by part", tone="parts")] if parts else []
    return Table([*over(*head), *last], rows).known()


def _breakdown(point: Point) -> str:
    return " · ".join(f"{name} {size:,}" for name, size in point.breakdown.items())


def speed(item: Item, kind: str, styles: Mapping[str, Style]) -> Table:
    """The table with a row a curve, from its fastest to its slowest point over all seeds."""
    per = "frames/s" if kind == "video" else "images/s"
    head = ["", "encode, s", f"encode, {per}", "encode CPU, s", "encode memory"]
    head += ["decode, s", f"decode, {per}", "decode CPU, s", "decode memory", "MAC/pixel"]
    rows: list[Row] = []
    for name, curves in curve_names(item).items():
        measured = [point for curve in curves for point in curve.points]
        if not any(point.encode or point.decode for point in measured):
            continue
        encodes = [point.encode for point in measured if point.encode]
        decodes = [point.decode for point in measured if point.decode]
        cells = [
            span((one.seconds for one in encodes), significant),
            span((one.rate for one in encodes), significant),
            span((one.cpu_seconds for one in encodes), significant),
            span((one.peak_bytes for one in encodes), memory),
            span((one.seconds for one in decodes), significant),
            span((one.rate for one in decodes), significant),
            span((one.cpu_seconds for one in decodes), significant),
            span((one.peak_bytes for one in decodes), memory),
            span((point.macs_per_pixel for point in measured), amount),
        ]
        rows.append(Row([Cell(name, style=styles.get(name)), *map(Cell, cells)]))
    return Table(over(*head), rows).known()


def settings(item: Item, styles: Mapping[str, Style]) -> Table | None:
    """The table of what each curve was made with."""
    rows = [
        Row([Cell(name, style=styles.get(name)), Cell(text, words=True)])
        for name, text in _unlike(item.curves)
    ]
    return Table([Cell("curve"), Cell("settings", words=True)], rows) if rows else None


def _unlike(curves: Iterable[Curve]) -> list[tuple[str, str]]:
    """The names and settings of curves, each pair once."""
    return list(dict.fromkeys((curve.name, curve.settings) for curve in curves if curve.settings))
