"""ncodec bench"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ncodec.cli.parameters import stoppable
from ncodec.cli.progress import duration
from ncodec.cli.values import NAMES, SCALE
from ncodec.threads import thread_count

if TYPE_CHECKING:
    from ncodec.eval.bench.processes import Processes
    from ncodec.eval.bench.video import CodecLine, VideoRun
    from ncodec.eval.results import Summary

__all__ = ["command"]

PAPERS = "papers/"

KINDS = {
    "video": "Curves, BD-rates and speed of video codecs and anchors on CLIPS.",
    "images": "Bits a subpixel, seconds and equality of lossless image coders on IMAGES.",
    "features": "Bytes against a classifier's agreement on IMAGES.",
    "papers/NAME": "The table of a paper: papers/hnerv-bunny.",
}

_PATH = click.Path(path_type=Path)


def _common(function: Callable[..., None]) -> Callable[..., None]:
    """Options of every kind of benchmark."""
    for decorate in reversed(
        (
            click.option(
                "-o",
                "--output",
                required=True,
                type=_PATH,
                metavar="DIR",
                help="Folder of the run: report.html, summary.json and what they came from; one "
                "that was stopped goes on where it was.",
            ),
            click.option(
                "--data", type=_PATH, metavar="FOLDER", help="Data sets that are not installed."
            ),
            click.option(
                "--threads",
                type=click.IntRange(min=1),
                help="CPU threads of each process.  [default: all]",
            ),
            click.option("--dry-run", is_flag=True, help="Say what would be done and how long."),
            click.option("-q", "--quiet", is_flag=True, help="No progress on stderr."),
        )
    ):
        function = decorate(function)
    return function


class _Kinds(click.Group):
    """Knows its kinds, and every paper as one of them."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name.startswith(PAPERS):
            return super().get_command(ctx, PAPERS)
        return None if name == PAPERS else super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl(list(KINDS.items()))


def _list_data(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from ncodec.eval.data.sets import list_sets

        click.echo(list_sets())
        ctx.exit()


@click.group(cls=_Kinds)
@click.option(
    "--list-data",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_data,
    help="The data sets, their names here, and where they come from.",
)
def command() -> None:
    """Measure codecs against anchors, in fresh processes, into a report.

    \b
    Examples:
      ncodec bench video clip.mp4 --preset fast -o run
      ncodec bench video bunny#crop=1280x640 bikes carphone --data downloads -o run
      ncodec bench images photos -o run
      ncodec bench papers/hnerv-bunny --scale 1/4 -o run
    """


@command.command()
@click.argument("clips", nargs=-1, required=True)
@_common
@click.option("--codecs", type=NAMES, default="hnerv", show_default=True, help="a,b,c or none.")
@click.option("--preset", "presets", type=NAMES, help="Of the codecs; several are a curve each.")
@click.option(
    "--anchors",
    type=NAMES,
    default="x264,x265,svtav1",
    show_default=True,
    help="Encoders, at every setting or at one (x265-veryslow); or none.",
)
@click.option("--points", type=click.IntRange(min=1), default=4, show_default=True)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Fits of every point, for the spread.",
)
@click.option("--max-segment", type=click.IntRange(min=1), default=240, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Files made side by side; more than one spoils their times.",
)
@click.option(
    "--paper-bpp",
    is_flag=True,
    help="Also count bits as papers do, of symbols alone; a column beside the rate.",
)
@click.option(
    "--curve",
    "curves",
    multiple=True,
    type=_PATH,
    metavar="FILE",
    help="CompressAI's JSON of results, drawn beside the measured curves.",
)
def video(
    clips: tuple[str, ...],
    codecs: tuple[str, ...],
    presets: tuple[str, ...] | None,
    anchors: tuple[str, ...],
    points: int,
    seeds: int,
    curves: tuple[Path, ...],
    data: Path | None,
    jobs: int,
    **common: Any,
) -> None:
    """Curves, BD-rates and speed of video codecs and anchors on CLIPS.

    A clip is a file or a name of `ncodec bench --list-data`, and what is to be done to it first:
    bunny#crop=1280x640,scale=640x320,frames=0:32.
    """
    from ncodec.eval.anchors.video import anchor_settings
    from ncodec.eval.bench.video import VideoRun
    from ncodec.eval.data.clips import clips_of
    from ncodec.eval.report import import_compressai

    run = VideoRun(
        title="Rate and distortion",
        clips=[spec for clip in clips for spec in clips_of(clip, data)],
        lines=[_line(codec, preset) for codec in codecs for preset in presets or (None,)],
        anchors=anchor_settings(anchors),
        points=points,
        seeds=range(seeds),
        jobs=jobs,
        imported=[import_compressai(path) for path in curves],
        remarks=[f"Files were made {jobs} at a time: times are not comparable."] * (jobs > 1),
    )
    _run_video(run, **common)


