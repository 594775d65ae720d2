"""What was measured on one clip, as it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf

from ncodec.errors import InputError, Interrupted, NcodecError
from ncodec.eval.anchors.video import AnchorSetting
from ncodec.eval.bd import FEWEST_POINTS, bd
from ncodec.eval.bench.clip import Prepared
from ncodec.eval.bench.measure import Measurer
from ncodec.eval.bench.steps import Step
from ncodec.eval.matches import matches
from ncodec.eval.metrics.colour import colour_words
from ncodec.eval.metrics.score import METRICS
from ncodec.eval.results import Curve, Item, Point

__all__ = ["ONE_GOP", "ClipItem"]

MAIN = ("psnr_y", "psnr_rgb")
"""What anchors are swept by: the first of these that the clip has."""

ONE_GOP = ", one GOP"
"""Ends the name of an anchor whose only keyframe is the clip's first."""


class ClipItem:
    """Points, curves and failures of a clip."""

    def __init__(self, clip: Prepared, measurer: Measurer, tell: Callable[[str], None]) -> None:
        self.clip = clip
        self.curves: list[Curve] = []
        self.failures: list[str] = []
        self._measurer = measurer
        self._tell = tell
        self._absent: dict[str, None] = {}
        self._colour = ""

    def point(self, step: Step, curve: str, label: str) -> Point | None:
        """One file; None where it failed, which is then among the failures."""
        name = f"{self.clip.spec.name}: {curve}, {label}"
        before = self._measurer.store.find(step) is not None
        try:
            point, said = self._measurer.point(self.clip, step, label)
        except Interrupted:
            raise
        except NcodecError as error:
            self.failures.append(f"{name}: {error}")
            self._tell(f"{name}: failed: {error}")
            return None
        self._absent |= dict.fromkeys(said["absent"])
        self._colour = colour_words(said["colour"])
        took = "kept" if before or not point.encode else f"{point.encode.seconds:.1f} s"
        self._tell(f"{name}: {point.size:,} bytes, {_main(point):.2f} dB, {took}")
        return point

    def sweep(self, setting: AnchorSetting, keyint: int, name: str) -> Curve | None:
        """Points of an anchor from coarse to fine, until past every codec's quality and rate.

        None for a clip that the anchor does not take.
        """
        try:
            setting.check(self.clip.info, self.clip.spec.name)
        except InputError as error:
            self._absent[f"{name}: {error}"] = None
            return None
        ours = [p for curve in self.curves if curve.role == "codec" for p in curve.points]
        best = max(map(_main, ours), default=inf)
        most = max((point.rate for point in ours), default=inf)
        points: list[Point] = []
        for crf in setting.crfs:
            step = self._measurer.anchor_step(self.clip, setting, crf, keyint)
            if (point := self.point(step, name, f"crf {crf}")) is not None:
                points.append(point)
            enough = len(points) >= FEWEST_POINTS
            if enough and _main(points[-1]) > best and points[-1].rate > most:
                break
        settings = f"{setting.codec}, preset {setting.preset}, one thread, keyint {keyint}"
        return Curve(name, "anchor", points, settings)

    def intervals(self, setting: AnchorSetting) -> list[tuple[str, int]]:
        """(name, frames between keyframes): the file's own interval, and the whole clip if more."""
        intervals = [(setting.name, self.clip.interval)]
        if self.clip.interval < self.clip.info.frames:
            intervals.append((setting.name + ONE_GOP, self.clip.info.frames))
        return intervals

    def add(self, curve: Curve | None) -> None:
        """A curve whose points are complete."""
        if curve is None:
            return
        ordered = sorted(curve.points, key=lambda point: point.rate)
        self.curves.append(replace(curve, points=ordered))

    def finished(
        self, imported: Sequence[Curve], several: bool, references: Sequence[str] = ()
    ) -> Item:
        """The item with the deltas of every codec against every anchor.

        Args:
            imported: curves of others.
            several: whether some clip of the run has more than one segment: then a clip of one
                gives its figures to means over anchors with one GOP, too.
            references: names of codecs that the others are compared with, too.
        """
        tests = [curve for curve in self.curves if curve.role == "codec"]
        anchors = [c for c in self.curves if c.role == "anchor" or c.name in references]
        first = next((p for curve in self.curves for p in curve.points), None)
        deltas = [
            bd(anchor, test, metric.key)
            for test in tests
            for anchor in anchors
            for metric in METRICS
            if anchor.name != test.name
            if any(p.quality.get(metric.key) is not None for p in test.points)
        ]
        matched = [
            match
            for test in tests
            for reference in tests
            for metric in METRICS
            if reference.name in references and reference.name != test.name
            for match in matches(reference, test, metric.key)
        ]
        if several and self.clip.interval == self.clip.info.frames:
            named = [curve.name for curve in anchors if curve.role == "anchor"]
            deltas += [replace(d, anchor=d.anchor + ONE_GOP) for d in deltas if d.anchor in named]
        return Item(
            name=self.clip.spec.name,
            source=self.clip.spec.text,
            description=self.clip.description,
            curves=[*self.curves, *imported],
            deltas=deltas,
            absent=list(self._absent),
            picture=self._measurer.original(first) if first else None,
            frame=self.clip.info.frames // 2,
            colour=self._colour,
            matches=matched,
        )


def _main(point: Point) -> float:
    return next(value for key in MAIN if (value := point.quality.get(key)) is not None)
