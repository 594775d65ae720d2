"""From a request to a plan: made by one pass over the source, or found unfinished."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from blake3 import blake3

from ncodec.errors import InputError, Interrupted, TargetUnreachable, UsageError
from ncodec.jobs.events import Event, Noticed, Scanned
from ncodec.jobs.output import overhead
from ncodec.jobs.plan import TRACKS_FILE, Plan, comparable, source_identity
from ncodec.jobs.request import EncodeRequest, check_source
from ncodec.jobs.windows import longest_window, scene_starts, share_bytes, split, unhurried
from ncodec.media import open_source, scan
from ncodec.media.film_source import FilmSource
from ncodec.media.held import COPY
from ncodec.media.tracks import copy_tracks
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
                f"{value!r}: leave it out to go on, or delete the folder to start anew"
            )
    path = _kept_source(request, directory)
    if source_identity(path) != plan.identity:
        raise InputError(
            f"{request.source} is not what the encode in {directory} began with: give the same "
            "source, or delete the folder to start anew"
        )
    return replace(plan, source=str(path.absolute()), options=options)


def _kept_source(request: EncodeRequest, directory: Path) -> Path:
    """Where an unfinished encode reads its source: what has no path was copied."""
    if isinstance(request.source, str):
        return Path(request.source)
    copy = next(directory.glob(f"{COPY}.*"), None)
    if copy is None:
        raise InputError(f"{directory} has no copy of its source: delete it and start anew")
    return copy


def make_plan(
    request: EncodeRequest,
    directory: Path,
    watch: Callable[[Event], None],
    stopping: Callable[[], bool],
) -> Plan:
    codec = frame_codec(request.codec)
    options = resolve_options(codec, request.options)
    source = request.source
    path = Path(source) if isinstance(source, str) else source.keep(directory, stopping)
    check_source(path, source, request.output)
    told = time.monotonic()

    def look(frames: int) -> None:
        nonlocal told
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            watch(Scanned(frames))
        if stopping():
            raise Interrupted("stopped by the user")

    with open_source(path, request.reading) as opened:
        if opened.kind not in codec.media:
            raise UsageError(
                f"{source} is of kind {opened.kind}, {codec.codec_id} takes "
                f"{', '.join(sorted(codec.media))}: choose another --codec"
            )
        clip = scan(opened, scene_threshold=SCENE_THRESHOLD, progress=look)
        kind, hdr = opened.kind, opened.hdr
        notices = clip.notices
        if isinstance(opened, FilmSource):
            notices += copy_tracks(
                path,
                directory / TRACKS_FILE,
                request.copying,
                reading=request.reading,
                origin=opened.origin,
                shifts=opened.shifts,
            )
    copied = directory / TRACKS_FILE
    digest = blake3(copied.read_bytes()).hexdigest() if copied.exists() else ""
    watch(Scanned(clip.frames))
    for notice in notices:
        watch(Noticed(notice))
    longest = longest_window(clip.info, request.max_segment)
    longest = unhurried(clip.info, longest, request.time_budget, request.workers)
    windows = split(clip.frames, clip.cuts, longest)
    context = Context(
        device=request.device, threads=request.threads or thread_count(), seed=request.seed
    )
    warm = isinstance(codec, StartsWarm) and codec.starts_warm
    plan = Plan(
        directory=directory,
        source=str(path.absolute()),
        reading=request.reading,
        identity=source_identity(path),
        digest=clip.digest,
        kind=kind,
        info=clip.info,
        hdr=hdr,
        times=clip.times,
        notices=notices,
        landmarks=clip.landmarks,
        windows=tuple(windows),
        starts=scene_starts(windows, clip.cuts) if warm else (None,) * len(windows),
        targets=None,
        shared=tuple(codec.shared(options, context)),
        codec=request.codec,
        options=options,
        seed=request.seed,
        request=request.comparable,
        settings=request.settings,
        tracks_digest=digest,
    )
    if request.target_size is not None:
        around, tracks = overhead(plan), plan.tracks_size
        rest = request.target_size - around
        if rest <= 0 < tracks and request.target_size > around - tracks:
            raise TargetUnreachable(
                f"--target-size {request.target_size} is less than the {tracks} bytes of sound, "
                "subtitles and attachments and the file around them: raise it, or leave them out "
                "with --no-audio, --no-subtitles, --no-attachments"
            )
        if rest <= 0:
            raise TargetUnreachable(
                f"--target-size {request.target_size} is less than the {around} bytes "
                "that the container alone takes: raise it"
            )
        plan = replace(plan, targets=tuple(share_bytes(rest, [n for _, n in windows])))
    plan.save()
    return plan
