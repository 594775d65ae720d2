"""Curves of lossy coders of still images, as a summary: bits a pixel against PSNR and SSIM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ncodec.eval.anchors.lossy import versions as library_versions
from ncodec.eval.bd import average, bd
from ncodec.eval.bench.coders import Coder
from ncodec.eval.bench.image_worker import speed
from ncodec.eval.bench.source import Source
from ncodec.eval.metrics.images import IMAGE_METRICS
from ncodec.eval.results import Curve, Item, Point, Summary

__all__ = ["lossy_summary"]

_REMARKS = (
    "Every file was decoded by a process that had not encoded it.",
    "Seconds are of one image in a process that has coded one before. A codec of ncodec goes from "
    "file to file, decodes once to record its PSNR, and writes a PAM file; its .nc file also holds "
    "the source's metadata. The other formats go from samples to file and back, on one thread.",
)


def lossy_summary(
    sources: Sequence[Source],
    lines: Sequence[Sequence[Coder]],
    results: Sequence[Sequence[Sequence[Mapping[str, Any]]]],
) -> Summary:
    """An item an image, with a curve a line and its deltas against the anchors.

    Args:
        sources: the images.
        lines: the coders of each curve.
        results: the outcome by line, coder and source.
    """
    items = [
        _item(source, lines, [[outcomes[number] for outcomes in line] for line in results])
        for number, source in enumerate(sources)
    ]
    remarks = [*_REMARKS]
    if any(line[0].role == "anchor" for line in lines):
        remarks.append(f"Libraries of the other formats: {library_versions()}.")
    return Summary(
        kind="images",
        title=f"Lossy images: {len(items)} {'image' if len(items) == 1 else 'images'}",
        rate_unit="bits a pixel",
        metrics=IMAGE_METRICS,
        items=items,
        averages=average(items),
        remarks=remarks,
    )


def _item(
    source: Source,
    lines: Sequence[Sequence[Coder]],
    results: Sequence[Sequence[Mapping[str, Any]]],
) -> Item:
    curves, absent = [], []
    for line, outcomes in zip(lines, results, strict=True):
        points = []
        for coder, outcome in zip(line, outcomes, strict=True):
            if "absent" in outcome:
                absent.append(f"{coder.name}: {outcome['absent']}")
            else:
                points.append(_point(coder, source, outcome))
        if points:
            points.sort(key=lambda point: point.rate)
            curves.append(Curve(line[0].name, line[0].role, points, line[0].settings))
    return Item(
        source.image.name,
        str(source.image.path),
        source.describe(),
        curves,
        deltas=[
            bd(anchor, test, metric.key)
            for test in curves
            for anchor in curves
            for metric in IMAGE_METRICS
            if (test.role, anchor.role) == ("codec", "anchor")
            if any(point.quality[metric.key] is not None for point in test.points)
        ],
        absent=list(dict.fromkeys(absent)),
    )


def _point(coder: Coder, source: Source, outcome: Mapping[str, Any]) -> Point:
    return Point(
        coder.setting,
        outcome["size"],
        8 * outcome["size"] / source.pixels,
        breakdown=outcome["breakdown"],
        quality=outcome["quality"],
        encode=speed(outcome["encode"], 1),
        decode=speed(outcome["decode"], 1),
        commands=coder.commands(source.image.path),
    )