@command.command(PAPERS)
@click.pass_context
@_common
@click.option(
    "--scale",
    type=SCALE,
    default="1",
    help="Factor on frame sides, epochs and network sizes; under 1 the report says so.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
def papers(ctx: click.Context, scale: Fraction, data: Path | None, **common: Any) -> None:
    """The table of a paper, at the paper's settings; says first how long that takes here."""
    from ncodec.eval.bench.papers import paper_run

    assert ctx.info_name is not None
    run = paper_run(ctx.info_name, scale, data)
    _run_video(run, max_segment=240, paper_bpp=True, say_time=True, **common)


@command.command()
@click.argument("images", nargs=-1, required=True)
@_common
@click.option(
    "--codecs",
    type=NAMES,
    default="pc-photo:fast,pc-photo:medium,pc-photo:best",
    show_default=True,
    help="Codec, or codec:effort.",
)
@click.option("--anchors", type=NAMES, help="Formats, or none.  [default: all]")
def images(**given: Any) -> None:
    """Bits a subpixel, seconds and equality of lossless image coders on IMAGES.

    IMAGES are files, folders, or sets of `ncodec bench --list-data`.
    """
    from ncodec.eval.bench.images import run_images

    _run_stills(run_images, **given)


@command.command()
@click.argument("images", nargs=-1, required=True)
@_common
@click.option("--codecs", type=NAMES, default="pc-photo", show_default=True, help="Or none.")
@click.option("--anchors", type=NAMES, default="jpeg,webp", show_default=True, help="Or none.")
@click.option("--points", type=click.IntRange(min=1), default=8, show_default=True)
@click.option("--teacher", default="efficientnet-lite0", show_default=True, help="The classifier.")
def features(**given: Any) -> None:
    """Bytes of IMAGES against how often a classifier says the same of them, or is right."""
    from ncodec.eval.bench.features import run_features

    _run_stills(run_features, **given)


def _line(codec: str, preset: str | None) -> CodecLine:
    from ncodec.eval.bench.video import CodecLine
    from ncodec.registry import frame_codec, resolve_options

    options = {} if preset is None else {"preset": preset}
    named = resolve_options(frame_codec(codec), options).get("preset")
    return CodecLine(f"{codec} {named}" if named else codec, codec, options)


def _run_video(
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
            seconds = estimate(run, measurer, click.echo if dry_run else tell)
            line = f"fits that are left: about {duration(seconds)} on this machine"
            click.echo(line, err=not dry_run)
        return None if dry_run else run_video(run, measurer, tell)

    _run(work, output, dry_run, quiet, settings)


def _run_stills(
    measure: Callable[..., Summary | None],
    images: tuple[str, ...],
    output: Path,
    data: Path | None,
    threads: int | None,
    dry_run: bool,
    quiet: bool,
    **options: Any,
) -> None:
    from ncodec.eval.data.images import images_of

    threads = threads or thread_count()
    found = [image for text in images for image in images_of(text, data)]

    def work(folder: Path, processes: Processes, tell: Callable[[str], None]) -> Summary | None:
        return measure(
            found,
            folder,
            threads=threads,
            processes=processes,
            dry_run=dry_run,
            tell=click.echo if dry_run else tell,
            **options,
        )

    _run(work, output, dry_run, quiet, {"threads": threads, "images": len(found), **options})


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
            click.echo(line, err=True)

    # A run that only says what it would do leaves nothing behind.
    place = TemporaryDirectory() if dry_run and not output.exists() else opened(output)
    with place as folder, _processes(tell) as processes:
        home = Path(folder)
        summary = work(home, processes, tell)
        if summary is None:
            return
        summary = finish(summary, home, started, settings)
    click.echo(table(summary))
    click.echo(f"{output / 'report.html'}: the report")
    check(summary)


@contextmanager
def _processes(tell: Callable[[str], None]) -> Iterator[Processes]:
    """Processes that Ctrl-C stops."""
    from ncodec.eval.bench.processes import Processes

    processes = Processes()

    def stop() -> None:
        tell("\nncodec: stopping; what is finished is kept (again to stop at once)")
        processes.stop()

    with stoppable(stop):
        yield processes
