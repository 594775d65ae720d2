"""The page report.html, one file that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from typing import Any

from ncodec.errors import MissingDependency
from ncodec.eval.report import deltas, stills, tables
from ncodec.eval.report.cells import Table
from ncodec.eval.report.charts import chart, swatch
from ncodec.eval.report.crops import Comparison, Frame, comparisons, overview
from ncodec.eval.report.groups import curve_names, labels, with_seeds
from ncodec.eval.report.styles import Style, styles
from ncodec.eval.report.words import bytes_of, plain, significant
from ncodec.eval.results import Item, Metric, Summary
from ncodec.formats import atomic_output

__all__ = ["write_report"]


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of the page on an item."""

    item: Item
    anchor: str
    charts: Sequence[tuple[Metric, str]]
    legend: Sequence[tuple[str, Style]]
    main: Metric | None
    deltas: Table | None
    every_delta: Table | None
    matches: Table | None
    points: Table
    settings: Table | None
    speed: Table
    frame: Frame | None
    comparisons: Sequence[Comparison]
    commands: Sequence[tuple[str, Sequence[str]]]


def write_report(summary: Summary, folder: Path) -> None:
    """Writes `folder`/report.html.

    Args:
        summary: the summary of a finished run.
        folder: the run's folder, where the summary's pictures are, too.

    Raises:
        MissingDependency: jinja2 or matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup, escape
    except ImportError:
        raise MissingDependency(
            "the report needs jinja2: run python -m pip install 'ncodec[eval]'"
        ) from None

    def unbroken(text: str) -> Markup:
        """The text with short words with hyphens, such as PSNR-Y, kept in one line."""
        words = (
            Markup('<span class="whole">{}</span>').format(word)
            if "-" in word and len(word) <= 12
            else escape(word)
            for word in text.split()
        )
        return Markup(" ").join(words)

    here = files("ncodec.eval.report")
    page = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters |= {"swatch": lambda style: Markup(swatch(style)), "svg": Markup}
    page.filters["unbroken"] = unbroken
    page.filters |= {"bytes": bytes_of, "significant": significant, "plain": plain}
    template = page.from_string(here.joinpath("page.html").read_text("utf-8"))
    text = template.render(
        _context(summary, folder), style=Markup(here.joinpath("style.css").read_text("utf-8"))
    )
    with atomic_output(folder / "report.html") as stream:
        stream.write(text.encode())


def _context(summary: Summary, folder: Path) -> dict[str, Any]:
    looks = styles(summary)
    known = labels(summary)
    images = summary.lossless
    averaged = {mean.metric for mean in summary.averages}
    main = next((metric for metric in known.values() if metric.key in averaged), None)
    return {
        "summary": summary,
        "main": main,
        "averages": deltas.averages(summary, main, looks) if main else None,
        "missing": deltas.missing(summary, main.key) if main else [],
        "every_average": deltas.every_average(summary, known, looks) if len(averaged) > 1 else None,
        "parts": [
            _part(item, number, summary, known, looks, folder)
            for number, item in enumerate(summary.items)
            if not images
        ],
        "coders": stills.coders(summary) if images else None,
        "shares": stills.parts(summary) if images else None,
        "rates": stills.rates(summary) if images else None,
        "files": stills.files(summary) if images else None,
        "settings": _all_settings(summary) if images else None,
        "commands": [
            (item.name, entry) for item in summary.items for entry in _commands(item) if images
        ],
        "date": _date(summary.manifest.get("started")),
        "machine": _machine(summary.manifest.get("machine")),
        "manifest": json.dumps(summary.manifest, indent=2, ensure_ascii=False, default=str),
        "used": [metric for metric in summary.metrics if metric.key in _had(summary)],
        "imported": any(c.role == "imported" for item in summary.items for c in item.curves),
        "seeds": any(
            len(curves) > 1 for item in summary.items for curves in curve_names(item).values()
        ),
    }


def _part(
    item: Item,
    number: int,
    summary: Summary,
    known: Mapping[str, Metric],
    looks: Mapping[str, Style],
    folder: Path,
) -> _Part:
    drawn = []
    for index, metric in enumerate(summary.metrics):
        svg = chart(item, metric, looks, summary.rate_unit, f"c{number}-{index}")
        if svg is not None:
            drawn.append((metric, svg))
    # The first that the item has: RGB clips have no luma.
    main = next((metric for metric, _ in drawn), next(iter(summary.metrics), None))
    return _Part(
        item,
        f"item-{number}",
        drawn,
        [(name, looks[name]) for name in dict.fromkeys(curve.name for curve in item.curves)],
        main,
        deltas.item_deltas(item, main, looks) if main else None,
        deltas.every_delta(item, known, looks),
        deltas.item_matches(item, main, looks) if main else None,
        tables.points(item, summary, looks),
        tables.settings(item, looks),
        tables.speed(item, summary.kind, looks),
        overview(item, folder),
        comparisons(item, folder),
        _commands(item),
    )


def _commands(item: Item) -> list[tuple[str, Sequence[str]]]:
    return [
        (f"{with_seeds(curve)} · {point.label}", point.commands)
        for curve in item.curves
        for point in curve.points
        if point.commands
    ]


def _all_settings(summary: Summary) -> Table | None:
    curves = tuple(curve for item in summary.items for curve in item.curves)
    return tables.settings(Item("", "", "", curves), {})


def _had(summary: Summary) -> set[str]:
    """The metrics that some point has."""
    return {
        key
        for item in summary.items
        for curve in item.curves
        for point in curve.points
        for key, value in point.quality.items()
        if value is not None
    }


def _date(entry: object) -> str | None:
    try:
        when = datetime.fromisoformat(str(entry)).astimezone(timezone.utc)
    except ValueError:
        return str(entry) if entry else None
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _machine(entry: object) -> str | None:
    """The text ``Some · 2 cores`` of ``{"cpu": "Some", "cores": 2, "gpus": []}``."""
    if not isinstance(entry, Mapping):
        return str(entry) if entry else None
    words: list[str] = []
    for name, value in entry.items():
        if isinstance(value, list | tuple):
            words += map(str, value)
        elif isinstance(value, int | float):
            words.append(f"{value} {name}")
        elif value:
            words.append(str(value))
    return " · ".join(words) or None
