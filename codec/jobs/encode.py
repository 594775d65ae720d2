"""An encode from source to finished file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ncodec.formats import Segment, atomic_output, same_file
from ncodec.formats.output import output_name
from ncodec.jobs.board import Board
from ncodec.jobs.directory import JOURNAL, plan_directory
from ncodec.jobs.events import Event, Finished, Noticed, Planned, SegmentDone
from ncodec.jobs.executors import run_inline, run_processes
from ncodec.jobs.output import check_written, hold_target, overhead, write_file
from ncodec.jobs.plan import Plan
from ncodec.jobs.planning import load_plan, make_plan
from ncodec.jobs.poor import poor_clip
from ncodec.jobs.request import EncodeRequest
from ncodec.jobs.task import Resources, run_task, window_of
from ncodec.jobs.windows import share_seconds
from ncodec.plugin import Context
from ncodec.registry import frame_codec
from ncodec.threads import thread_count

__all__ = ["run_encode"]


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
    with plan_directory(request.output, request.plan, request.resume) as directory:
        with atomic_output(request.output, journal=directory / JOURNAL) as stream:
            if request.resume:
                plan = load_plan(request, directory)
            else:
                plan = make_plan(request, directory, watch, stopping)
            segments = _run(plan, request, start, watch, stopping)
            size = write_file(stream, plan, segments, plan.tracks)
            hold_target(size, request.target_size, plan.codec)
        check_written(request.output, segments)
    values = [s.psnr * s.frame_count for s in segments if s.psnr is not None]
    finished = Finished(
        output=output_name(request.output),
        size=size,
        frames=plan.info.frames,
        segments=len(segments),
        psnr=sum(values) / plan.info.frames if len(values) == len(segments) else None,
        elapsed=time.monotonic() - start,
    )
    if notice := poor_clip(finished.psnr, segments):
        watch(Noticed(notice))
    watch(finished)
    return finished


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
    workers = max(1, min(request.workers, _side_by_side(plan.starts, pending)))
    all_threads = request.threads or thread_count()
    threads = max(1, all_threads // workers)
    known = {i: (_coded_bytes(segment), segment.psnr) for i, segment in done.items()}
    board = Board(counts, known, start, overhead(plan))

    def grant(index: int, alone: bool) -> Resources:
        end = None
        if request.time_budget is not None:
            now = time.monotonic()
            waiting = sum(counts[i] for i in pending if i not in board.started)
            remaining = max(request.time_budget - (now - start), 0.0)
            behind = sum(plan.starts[i] == index for i in pending)
            end = now + share_seconds(remaining, counts[index], waiting, workers, behind)
        board.begin(index)
        return Resources(request.device, all_threads if alone else threads, end)

    def report(index: int, values: Mapping[str, Any]) -> None:
        watch(board.progressed(index, values))

    if pending:
        watch(_planned(plan, request, pending, done, workers, threads, start))
        tasks = {i: partial(run_task, plan, i) for i in pending}
        arguments = (tasks, grant, report, stopping)
        if workers == 1:
            running = run_inline(*arguments)
        else:
            running = run_processes(*arguments, workers, dict(enumerate(plan.starts)))
        for segment in running:
            done[segment.index] = segment
            size = _coded_bytes(segment)
            board.finished(segment.index, size, segment.psnr)
            watch(SegmentDone(segment.index, len(counts), segment.frame_count, size, segment.psnr))
    return [done[i] for i in range(len(counts))]


def _coded_bytes(segment: Segment) -> int:
    return sum(map(len, segment.sections))


def _side_by_side(starts: Sequence[int | None], pending: Sequence[int]) -> int:
    """How many of the pending tasks can ever run at the same time."""
    followers = [starts[i] for i in pending if starts[i] is not None]
    return len(followers) + sum(starts[i] is None and i not in followers for i in pending)


def _planned(
    plan: Plan,
    request: EncodeRequest,
    pending: Sequence[int],
    done: Mapping[int, Segment],
    workers: int,
    threads: int,
    start: float,
) -> Planned:
    codec = frame_codec(plan.codec)
    context = Context(device=request.device, threads=threads, seed=plan.seed)
    context.shared = plan.payloads
    if plan.targets:
        context.target_size = sum(plan.targets[i] for i in pending) // len(pending)
    if request.time_budget is not None:
        left = request.time_budget - (time.monotonic() - start)
        context.seconds = workers * max(left, 0.0)
    estimate = codec.estimate([window_of(plan, i) for i in pending], plan.options, context)
    size = request.target_size
    if size is None and estimate.size is not None:
        size = sum(map(_coded_bytes, done.values())) + estimate.size + overhead(plan)
    seconds = time.monotonic() - start + estimate.seconds / workers
    if request.time_budget is not None:
        seconds = min(seconds, request.time_budget)
    return Planned(
        codec=plan.codec,
        frames=plan.info.frames,
        segments=len(plan.windows),
        finished=len(done),
        workers=workers,
        device=request.device,
        seconds=seconds,
        size=size,
    )
