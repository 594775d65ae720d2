"""The summary as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ncodec.eval.report.cells import Table
from ncodec.eval.report.groups import matched, over_seeds, with_seeds
from ncodec.eval.report.stills import coders, parts
from ncodec.eval.report.tables import heading
from ncodec.eval.report.words import (
    DASH,
    at_most,
    bytes_of,
    measure,
    plain,
    signed,
    significant,
    spread,
)
from ncodec.eval.results import Item, Summary

__all__ = ["table"]

_WIDTH = 100


def table(summary: Summary) -> str:
    """The points and BD-rates of each item in lines of at most 100 characters, without colours."""
    lines = [summary.title, *summary.remarks]
    if summary.lossless:
        lines += ["", *_stills(coders(summary))]
        if shares := parts(summary):
            lines += ["", "What the parts take of the originals' bytes", *_stills(shares)]
    else:
        for item in summary.items:
            lines += ["", f"{item.name}: {item.description}", *_points(item, summary)]
            lines += [*_deltas(item, summary), *_matches(item, summary)]
            lines += [f"  absent: {line}" for line in item.absent]
    lines += _averages(summary)
    lines += ["", *(f"FAILED {failure}" for failure in summary.failures)] * bool(summary.failures)
    return "\n".join(piece for line in lines for piece in _folded(line)) + "\n"


def _stills(table: Table) -> Iterator[str]:
    """The rows on coders; headings are broken into as many lines as the longest has words."""
    cut = [" ".join([cell.text, *cell.notes]).split() for cell in table.head]
    tall = max(map(len, cut))
    rows = [[([""] * tall + words)[-tall:][line] for words in cut] for line in range(tall)]
    rows += [[cell.text for cell in row.cells] for row in table.rows]
    yield from _aligned(rows)


def _points(item: Item, summary: Summary) -> Iterator[str]:
    for count in range(min(3, len(summary.metrics)), -1, -1):
        lines = _aligned(_rows(item, summary, count))
        if max(map(len, lines)) <= _WIDTH:
            break
    yield lines[0]
    rest = iter(lines[1:])
    for curve in item.curves:
        yield f"  {with_seeds(curve)}"
        yield from (next(rest) for _ in curve.points)


def _rows(item: Item, summary: Summary, count: int) -> list[list[str]]:
    """The rows of an item: a heading and a row a point, with `count` of the metrics."""
    metrics = summary.metrics[:count]
    names = [heading(metric) for metric in metrics]
    sized = not summary.rate_unit.startswith("bytes")
    rows = [["", *["bytes"] * sized, summary.rate_unit, *names, "encode, s", "decode, 1/s"]]
    for point in (point for curve in item.curves for point in curve.points):
        rows.append(
            [
                f"  {point.label}",
                *[bytes_of(point.size) if point.size else DASH] * sized,
                significant(point.rate) if sized else bytes_of(point.rate),
                *(measure(point.quality.get(metric.key), metric.unit) for metric in metrics),
                significant(point.encode.seconds if point.encode else None),
                significant(point.decode.rate if point.decode else None),
            ]
        )
    return rows


def _deltas(item: Item, summary: Summary) -> Iterator[str]:
    rows = []
    for (test, anchor, metric), mean in over_seeds(item.deltas).items():
        if not summary.metrics or metric != summary.metrics[0].key:
            continue
        seeds = f"seeds {spread(mean.low, mean.high)} %" if mean.seeds > 1 else ""
        figures = [
            signed(mean.rate),
            signed(mean.quality, 2, summary.metrics[0].unit),
            f"{plain(100 * mean.overlap, 0)} %",
        ]
        rows.append([test, f"against {anchor}", *figures, mean.why or seeds])
    if rows:
        yield f"  BD-rate by {summary.metrics[0].label}"
        yield from _aligned([["", "", "rate", "quality", "overlap", ""], *rows], left=2, tail=True)


def _matches(item: Item, summary: Summary) -> Iterator[str]:
    if not summary.metrics:
        return
    metric = summary.metrics[0]
    if groups := matched(item, metric.key):
        yield f"  Bytes for the {metric.label} of single files"
        rows = [
            [test, f"against {reference}", label, at_most(*known)]
            for (test, reference, label), known in groups.items()
        ]
        yield from _aligned(rows, left=3)


def _averages(summary: Summary) -> Iterator[str]:
    rows = []
    for mean in summary.averages:
        if not summary.metrics or mean.metric != summary.metrics[0].key:
            continue
        said = f"{mean.items} of {len(summary.items)} items"
        if mean.missing:
            said += f", none on {', '.join(mean.missing)}"
        if mean.spread is not None:
            said += f", seeds {spread(*mean.spread)} %"
        rows.append([mean.test, f"against {mean.anchor}", signed(mean.rate), said])
    if rows:
        yield ""
        yield f"Mean BD-rate by {summary.metrics[0].label}"
        yield from _aligned(rows, left=2, tail=True)


def _aligned(rows: Sequence[Sequence[str]], left: int = 1, tail: bool = False) -> list[str]:
    """The lines of aligned columns, the first ones to the left and the rest to the right; a tail is
    not aligned."""
    columns = len(rows[0])
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    lines = []
    for row in rows:
        cells = [
            text.ljust(width) if column < left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        if tail:
            cells[-1] = row[-1]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def _folded(line: str) -> Iterator[str]:
    """The pieces of a line of at most the width, broken at spaces, the further ones indented."""
    indent = ""
    while len(indent + line) > _WIDTH:
        room = _WIDTH - len(indent)
        cut = line.rfind(" ", 1, room + 1)
        # A word longer than the line is cut where it is.
        cut = cut if line[:cut].strip() and cut > 0 else room
        yield indent + line[:cut].rstrip()
        line, indent = line[cut:].lstrip(), "      "
    yield indent + line
