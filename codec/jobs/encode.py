"""An encode from source to finished file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import ncodec
from ncodec.errors import InputError, Interrupted, TargetUnreachable, UsageError
from ncodec.formats import Header, Segment, Writer, atomic_output, same_file
from ncodec.jobs.directory import plan_directory
from ncodec.jobs.events import Event, Finished, Planned, Progressed, Scanned, SegmentDone
from ncodec.jobs.executors import run_inline, run_processes
from ncodec.jobs.plan import Plan, source_identity
from ncodec.jobs.task import Resources, window_of
from ncodec.jobs.windows import share_bytes, share_seconds, split
from ncodec.media import open_source, scan
from ncodec.plugin import Context
from ncodec.registry import load_codec, resolve_options
from ncodec.threads import thread_count

__all__ = ["EncodeRequest", "run_encode"]

SCENE_THRESHOLD = 10.0
INDEX_SPARE = 16
"""Bytes a segment by which real lengths and the PSNR can widen a file of empty segments."""

_RANGES = (
    ("target_size", 1, 2**63),
    ("time_budget", 0, 10**9),
    ("max_segment", 1, 2**32),
    ("threads", 0, 2**16),
    ("workers", 1, 2**16),
    ("seed", 0, 2**32),
)
"""Smallest and largest allowed value by field."""


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """What is to be encoded, and how.

    Attributes:
        source: a path, or ``-`` for y4m on standard input.
        output: a path, or ``-`` for standard output.
        codec: codec id.
        options: the codec's own, as given.
        target_size: bytes of the finished file, or None.
        time_budget: seconds of wall time for everything, or None.
        max_segment: frames a segment at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads of all workers together.
        workers: processes; 1 works in this one.
        seed: of everything random.
        plan: the plan directory; None for ``OUTPUT.plan``.
        resume: continue what the plan directory holds.
    """

    source: str
    output: str
    codec: str
    options: Mapping[str, Any]
    target_size: int | None = None
    time_budget: float | None = None
    max_segment: int = 240
    device: str = "auto"
    threads: int = 0
    workers: int = 1
    seed: int = 0
    plan: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        for name, least, most in _RANGES:
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise UsageError(f"{name} is {value} but must be {least} to {most}")

    @property
    def comparable(self) -> dict[str, Any]:
        """What, with the codec and its options, may not change until the job is done."""
        return {name: getattr(self, name) for name in ("target_size", "max_segment", "seed")}


def run_encode(
    request: EncodeRequest,
    watch: Callable[[Event], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Finished:
    """Encodes; returns what came out.

    Args:
        request: what to do.
        watch: told of every event.
        stopping: asked often; once true, work is saved and `Interrupted` raised.

    Raises:
        NcodecError: one of its kinds, as the tree in `ncodec.errors` says.
    """
    start = time.monotonic()
    same_file(request.source, request.output)
    # The output is opened first: that it cannot be written should not be found after the work.
    with (
        plan_directory(request.output, request.plan, request.resume) as directory,
        atomic_output(request.output) as stream,
    ):
        if request.resume:
            plan = _load_plan(request, directory)
        else:
            plan = _make_plan(request, directory, watch, stopping)
        segments = _run(plan, request, start, watch, stopping)
        size = _write_file(stream, plan, segments)
    values = [s.psnr * s.frame_count for s in segments if s.psnr is not None]
    finished = Finished(
        output=request.output,
        size=size,
        frames=plan.info.frames,
        segments=len(segments),
        psnr=sum(values) / plan.info.frames if len(values) == len(segments) else None,
        elapsed=time.monotonic() - start,
    )
    watch(finished)
    return finished


def _load_plan(request: EncodeRequest, directory: Path) -> Plan:
    plan = Plan.load(directory)
    options = resolve_options(load_codec(request.codec), request.options)
    before = {"codec": plan.codec, **plan.request, **plan.options}
    for name, value in {"codec": request.codec, **request.comparable, **options}.items():
        if before.get(name) != value:
            raise UsageError(
                f"the unfinished encode in {directory} has {name} {before.get(name)!r}, not "
                f"{value!r}: repeat its options, or delete the folder to start anew"
            )
    path = _source_path(request, directory)
    if source_identity(path) != plan.identity:
        raise InputError(
            f"{request.source} is not what the encode in {directory} began with: give the same "
            "source, or delete the folder to start anew"
        )
    return replace(plan, source=str(path.absolute()))


def _source_path(request: EncodeRequest, directory: Path) -> Path:
    """Where the source can be read again: a pipe's copy lies in the plan directory."""
    return directory / "source.y4m" if request.source == "-" else Path(request.source)


def _make_plan(
    request: EncodeRequest,
    directory: Path,
    watch: Callable[[Event], None],
    stopping: Callable[[], bool],
) -> Plan:
    codec = load_codec(request.codec)
    options = resolve_options(codec, request.options)
    path = _source_path(request, directory)
    if request.source == "-":
        _copy_pipe(path, stopping)

    def look(frames: int) -> None:
        watch(Scanned(frames))
        if stopping():
            raise Interrupted("stopped by the user")

    with open_source(path) as source:
        if source.kind not in codec.media:
            raise UsageError(
                f"{request.source} is of kind {source.kind}, {codec.codec_id} takes "
                f"{', '.join(sorted(codec.media))}: choose another --codec"
            )
        found = scan(source, scene_threshold=SCENE_THRESHOLD, progress=look)
    windows = split(found.frames, found.cuts, request.max_segment)
    plan = Plan(
        directory=directory,
        source=str(path.absolute()),
        identity=source_identity(path),
        digest=found.digest,
        info=found.info,
        times=found.times,
        windows=tuple(windows),
        targets=None,
        codec=request.codec,
        options=options,
        seed=request.seed,
        request=request.comparable,
    )
    if request.target_size is not None:
        rest = request.target_size - _overhead(plan)
        if rest <= 0:
            raise TargetUnreachable(
                f"--target-size {request.target_size} is less than the {_overhead(plan)} bytes "
                "that the container alone takes"
            )
        plan = replace(plan, targets=tuple(share_bytes(rest, [n for _, n in windows])))
    plan.save()
    return plan


