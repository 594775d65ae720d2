"""From a request to a plan: made by one pass over the source, or found unfinished."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ncodec.errors import InputError, Interrupted, TargetUnreachable, UsageError
from ncodec.jobs.events import Event, Scanned
from ncodec.jobs.output import overhead
from ncodec.jobs.plan import Plan, comparable, source_identity
from ncodec.jobs.request import EncodeRequest
from ncodec.jobs.windows import longest_window, scene_starts, share_bytes, split
from ncodec.media import open_source, scan
from ncodec.plugin import Context, StartsWarm
from ncodec.registry import frame_codec, resolve_options
from ncodec.threads import thread_count

__all__ = ["load_plan", "make_plan"]

SCENE_THRESHOLD = 10.0
REPORT_SECONDS = 0.5


def load_plan(request: EncodeRequest, directory: Path) -> Plan:
    plan = Plan.load(directory)
    options = resolve_options(frame_codec(request.codec), request.options)
    before = {"codec": plan.codec, **plan.request, **plan.options}
    for name, value in {
        "codec": request.codec,
        **request.comparable,
        **comparable(options),
    }.items():
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
    return replace(plan, source=str(path.absolute()), options=options)


def _source_path(request: EncodeRequest, directory: Path) -> Path:
    """Where the source can be read again: a pipe's copy lies in the plan directory."""
    return directory / "source.y4m" if request.source == "-" else Path(request.source)


def make_plan(
    request: EncodeRequest,
    directory: Path,
    watch: Callable[[Event], None],
    stopping: Callable[[], bool],
) -> Plan:
    codec = frame_codec(request.codec)
    options = resolve_options(codec, request.options)
    path = _source_path(request, directory)
    if request.source == "-":
        _copy_pipe(path, stopping)

    told = time.monotonic()

    def look(frames: int) -> None:
        nonlocal told
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
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
        kind = source.kind
    watch(Scanned(found.frames))
    longest = longest_window(found.info, request.max_segment)
    windows = split(found.frames, found.cuts, longest)
    context = Context(
        device=request.device, threads=request.threads or thread_count(), seed=request.seed
    )
    warm = isinstance(codec, StartsWarm) and codec.starts_warm
    plan = Plan(
        directory=directory,
        source=str(path.absolute()),
        identity=source_identity(path),
        digest=found.digest,
        kind=kind,
        info=found.info,
        times=found.times,
        landmarks=found.landmarks,
        windows=tuple(windows),
        starts=scene_starts(windows, found.cuts) if warm else (None,) * len(windows),
        targets=None,
        shared=tuple(codec.shared(options, context)),
        codec=request.codec,
        options=options,
        seed=request.seed,
        request=request.comparable,
    )
    if request.target_size is not None:
        rest = request.target_size - overhead(plan)
        if rest <= 0:
            raise TargetUnreachable(
                f"--target-size {request.target_size} is less than the {overhead(plan)} bytes "
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
