"""The results of a benchmark: plain values, which summary.json holds and the report shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ncodec.errors import InputError
from ncodec.formats import atomic_output

__all__ = [
    "SCHEMA",
    "Average",
    "Curve",
    "Delta",
    "Item",
    "Match",
    "Metric",
    "Point",
    "Speed",
    "Summary",
    "load_summary",
    "save_json",
]

SCHEMA = 2
"""The version of summary.json, which grows when a field comes or changes its meaning."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure of quality, the vertical axis of a curve.

    Attributes:
        key: its name in `Point.quality`.
        label: what tables and axes call it.
        unit: ``dB``, ``%`` or empty.
        note: how it is defined, in a sentence.
    """

    key: str
    label: str
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """The cost of a fresh process.

    Attributes:
        seconds: wall time from its start to its end.
        cpu_seconds: processor time of all its threads.
        peak_bytes: most memory that it held.
        rate: frames, images or MB a second, without the start of the process; None if not known.
    """

    seconds: float
    cpu_seconds: float | None = None
    peak_bytes: int | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve: one file.

    Attributes:
        label: what sets it apart on its curve: ``crf 30``, ``0.35 M``.
        size: bytes of the file (an image's mean where an item has several).
        rate: what curves have on their horizontal axis, in `Summary.rate_unit`.
        bitrate: kbit/s of a clip.
        breakdown: bytes by part; they add up to `size`.
        quality: metric key -> value; a metric that could not be had is None.
        encode, decode: time and memory.
        macs_per_pixel: multiply-accumulates of the decoder's network.
        paper_rate: bits a pixel as papers count them: of the symbols alone, by a Huffman code
            whose table is free. Beside the rate, never in its place.
        commands: what makes the file and reads it, to be typed into a shell.
        frames: per-frame data, a JSON file relative to the summary.
        picture: one decoded frame, a PNG file relative to the summary.
        equal: lossless: whether the decoded samples have the source's hash.
    """

    label: str
    size: float
    rate: float
    bitrate: float | None = None
    breakdown: Mapping[str, int] = field(default_factory=dict)
    quality: Mapping[str, float | None] = field(default_factory=dict)
    encode: Speed | None = None
    decode: Speed | None = None
    macs_per_pixel: float | None = None
    paper_rate: float | None = None
    commands: Sequence[str] = ()
    frames: str | None = None
    picture: str | None = None
    equal: bool | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one codec at one setting.

    Attributes:
        name: of codec and setting, unique in an item apart from the seed.
        role: ``codec`` (measured here), ``anchor`` (measured here) or ``imported`` (figures that
            somebody else's file states).
        points: by rising rate.
        settings: every option, in words.
        seed: of a fitted codec.
    """

    name: str
    role: Literal["codec", "anchor", "imported"]
    points: Sequence[Point]
    settings: str = ""
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """Bjontegaard's deltas of a curve against an anchor, on one item.

    Attributes:
        test, seed, anchor, metric: which curves, and on which metric.
        rate: BD-rate in %, less than 0 where `test` needs fewer bytes.
        quality: BD-PSNR (or its like) in the metric's unit.
        overlap: the share of the curve's range of quality that the anchor's covers, 0..1.
        why: why there is no figure, where there is none.
    """

    test: str
    seed: int | None
    anchor: str
    metric: str
    rate: float | None
    quality: float | None
    overlap: float
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The rate that a curve needs for the quality of one point of another, on one item.

    Attributes:
        test, seed: the curve.
        reference, label: the other curve, and its point.
        metric: of the quality.
        rate: in % more than the point's, less than 0 where `test` needs fewer bytes.
        bound: whether it needs no more than that: its smallest file is better still.
    """

    test: str
    seed: int | None
    reference: str
    label: str
    metric: str
    rate: float
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A clip, an image or a set of images, with what was measured on it.

    Attributes:
        name: a short name.
        source: file and edit, as they were given.
        description: size, frames, format and colour, in words.
        curves: of codecs, anchors and imported ones.
        deltas: of each codec's curve against each anchor's.
        absent: what could not be measured, and why.
        picture: the source's frame that the points' pictures are to be compared with.
        frame: its index.
        colour: what RGB was made with, in words.
        matches: of each codec's curve with the points of codecs that are references.
    """

    name: str
    source: str
    description: str
    curves: Sequence[Curve]
    deltas: Sequence[Delta] = ()
    absent: Sequence[str] = ()
    picture: str | None = None
    frame: int | None = None
    colour: str = ""
    matches: Sequence[Match] = ()


@dataclass(frozen=True, slots=True)
class Average:
    """The means over items of `Delta`, never of a curve over all items.

    Attributes:
        rate, quality: means; None where not every item has a figure.
        items: how many items have one.
        missing: those that have none.
        spread: lowest and highest mean BD-rate over seeds, where there were several.
    """

    test: str
    anchor: str
    metric: str
    rate: float | None
    quality: float | None
    items: int
    missing: Sequence[str] = ()
    spread: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A run of ``ncodec bench``.

    Attributes:
        kind: ``video``, ``images``, ``jpeg`` or ``features``.
        title: the report's.
        rate_unit: of `Point.rate`: ``bits a pixel``, ``bits a subpixel``, ``bytes an image``,
            ``% of the original``.
        metrics: those that curves are drawn of, the main one first.
        items: in the order given.
        averages: over items.
        remarks: what a reader must know before the figures: reduced scale, jobs side by side.
        failures: files that could not be made, or did not come back equal, in sentences.
        manifest: versions, machine, command line, settings, times; as manifest.json.
    """

    kind: Literal["video", "images", "jpeg", "features"]
    title: str
    rate_unit: str
    metrics: Sequence[Metric]
    items: Sequence[Item]
    averages: Sequence[Average] = ()
    remarks: Sequence[str] = ()
    failures: Sequence[str] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def lossless(self) -> bool:
        """Whether it is of images that come back as they were, so that there are no curves."""
        return self.kind in ("images", "jpeg") and not self.metrics

    def save(self, path: Path) -> None:
        """Writes summary.json."""
        save_json(path, asdict(self))


def save_json(path: Path, value: Any) -> None:
    """Writes a JSON file in one step; NaN and infinity are refused."""
    with atomic_output(path) as stream:
        stream.write(json.dumps(value, indent=1, allow_nan=False).encode() + b"\n")


def load_summary(path: str | Path) -> Summary:
    """Reads a summary.json.

    Raises:
        InputError: it is no summary, or of another schema.
    """
    try:
        record = json.loads(Path(path).read_text())
        if record["schema"] != SCHEMA:
            raise InputError(
                f"{path} is of schema {record['schema']}, this version reads {SCHEMA}: run the "
                "benchmark again"
            )
        return Summary(
            **record
            | {
                "metrics": [Metric(**metric) for metric in record["metrics"]],
                "items": [_item(item) for item in record["items"]],
                "averages": [Average(**average) for average in record["averages"]],
            }
        )
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} is no summary of ncodec bench ({error})") from None


def _item(record: dict[str, Any]) -> Item:
    return Item(
        **record
        | {
            "curves": [_curve(curve) for curve in record["curves"]],
            "deltas": [Delta(**delta) for delta in record["deltas"]],
            "matches": [Match(**match) for match in record["matches"]],
        }
    )


def _curve(record: dict[str, Any]) -> Curve:
    return Curve(**record | {"points": [_point(point) for point in record["points"]]})


def _point(record: dict[str, Any]) -> Point:
    speeds = {
        name: None if record[name] is None else Speed(**record[name])
        for name in ("encode", "decode")
    }
    return Point(**record | speeds)
