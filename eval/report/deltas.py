"""Tables of Bjontegaard's deltas, and of what curves need for the quality of single points."""

from __future__ import annotations

from collections.abc import Mapping

from ncodec.eval.report.cells import Cell, Row, Table
from ncodec.eval.report.groups import SeedMean, matched, over_seeds
from ncodec.eval.report.styles import Style
from ncodec.eval.report.words import DASH, at_most, plain, signed, spread
from ncodec.eval.results import Average, Delta, Item, Metric, Summary

__all__ = ["averages", "every_average", "every_delta", "item_deltas", "item_matches", "missing"]

_NONE = Cell(DASH, tone="quiet")


def averages(summary: Summary, metric: Metric, styles: Mapping[str, Style]) -> Table | None:
    """The table of mean BD-rates: a row an anchor, a column a codec; None where there are no
    averages."""
    return _by_codec(
        {
            (mean.test, mean.anchor): _average(mean, metric.unit, len(summary.items))
            for mean in summary.averages
            if mean.metric == metric.key
        },
        styles,
    )


def every_average(
    summary: Summary, known: Mapping[str, Metric], styles: Mapping[str, Style]
) -> Table | None:
    """The table with a row for each codec against each anchor, a column a metric."""
    return _by_metric(
        {
            (mean.test, mean.test, mean.anchor, mean.metric): _average(
                mean, _unit(known, mean.metric), len(summary.items)
            )
            for mean in summary.averages
        },
        known,
        styles,
    )


def item_deltas(item: Item, metric: Metric, styles: Mapping[str, Style]) -> Table | None:
    """The table of BD-rate, BD-PSNR and overlap as means over seeds: a row an anchor, a column a
    codec."""
    return _by_codec(
        {
            (test, anchor): _delta(mean, metric.unit)
            for (test, anchor, key), mean in over_seeds(item.deltas).items()
            if key == metric.key
        },
        styles,
    )


def item_matches(item: Item, metric: Metric, styles: Mapping[str, Style]) -> Table | None:
    """The table of bytes for the quality of a reference's points: a row a point, a column a
    codec."""
    cells = {
        key: Cell(at_most(rate, bound), tone=_tone(rate))
        for key, (rate, bound) in matched(item, metric.key).items()
    }
    tests = list(dict.fromkeys(test for test, _, _ in cells))
    rows = [
        Row(
            [
                Cell(reference, [label], style=styles.get(reference)),
                *(cells.get((test, reference, label), _NONE) for test in tests),
            ]
        )
        for reference, label in dict.fromkeys(key[1:] for key in cells)
    ]
    head = [Cell("for the quality of"), *(Cell(test, style=styles.get(test)) for test in tests)]
    return Table(head, rows) if cells else None


def every_delta(
    item: Item, known: Mapping[str, Metric], styles: Mapping[str, Style]
) -> Table | None:
    """The table with a row for each codec's curve, seeds apart, against each anchor; a column a
    metric."""
    return _by_metric(
        {
            (_name(delta), delta.test, delta.anchor, delta.metric): _delta(
                mean, _unit(known, delta.metric)
            )
            for delta in item.deltas
            for mean in over_seeds([delta]).values()
        },
        known,
        styles,
    )


def missing(summary: Summary, metric: str) -> list[str]:
    """The sentences on averages that are missing, with each item's reason."""
    whys = {
        (item.name, test, anchor): mean.why
        for item in summary.items
        for (test, anchor, key), mean in over_seeds(item.deltas).items()
        if key == metric
    }
    lines = []
    for mean in summary.averages:
        for name in mean.missing if mean.metric == metric else ():
            why = whys.get((name, mean.test, mean.anchor))
            reason = f": {why}" if why else ""
            lines.append(f"{mean.test} against {mean.anchor} has no figure on {name}{reason}")
    return list(dict.fromkeys(lines))


def _by_codec(cells: Mapping[tuple[str, str], Cell], styles: Mapping[str, Style]) -> Table | None:
    """The table of cells by codec and anchor."""
    tests = list(dict.fromkeys(test for test, _ in cells))
    rows = [
        Row(
            [
                Cell(anchor, style=styles.get(anchor)),
                *(cells.get((t, anchor), _NONE) for t in tests),
            ]
        )
        for anchor in dict.fromkeys(anchor for _, anchor in cells)
    ]
    head = [Cell("against"), *(Cell(test, style=styles.get(test)) for test in tests)]
    return Table(head, rows) if cells else None


def _by_metric(
    cells: Mapping[tuple[str, str, str, str], Cell],
    known: Mapping[str, Metric],
    styles: Mapping[str, Style],
) -> Table | None:
    """The table of cells by heading, codec, anchor and metric."""
    metrics = dict.fromkeys(key for *_, key in cells)
    rows: dict[tuple[str, ...], Row] = {}
    for heading, test, anchor, _ in cells:
        rows.setdefault((heading,), Row([Cell(heading, style=styles.get(test))]))
        figures = [cells.get((heading, test, anchor, key), _NONE) for key in metrics]
        rows[heading, anchor] = Row([Cell(anchor, style=styles.get(anchor)), *figures])
    head = [Cell(known[key].label if key in known else key) for key in metrics]
    return Table([Cell("against"), *head], list(rows.values())) if cells else None


def _average(mean: Average, unit: str, items: int) -> Cell:
    if mean.rate is None:
        return Cell(DASH, [f"{mean.items} of {items} have a figure"], "quiet")
    notes = [] if mean.quality is None else [signed(mean.quality, 2, unit)]
    if mean.spread is not None:
        notes.append(spread(*mean.spread))
    return Cell(signed(mean.rate), notes, _tone(mean.rate))


def _delta(mean: SeedMean, unit: str) -> Cell:
    if mean.rate is None:
        return Cell(DASH, [mean.why or f"overlap {plain(100 * mean.overlap, 0)} %"], "quiet")
    notes = [f"{signed(mean.quality, 2, unit)} · {plain(100 * mean.overlap, 0)} %"]
    if mean.seeds > 1:
        notes.append(spread(mean.low, mean.high))
    if mean.quality is None and mean.why:
        notes.append(mean.why)
    return Cell(signed(mean.rate), notes, _tone(mean.rate))


def _tone(rate: float) -> str:
    return "good" if rate < 0 else "bad" if rate > 0 else ""


def _name(delta: Delta) -> str:
    return delta.test if delta.seed is None else f"{delta.test}, seed {delta.seed}"


def _unit(known: Mapping[str, Metric], key: str) -> str:
    return known[key].unit if key in known else ""
