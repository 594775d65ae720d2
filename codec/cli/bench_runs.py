"""From the options of `ncodec bench` to a run, its report and its exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ncodec.cli.parameters import stoppable
from ncodec.cli.progress import duration
from ncodec.cli.words import say
from ncodec.threads import thread_count

if TYPE_CHECKING:
    from ncodec.eval.bench.processes import Processes
    from ncodec.eval.bench.video import VideoRun
    from ncodec.eval.results import Summary

__all__ = ["bench_stills", "bench_video"]


def bench_video(
    run: VideoRun,
    output: Path,
    threads: int | None,
    device: str,
    max_segment: int,
    dry_run: bool,
    quiet: bool,
    paper_bpp: bool = False,
    say_time: bool = False,
) -> None:
    """Measures a video run; with `say_time` says first how long its fits will take."""
    from ncodec.eval.anchors.video import SETTINGS_VERSION
    from ncodec.eval.bench.measure import Measurer
    from ncodec.eval.bench.video import estimate, run_video

    settings = {
        "threads": threads or thread_count(),
        "device": device,
        "jobs": run.jobs,
        "seeds": list(run.seeds),
        "points": run.points,
        "max_segment": max_segment,
        "anchor settings": SETTINGS_VERSION,
    }

    def work(folder: Path, processes: Processes, tell: Callable[[str], None]) -> Summary | None:
        count = threads or thread_count()
        measurer = Measurer(folder, processes, count, device, max_segment, paper_bpp)
        if dry_run or say_time:
            seconds = estimate(run, measurer, say if dry_run else tell)
            line = f"fits that are left: about {duration(seconds)} on this machine"
            say(line, err=not dry_run)
        return None if dry_run else run_video(run, measurer, tell)

    _run(work, output, dry_run, quiet, settings)


def bench_stills(
    measure: Callable[..., Summary | None],
    images: tuple[str, ...],
    output: Path,
    data: Path | None,
    threads: int | None,
    dry_run: bool,
    quiet: bool,
    every: int | None = None,
    **options: Any,
) -> None:
    """Measures images with `measure`, which gets what `options` has; of JPEG files, each `every`-th
    of a folder."""
    from ncodec.eval.data.images import images_of, jpegs_of

    threads = threads or thread_count()
    groups = [jpegs_of(t, data, every) if every else images_of(t, data) for t in images]
    sources = [image for group in groups for image in group]

    def work(folder: Path, processes: Processes, tell: Callable[[str], None]) -> Summary | None:
        return measure(
            sources,
            folder,
            threads=threads,
            processes=processes,
            dry_run=dry_run,
            tell=say if dry_run else tell,
            **options,
        )

    settings = {"threads": threads, "images": len(sources), **options}
    settings |= {"every": every} if every else {}
    _run(work, output, dry_run, quiet, settings)


def _run(
    work: Callable[..., Summary | None],
    output: Path,
    dry_run: bool,
    quiet: bool,
    settings: dict[str, Any],
) -> None:
    from ncodec.eval.bench.run import check, check_extra, finish, opened
    from ncodec.eval.report import table

    check_extra()
    started = time.time()

    def tell(line: str) -> None:
        if not quiet:
            say(line, err=True)

    # A run that only says what it would do leaves nothing behind.
    place = TemporaryDirectory() if dry_run and not output.exists() else opened(output)
    with place as folder, _processes(tell) as processes:
        home = Path(folder)
        summary = work(home, processes, tell)
        if summary is None:
            return
        summary = finish(summary, home, started, settings)
    for line in table(summary).splitlines():
        say(line)
    say(f"{output / 'report.html'}: the report")
    check(summary)


@contextmanager
def _processes(tell: Callable[[str], None]) -> Iterator[Processes]:
    """Processes that Ctrl-C stops."""
    from ncodec.eval.bench.processes import Processes

    processes = Processes()

    def stop() -> None:
        click.echo(err=True)
        tell("ncodec: stopping; what is finished is kept (again to stop at once)")
        processes.stop()

    with stoppable(stop):
        yield processes
