"""Tables of clips and of features: Bjontegaard's deltas, points, speed, settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ncodec.eval.report.groups import SeedMean, curve_names, labels, over_seeds, with_seeds
from ncodec.eval.report.styles import Style
from ncodec.eval.report.words import (
    DASH,
    amount,
    bytes_of,
    measure,
    memory,
    plain,
    signed,
    significant,
    span,
    spread,
)
from ncodec.eval.results import Average, Curve, Delta, Item, Metric, Point, Summary

__all__ = [
    "Cell",
    "Row",
    "Table",
    "averages",
    "every_delta",
    "heading",
    "item_deltas",
    "missing",
    "over",
    "points",
    "settings",
    "speed",
    "unlike",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table.

    Attributes:
        text: a number or words.
        notes: smaller, below it.
        tone: ``good``, ``bad``, ``best``, ``quiet``, ``parts`` or empty.
        style: of the curve that a swatch before the text shows.
        words: whether the text is to break into lines and stand on the left.
    """

    text: str
    notes: Sequence[str] = ()
    tone: str = ""
    style: Style | None = None
    words: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row, its heading first; one cell alone is a heading of the rows below it."""

    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A heading a column, and rows."""

    head: Sequence[Cell]
    rows: Sequence[Row]

    def known(self) -> Table:
        """Without the columns in which nothing is known."""
        full = [row.cells for row in self.rows if len(row.cells) == len(self.head)]
        kept = [
            column
            for column in range(len(self.head))
            if column == 0 or any(cells[column].text not in (DASH, "") for cells in full)
        ]
        rows = [
            Row([row.cells[column] for column in kept]) if len(row.cells) > 1 else row
            for row in self.rows
        ]
        return Table([self.head[column] for column in kept], rows)


def heading(metric: Metric) -> str:
    """With the unit where it has one."""
    return f"{metric.label}, {metric.unit}" if metric.unit else metric.label


def over(*names: str) -> list[Cell]:
    """Headings of columns, what follows a comma in a line of its own."""
    return [
        Cell(name, [unit] if unit else ()) for name, _, unit in (n.partition(", ") for n in names)
    ]


def averages(summary: Summary, metric: str, styles: Mapping[str, Style]) -> Table | None:
    """Mean BD-rate: a row an anchor, a column a codec; None where there are no averages."""
    found = {(mean.test, mean.anchor): mean for mean in summary.averages if mean.metric == metric}
    tests = list(dict.fromkeys(test for test, _ in found))
    anchors = list(dict.fromkeys(anchor for _, anchor in found))
    if not found:
        return None
    unit = labels(summary)[metric].unit if metric in labels(summary) else ""
    rows = [
        Row(
            [
                Cell(anchor, style=styles.get(anchor)),
                *(_average(found.get((test, anchor)), unit, len(summary.items)) for test in tests),
            ]
        )
        for anchor in anchors
    ]
    return Table([Cell("against"), *(Cell(test, style=styles.get(test)) for test in tests)], rows)


def _average(mean: Average | None, unit: str, items: int) -> Cell:
    if mean is None:
        return Cell(DASH, tone="quiet")
    if mean.rate is None:
        return Cell(DASH, [f"{mean.items} of {items} have a figure"], "quiet")
    notes = [signed(mean.quality, 2, unit)] if mean.quality is not None else []
    if mean.spread is not None:
        notes.append(spread(*mean.spread))
    return Cell(signed(mean.rate), notes, _tone(mean.rate))


def _tone(rate: float) -> str:
    return "good" if rate < 0 else "bad" if rate > 0 else ""


