"""Tables of lossless coders on images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from ncodec.eval.report.cells import Cell, Row, Table, over
from ncodec.eval.report.groups import curve_names
from ncodec.eval.report.words import DASH, bytes_of, memory, plain, signed, significant
from ncodec.eval.results import Point, Speed, Summary

__all__ = ["coders", "equality", "files", "mean_rates", "parts", "rates"]


def _points(summary: Summary) -> dict[str, list[list[Point]]]:
    """The points of each coder on each item, in the items' order."""
    names = dict.fromkeys(curve.name for item in summary.items for curve in item.curves)
    points = {}
    for name in names:
        points[name] = [
            [point for curve in curve_names(item).get(name, ()) for point in curve.points]
            for item in summary.items
        ]
    return points


def mean_rates(summary: Summary) -> dict[str, tuple[float | None, int]]:
    """The mean rate of each coder over items, None unless it took them all, and the number of items
    that it took. That of JPEG files is of all bytes together."""
    means: dict[str, tuple[float | None, int]] = {}
    for name, groups in _points(summary).items():
        taken = [fmean(point.rate for point in points) for points in groups if points]
        whole = bool(taken) and len(taken) == len(groups)
        weights = None
        if summary.kind == "jpeg":
            weights = [_original(points[0]) for points in groups if points]
        means[name] = (fmean(taken, weights) if whole else None, len(taken))
    return means


def _digits(summary: Summary) -> int:
    """Digits behind the point that a rate has."""
    return 2 if summary.kind == "jpeg" else 4


def coders(summary: Summary) -> Table:
    """The table with a row a coder: mean rate, ours against it in %, speed, memory and equality."""
    rates_of = mean_rates(summary)
    ours = list(
        dict.fromkeys(
            curve.name for item in summary.items for curve in item.curves if curve.role == "codec"
        )
    )
    rows = []
    for name, groups in _points(summary).items():
        rate, taken = rates_of[name]
        every = [point for points in groups for point in points]
        notes = [] if taken == len(groups) else [f"takes {taken} of {len(groups)}"]
        cells = [Cell(name, notes), Cell(plain(rate, _digits(summary)))]
        cells += [_against(rates_of[codec][0], rate, codec == name) for codec in ours]
        cells.append(Cell(significant(_throughput(p.encode for p in every))))
        cells.append(Cell(significant(_throughput(p.decode for p in every))))
        cells.append(Cell(memory(_most(p.decode.peak_bytes for p in every if p.decode))))
        cells.append(equality(every))
        rows.append(Row(cells))
    mean = "all together" if summary.kind == "jpeg" else "mean"
    head = [*over("coder", f"{summary.rate_unit}, {mean}")]
    head += [Cell(f"{codec} against it") for codec in ours]
    head += over("encode, MB/s", "decode, MB/s", "decode memory", "equal")
    return Table(head, rows).known()


def parts(summary: Summary) -> Table | None:
    """The table of what each part of our files takes of the originals' bytes, for JPEG files."""
    if summary.kind != "jpeg":
        return None
    rows, names = [], dict[str, None]()
    for name, groups in _points(summary).items():
        every = [point for points in groups for point in points]
        names |= dict.fromkeys(part for point in every for part in point.breakdown)
        if any(point.breakdown for point in every):
            whole = sum(map(_original, every))
            sizes = [sum(point.breakdown.get(part, 0) for point in every) for part in names]
            cells = [Cell(f"{plain(100 * size / whole, 2)} %") for size in sizes]
            rows.append(Row([Cell(name), *cells]))
    # A codec that comes first may lack parts that another has.
    rows = [Row([*row.cells, *[Cell(DASH)] * (len(names) + 1 - len(row.cells))]) for row in rows]
    return Table([Cell("coder"), *map(Cell, names)], rows) if rows else None


def _original(point: Point) -> float:
    """The bytes of the JPEG file that a point was made of, from its rate in %."""
    return 100 * point.size / point.rate


def _against(ours: float | None, theirs: float | None, same: bool) -> Cell:
    if same or ours is None or not theirs:
        return Cell(DASH, tone="quiet")
    change = 100 * (ours / theirs - 1)
    return Cell(signed(change), tone="good" if change < 0 else "bad" if change > 0 else "")


def _throughput(speeds: Iterable[Speed | None]) -> float | None:
    """The throughput over all files together, None unless every one has a rate."""
    known = list(speeds)
    seconds = amount = 0.0
    for speed in known:
        if speed is None or speed.rate is None:
            return None
        seconds += speed.seconds
        amount += speed.rate * speed.seconds
    return amount / seconds if seconds else None


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def equality(points: Sequence[Point]) -> Cell:
    """Whether every decoded image had its source's hash."""
    if any(point.equal is False for point in points):
        return Cell("NOT EQUAL", tone="bad")
    known = bool(points) and all(point.equal for point in points)
    return Cell("yes" if known else DASH, tone="" if known else "quiet")


def rates(summary: Summary) -> Table:
    """The table of rates: a row an item, a column a coder."""
    points = _points(summary)
    rows = []
    for number, item in enumerate(summary.items):
        means = [
            fmean(point.rate for point in groups[number]) if groups[number] else None
            for groups in points.values()
        ]
        least = min((mean for mean in means if mean is not None), default=None)
        cells = [
            Cell(
                plain(mean, _digits(summary)),
                tone="best" if mean is not None and mean == least else "",
            )
            for mean in means
        ]
        rows.append(Row([Cell(item.name), *cells]))
    return Table([Cell("image"), *(Cell(name) for name in points)], rows)


def files(summary: Summary) -> Table:
    """The table of files: a row for each."""
    rows = []
    for item in summary.items:
        rows.append(Row([Cell(f"{item.name} · {item.description}")]))
        for name, curves in curve_names(item).items():
            for point in (point for curve in curves for point in curve.points):
                cells = [
                    Cell(name, [point.label] * (point.label != name)),
                    Cell(bytes_of(point.size)),
                    Cell(plain(point.rate, _digits(summary))),
                    Cell(significant(point.encode.seconds if point.encode else None)),
                    Cell(significant(point.encode.rate if point.encode else None)),
                    Cell(significant(point.decode.seconds if point.decode else None)),
                    Cell(significant(point.decode.rate if point.decode else None)),
                    equality([point]),
                ]
                rows.append(Row(cells))
    head = ["coder", "bytes", summary.rate_unit, "encode, s", "encode, MB/s"]
    head += ["decode, s", "decode, MB/s", "equal"]
    return Table(over(*head), rows).known()
