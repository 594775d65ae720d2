"""`ncodec bench video`: curves of codecs and anchors on clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ncodec.errors import UsageError
from ncodec.eval.anchors.video import AnchorSetting
from ncodec.eval.bd import FEWEST_POINTS, average
from ncodec.eval.bench.clip import Prepared, prepared
from ncodec.eval.bench.item import ClipItem
from ncodec.eval.bench.lines import CodecLine
from ncodec.eval.bench.measure import Measurer
from ncodec.eval.bench.steps import Step
from ncodec.eval.data.clips import ClipSpec
from ncodec.eval.metrics.score import METRICS
from ncodec.eval.results import Curve, Point, Summary
from ncodec.plugin import Context
from ncodec.registry import frame_codec, resolve_options

__all__ = ["VideoRun", "estimate", "run_video"]

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class VideoRun:
    """What is to be measured.

    Attributes:
        title: the report's.
        clips: each becomes an item of the summary.
        lines: codecs.
        anchors: encoders and their settings.
        points: the number of points of a codec's ladder.
        seeds: a curve each.
        jobs: files made side by side, which spoils their times.
        imported: curves of others, drawn with every clip.
        remarks: what a reader must know.
    """

    title: str
    clips: Sequence[ClipSpec]
    lines: Sequence[CodecLine]
    anchors: Sequence[AnchorSetting]
    points: int = FEWEST_POINTS
    seeds: Sequence[int] = (0,)
    jobs: int = 1
    imported: Sequence[Curve] = ()
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Task:
    """A codec's point that is to be made."""

    clip: Prepared
    line: CodecLine
    seed: int
    rate: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What sets it apart on its curve."""
        return ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in self.rate.items()) or "default"

    @property
    def curve(self) -> tuple[str, CodecLine, int]:
        """Clip, line and seed."""
        return self.clip.spec.name, self.line, self.seed

    def step(self, measurer: Measurer) -> Step:
        """Its encode."""
        options = {**self.line.encode_options, **self.rate}
        return measurer.encode_step(self.clip, self.line.codec, options, self.seed)

    def make(self, items: Mapping[str, ClipItem], measurer: Measurer) -> Point | None:
        """The point; None where it failed."""
        name = f"{self.line.name}, seed {self.seed}"
        return items[self.clip.spec.name].point(self.step(measurer), name, self.label)


def estimate(run: VideoRun, measurer: Measurer, tell: Tell) -> float:
    """Tells which fits are done and what the others will take; seconds of those in all.

    Anchors are not counted: they take seconds to minutes a point.
    """
    total = 0.0
    for task in _tasks(run, _prepared(run, measurer)):
        name = f"{task.clip.spec.name}: {task.line.name}, {task.label}, seed {task.seed}"
        if measurer.store.find(task.step(measurer)):
            tell(f"{name}: done")
            continue
        codec = frame_codec(task.line.codec)
        options = resolve_options(codec, {**task.line.options, **task.rate})
        context = Context(measurer.device, measurer.threads, task.seed, task.line.seconds)
        seconds = codec.estimate(task.clip.windows, options, context).seconds
        tell(f"{name}: about {seconds:,.0f} s")
        total += seconds
    for setting in run.anchors:
        tell(f"{setting.name}: up to {len(setting.crfs)} points a clip, not estimated")
    return total


def run_video(run: VideoRun, measurer: Measurer, tell: Tell) -> Summary:
    """Measures what is not in the measurer's store yet.

    A point that fails is among the summary's failures, and the run goes on.

    Raises:
        Interrupted: the user stopped it; what is finished is kept.
    """
    clips = _prepared(run, measurer)
    several = any(clip.interval < clip.info.frames for clip in clips)
    items = {clip.spec.name: ClipItem(clip, measurer, tell) for clip in clips}
    with ThreadPoolExecutor(run.jobs) as pool:
        try:
            fits = [(task, pool.submit(task.make, items, measurer)) for task in _tasks(run, clips)]
            for (clip, line, seed), group in groupby(fits, lambda fit: fit[0].curve):
                points = [point for _, fit in group if (point := fit.result()) is not None]
                items[clip].add(Curve(line.name, "codec", points, line.settings, seed))
            # After the codecs, whose best quality they have to reach.
            sweeps = [
                (item, pool.submit(item.sweep, setting, keyint, name))
                for item in items.values()
                for setting in run.anchors
                for name, keyint in item.intervals(setting)
            ]
            for item, sweep in sweeps:
                item.add(sweep.result())
        except BaseException:
            measurer.processes.stop()
            pool.shutdown(cancel_futures=True)
            raise
    references = [line.name for line in run.lines if line.reference]
    results = [item.finished(run.imported, several, references) for item in items.values()]
    return Summary(
        kind="video",
        title=run.title,
        rate_unit="bits a pixel",
        metrics=METRICS,
        items=results,
        averages=average(results),
        remarks=run.remarks,
        failures=[failure for item in items.values() for failure in item.failures],
    )


def _prepared(run: VideoRun, measurer: Measurer) -> list[Prepared]:
    names = [spec.name for spec in run.clips]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(
            f"two clips are called {', '.join(sorted(twice))}: give each once, or rename a file"
        )
    folder = measurer.folder / "clips"
    return [prepared(spec, folder, measurer.max_segment) for spec in run.clips]


def _tasks(run: VideoRun, clips: Sequence[Prepared]) -> Iterator[_Task]:
    """Points of one curve follow one another."""
    for clip in clips:
        for line in run.lines:
            rates = line.points(clip, run.points)
            for seed in run.seeds:
                for rate in rates:
                    yield _Task(clip, line, seed, rate)