def missing(summary: Summary, metric: str) -> list[str]:
    """Sentences on the averages that there are none of, with each item's reason."""
    whys: dict[tuple[str, str, str], str] = {}
    for item in summary.items:
        for key, mean in over_seeds(item.deltas).items():
            if mean.why and key[2] == metric:
                whys[item.name, key[0], key[1]] = mean.why
    found: dict[str, None] = {}
    for average in summary.averages:
        if average.metric == metric:
            for item_name in average.missing:
                why = whys.get((item_name, average.test, average.anchor))
                reason = f" ({why})" if why else ""
                found[
                    f"{average.test} against {average.anchor}: no figure on {item_name}{reason}"
                ] = None
    return list(found)


def item_deltas(item: Item, metric: Metric, styles: Mapping[str, Style]) -> Table | None:
    """BD-rate, BD-PSNR and overlap as means over seeds: a row an anchor, a column a codec."""
    found = {
        (test, anchor): mean
        for (test, anchor, key), mean in over_seeds(item.deltas).items()
        if key == metric.key
    }
    if not found:
        return None
    tests = list(dict.fromkeys(test for test, _ in found))
    anchors = list(dict.fromkeys(anchor for _, anchor in found))
    rows = [
        Row(
            [
                Cell(anchor, style=styles.get(anchor)),
                *(_delta(found.get((test, anchor)), metric.unit) for test in tests),
            ]
        )
        for anchor in anchors
    ]
    return Table([Cell("against"), *(Cell(test, style=styles.get(test)) for test in tests)], rows)


def _delta(mean: SeedMean | None, unit: str) -> Cell:
    if mean is None:
        return Cell(DASH, tone="quiet")
    if mean.rate is None:
        return Cell(DASH, [mean.why or f"overlap {plain(100 * mean.overlap, 0)} %"], "quiet")
    notes = [f"{signed(mean.quality, 2, unit)} · {plain(100 * mean.overlap, 0)} %"]
    if mean.quality is None and mean.why:
        notes.append(mean.why)
    if mean.seeds > 1:
        notes.append(spread(mean.low, mean.high))
    return Cell(signed(mean.rate), notes, _tone(mean.rate))


def every_delta(
    item: Item, known: Mapping[str, Metric], styles: Mapping[str, Style]
) -> Table | None:
    """A row for each codec's curve, seeds apart, against each anchor; a column a metric."""
    found: dict[tuple[str, int | None, str], dict[str, Delta]] = {}
    for delta in item.deltas:
        found.setdefault((delta.test, delta.seed, delta.anchor), {})[delta.metric] = delta
    metrics = [
        known.get(key, Metric(key, key, ""))
        for key in dict.fromkeys(delta.metric for delta in item.deltas)
    ]
    rows = []
    for test in dict.fromkeys((test, seed) for test, seed, _ in found):
        name, seed = test
        text = name if seed is None else f"{name}, seed {seed}"
        rows.append(Row([Cell(text, style=styles.get(name))]))
        for (*of, anchor), deltas in found.items():
            if tuple(of) == test:
                cells = [_one(deltas.get(metric.key), metric.unit) for metric in metrics]
                rows.append(Row([Cell(anchor, style=styles.get(anchor)), *cells]))
    head = [Cell("against"), *(Cell(metric.label) for metric in metrics)]
    return Table(head, rows) if rows else None


def _one(delta: Delta | None, unit: str) -> Cell:
    group = [] if delta is None else [delta]
    return _delta(next(iter(over_seeds(group).values()), None), unit)


def points(item: Item, summary: Summary, styles: Mapping[str, Style]) -> Table:
    """A row a file: bytes, rates, every metric, time and what the bytes are for."""
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
    """A row a curve, from its fastest to its slowest point over all seeds."""
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
    """What each curve was made with."""
    rows = [
        Row([Cell(name, style=styles.get(name)), Cell(text, words=True)])
        for name, text in unlike(item.curves)
    ]
    return Table([Cell("curve"), Cell("settings", words=True)], rows) if rows else None


def unlike(curves: Iterable[Curve]) -> list[tuple[str, str]]:
    """Names and settings, each pair once."""
    return list(dict.fromkeys((curve.name, curve.settings) for curve in curves if curve.settings))