def _copy_pipe(path: Path, stopping: Callable[[], bool]) -> None:
    with path.open("wb") as copy:
        while chunk := sys.stdin.buffer.read(1 << 18):
            if stopping():
                raise Interrupted("stopped by the user")
            copy.write(chunk)
        if not copy.tell():
            raise InputError("standard input is empty: pipe a clip as y4m into it")


def _run(
    plan: Plan,
    request: EncodeRequest,
    start: float,
    watch: Callable[[Event], None],
    stopping: Callable[[], bool],
) -> list[Segment]:
    """All segments in order, from the plan directory or made now."""
    counts = [count for _, count in plan.windows]
    done = {i: s for i in range(len(counts)) if (s := plan.finished(i)) is not None}
    pending = [i for i in range(len(counts)) if i not in done]
    workers = max(1, min(request.workers, len(pending)))
    threads = max(1, (request.threads or thread_count()) // workers)
    board = _Board(counts, set(done), start)

    def grant(index: int) -> Resources:
        seconds = None
        if request.time_budget is not None:
            waiting = sum(counts[i] for i in pending if i not in board.started)
            remaining = max(request.time_budget - (time.monotonic() - start), 0.0)
            seconds = share_seconds(remaining, counts[index], waiting, workers)
        board.started.add(index)
        return Resources(request.device, threads, seconds)

    def report(index: int, values: Mapping[str, Any]) -> None:
        watch(board.progressed(index, values))

    if pending:
        watch(_planned(plan, request, pending, done, workers, threads, start))
        arguments = (plan, pending, grant, report, stopping)
        running = (
            run_inline(*arguments) if workers == 1 else run_processes(*arguments, workers=workers)
        )
        for segment in running:
            done[segment.index] = segment
            board.fractions[segment.index] = 1.0
            size = sum(map(len, segment.sections))
            watch(SegmentDone(segment.index, len(counts), segment.frame_count, size, segment.psnr))
    return [done[i] for i in range(len(counts))]


def _planned(
    plan: Plan,
    request: EncodeRequest,
    pending: Sequence[int],
    done: Mapping[int, Segment],
    workers: int,
    threads: int,
    start: float,
) -> Planned:
    codec = load_codec(plan.codec)
    context = Context(device=request.device, threads=threads, seed=plan.seed)
    seconds, size = 0.0, sum(len(section) for s in done.values() for section in s.sections)
    for index in pending:
        context.target_size = plan.targets[index] if plan.targets else None
        estimate = codec.estimate([window_of(plan, index)], plan.options, context)
        seconds += estimate.seconds / workers
        size += estimate.size
    if request.time_budget is not None:
        seconds = max(request.time_budget - (time.monotonic() - start), 0.0)
    return Planned(
        codec=plan.codec,
        frames=plan.info.frames,
        segments=len(plan.windows),
        finished=len(done),
        workers=workers,
        device=request.device,
        seconds=seconds,
        size=request.target_size or size + _overhead(plan),
    )


class _Board:
    """Progress of all segments, weighted by their frames."""

    def __init__(self, counts: Sequence[int], done: set[int], start: float) -> None:
        self.counts = counts
        self.started = set(done)
        self.fractions = {i: 1.0 if i in done else 0.0 for i in range(len(counts))}
        self._start = start
        self._first = self._whole()

    def progressed(self, index: int, values: Mapping[str, Any]) -> Progressed:
        self.fractions[index] = values["fraction"]
        whole, elapsed = self._whole(), time.monotonic() - self._start
        gained = whole - self._first
        return Progressed(
            segment=index,
            segments=len(self.counts),
            epoch=values.get("epoch", 0),
            epochs=values.get("epochs", 0),
            psnr=values.get("psnr"),
            fraction=whole,
            elapsed=elapsed,
            eta=elapsed * (1 - whole) / gained if gained > 0 else None,
        )

    def _whole(self) -> float:
        done = sum(self.fractions[i] * count for i, count in enumerate(self.counts))
        return done / sum(self.counts)


def _write_file(stream: BinaryIO, plan: Plan, segments: Sequence[Segment]) -> int:
    """Writes the container; returns its size."""
    codec = load_codec(plan.codec)
    header = Header(codec.codec_id, codec.bitstream_version, "video", plan.info)
    writer = Writer(stream, header)
    for segment in segments:
        writer.segment(segment)
    if plan.times is not None:
        writer.times(plan.times)
    given = {name: value for name, value in plan.options.items() if value is not None}
    writer.meta({"tool": f"ncodec {ncodec.__version__}", "seed": plan.seed, "options": given})
    return writer.finish()


def _overhead(plan: Plan) -> int:
    """Bytes of the finished file apart from its segments' payloads."""
    empty = [Segment(i, first, count, (), 0) for i, (first, count) in enumerate(plan.windows)]
    payloads = sum(len(segment.pack()) for segment in empty)
    return _write_file(BytesIO(), plan, empty) - payloads + INDEX_SPARE * len(empty)
