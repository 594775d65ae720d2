"""ncodec bench"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from ncodec.cli.bench_runs import bench_stills, bench_video
from ncodec.cli.parameters import DEVICE, THREADS
from ncodec.cli.values import DURATION, NAMES, SCALE
from ncodec.jobs.request import DEFAULTS

__all__ = ["command"]

PAPERS = "papers/"

KINDS = {
    "video": "Curves, BD-rates and speed of video codecs and anchors on CLIPS.",
    "images": "Bits and equality of lossless coders on IMAGES, or curves of lossy ones.",
    "jpeg": "Of the bytes of JPEG FILES, what is left where the same bytes come back.",
    "features": "Bytes against a classifier's agreement on IMAGES.",
    "papers/NAME": "The table of a paper: papers/hnerv-bunny.",
}

_CODECS = "a,b,c, each with options as NAME:key=value:key=value"

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
            THREADS,
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
      ncodec bench images photos --codecs pc-photo:effort=best -o run
      ncodec bench jpeg photos --every 10 -o run
      ncodec bench papers/hnerv-bunny --scale 1/4 -o run
    """


@command.command()
@click.argument("clips", nargs=-1, required=True)
@_common
@click.option(
    "--codecs",
    type=NAMES,
    default="ngrid",
    show_default=True,
    help=f"{_CODECS}, or none; hnerv:paper is hnerv:preset=paper.",
)
@click.option(
    "--preset", "presets", type=NAMES, help="Presets of the others; several are a curve each."
)
@click.option(
    "--time-budget",
    "time_budgets",
    type=DURATION,
    multiple=True,
    help="Wall time of each file, 60s; given again, another curve.",
)
@click.option(
    "--reference",
    metavar="NAME",
    help="A curve that the codecs' others are compared with, too: 'hnerv paper'.",
)
@click.option(
    "--anchors",
    type=NAMES,
    default="x264,x265,svtav1",
    show_default=True,
    help="Encoders, at every setting or at one (x265-veryslow); or none.",
)
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Files of each codec, which are the points of its curve.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Fits of every point, for the spread.",
)
@click.option(
    "--max-segment",
    type=click.IntRange(min=1),
    default=DEFAULTS["max_segment"],
    show_default=True,
    help="Frames a segment at most.",
)
@DEVICE
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
    time_budgets: tuple[float, ...],
    reference: str | None,
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
    from ncodec.eval.bench.lines import codec_lines
    from ncodec.eval.bench.video import VideoRun
    from ncodec.eval.data.clips import clips_of
    from ncodec.eval.report import import_compressai

    run = VideoRun(
        title="Rate and distortion",
        clips=[spec for clip in clips for spec in clips_of(clip, data)],
        lines=codec_lines(codecs, presets or (None,), time_budgets or (None,), reference),
        anchors=anchor_settings(anchors),
        points=points,
        seeds=range(seeds),
        jobs=jobs,
        imported=[import_compressai(path) for path in curves],
        remarks=[f"Files were made {jobs} at a time: times are not comparable."] * (jobs > 1),
    )
    bench_video(run, **common)


@command.command(PAPERS)
@click.pass_context
@_common
@click.option(
    "--scale",
    type=SCALE,
    default="1",
    help="Factor on frame sides, epochs and network sizes; under 1 the report says so.",
)
@click.option(
    "--codecs",
    type=NAMES,
    default="none",
    show_default=True,
    help=f"To be measured beside the paper's: {_CODECS}.",
)
@DEVICE
def papers(
    ctx: click.Context,
    scale: Fraction,
    codecs: tuple[str, ...],
    data: Path | None,
    **common: Any,
) -> None:
    """The table of a paper, at the paper's settings; says first how long that takes here."""
    from ncodec.eval.bench.lines import codec_lines
    from ncodec.eval.bench.papers import paper_run

    assert ctx.info_name is not None
    run = paper_run(ctx.info_name, scale, data, codec_lines(codecs))
    bench_video(run, max_segment=DEFAULTS["max_segment"], paper_bpp=True, say_time=True, **common)


@command.command()
@click.argument("images", nargs=-1, required=True)
@_common
@click.option(
    "--codecs",
    type=NAMES,
    default="pc-photo:fast,pc-photo:medium,pc-photo:best",
    show_default=True,
    help=f"{_CODECS}, or none; all lossless, or all lossy.",
)
@click.option(
    "--anchors",
    type=NAMES,
    help="Formats: of png, webp, jpegxl, jpegls and qoi, or of jpeg and webp where the codecs are "
    "lossy; or none.  [default: all]",
)
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Files of each lossy codec and anchor, at most.",
)
def images(**settings: Any) -> None:
    """Bits a subpixel and equality of lossless coders on IMAGES, or curves of lossy ones.

    IMAGES are files, folders, or sets of `ncodec bench --list-data`.
    """
    from ncodec.eval.bench.images import run_images

    bench_stills(run_images, **settings)


@command.command()
@click.argument("images", metavar="FILES...", nargs=-1, required=True)
@_common
@click.option(
    "--codecs",
    type=NAMES,
    default="pc-jpeg",
    show_default=True,
    help=f"{_CODECS}, or none; those that keep files.",
)
@click.option(
    "--anchors",
    type=NAMES,
    help="Of lepton, jpegxl and brunsli; or none.  [default: those that are installed]",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Of each folder the first file, and each N-th then.",
)
def jpeg(**settings: Any) -> None:
    """Of the bytes of JPEG files, what is left where the same bytes come back, and how fast.

    FILES are JPEG files, folders of them, or sets of `ncodec bench --list-data`.
    """
    from ncodec.eval.bench.jpeg import run_jpeg

    bench_stills(run_jpeg, **settings)


@command.command()
@click.argument("images", nargs=-1, required=True)
@_common
@click.option(
    "--codecs",
    type=NAMES,
    default="pc-photo",
    show_default=True,
    help=f"{_CODECS}, or none.",
)
@click.option(
    "--anchors", type=NAMES, default="jpeg,webp", show_default=True, help="Lossy formats, or none."
)
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Files of each lossy codec and anchor, at most.",
)
@click.option("--teacher", default="efficientnet-lite0", show_default=True, help="The classifier.")
def features(**settings: Any) -> None:
    """Bytes of IMAGES against how often a classifier says the same of them, or is right."""
    from ncodec.eval.bench.features import run_features

    bench_stills(run_features, **settings)
