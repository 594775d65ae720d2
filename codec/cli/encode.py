"""ncodec encode"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from ncodec.cli.encode_options import COPIED, SOURCE, EncodeCommand
from ncodec.cli.parameters import DEVICE, LIMIT, YES, may_write, stoppable, stopping_notice
from ncodec.cli.progress import logged, watching
from ncodec.cli.values import DURATION, PICTURE_SIZE, RATE, SIZE
from ncodec.errors import Interrupted, NcodecError, UsageError
from ncodec.formats import same_file
from ncodec.jobs.choice import KEPT
from ncodec.jobs.request import DEFAULTS, check_output, check_source
from ncodec.plugin import StillCodec
from ncodec.registry import ALBUM, load_codec

__all__ = ["command"]


def _leaving_out(command: Callable[..., None]) -> Callable[..., None]:
    """Adds a flag for each thing that is copied beside the picture."""
    for name, what in reversed(COPIED.items()):
        flag = click.option(
            f"--no-{name}",
            name,
            is_flag=True,
            flag_value=False,
            default=None,
            help=f"Film: leave out {what}.",
        )
        command = flag(command)
    return command


@click.command(cls=EncodeCommand)
@click.argument("source", nargs=-1, metavar="SOURCE")
@click.option("-o", "--output", metavar="FILE", help="The .nc file, or - for stdout.")
@YES
@click.option(
    "--codec",
    help="See `ncodec codecs`; adds its options.  [default: pc-jpeg for a JPEG file, pc-photo for "
    "another image, album for several, pc-hclt for what it has a model of, else ngrid]",
)
@click.option(
    "--keep",
    type=click.Choice(KEPT),
    help="JPEG files: as they are, or their pixels alone.  [default: file]",
)
@click.option("--film", is_flag=True, help="Folder or images: code them as a film, with loss.")
@click.option("--target-size", type=SIZE, help="Video: bytes of the file: 150000, 150k, 1.5M.")
@click.option("--time-budget", type=DURATION, help="Video: wall time for everything: 300s, 5m.")
@click.option(
    "--max-segment",
    type=click.IntRange(min=1),
    default=DEFAULTS["max_segment"],
    show_default=True,
    help="Video: frames a segment at most; segments also end at scene cuts.",
)
@click.option(
    "--stream", type=click.IntRange(min=0), help="Film: the video stream's index, as in ffprobe."
)
@click.option("--from", "start", type=DURATION, help="Video: code what is shown from then on.")
@click.option("--to", "end", type=DURATION, help="Video: code what is shown before then.")
@click.option("--fps", type=RATE, help="Folder or pattern of images, raw video: 25, 30000/1001.")
@click.option("--size", type=PICTURE_SIZE, help="Raw video: width and height, as 640x360.")
@click.option(
    "--pix-fmt", "pixel_format", metavar="FORMAT", help="Raw video: FFmpeg's name, as yuv420p."
)
@click.option("--strict", is_flag=True, default=None, help="Video: refuse a damaged source.")
@click.option(
    "--no-alpha",
    "alpha",
    is_flag=True,
    flag_value=False,
    default=None,
    help="Film: drop its alpha.",
)
@_leaving_out
@DEVICE
@LIMIT
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads at most.  [default: all]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=DEFAULTS["workers"],
    show_default=True,
    help="Video, album: processes that work side by side.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULTS["seed"],
    show_default=True,
    help="Of everything random.",
)
@click.option("--resume", is_flag=True, help="Video, album: go on with an interrupted encode.")
@click.option(
    "--plan", metavar="DIR", help="Video, album: for unfinished work.  [default: FILE.plan]"
)
@click.option("--log-json", is_flag=True, help="Events on stderr as one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str | None,
    output: str | None,
    yes: bool,
    codec: str,
    keep: Literal["file", "pixels"] | None,
    film: bool,
    plan: str | None,
    log_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Encode SOURCE: a film, y4m, images, folders or patterns of images, .npy, IDX, - for stdin.

    \b
    Examples:
      ncodec encode clip.mp4 -o clip.nc
      ncodec encode clip.mp4 -o clip.nc --preset fast --target-size 200k
      ncodec encode clip.mp4 -o clip.nc --time-budget 5m --workers 2
      ncodec encode photo.png -o photo.nc
      ncodec encode photo.jpg -o photo.nc
      ncodec encode holiday/ -o holiday.nc --workers 2
      ncodec encode holiday/ --film -o clip.nc
      ncodec encode digits.npy -o digits.nc
      ncodec encode photo.jpg --codec entropic-student -o photo.nc
      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | ncodec encode - -o clip.nc
      ncodec encode f_%04d.png --fps 24 -o clip.nc
      ncodec encode clip.yuv --size 640x360 --pix-fmt yuv420p --fps 25 -o clip.nc
      ncodec encode --resume -o clip.nc
    """
    from ncodec.api import encode

    context = click.get_current_context()
    # What is not said is as it was where an encode goes on.
    settings = {
        name: value
        for name, value in values.items()
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    notify = stopping_notice(log_json, quiet, saving=not isinstance(load_codec(codec), StillCodec))
    with logged(log_json):
        target = _checked(source, output, yes or values["resume"])
        with watching(log_json, quiet) as watch, stoppable(notify) as stop:
            try:
                encode(
                    context.meta.get(SOURCE, source),
                    target,
                    codec=codec,
                    keep=keep if codec == ALBUM else None,
                    plan=plan,
                    watch=watch,
                    stopping=stop.is_set,
                    **settings,
                )
            except KeyboardInterrupt:
                raise _stopped_at_once(target, plan) from None


def _checked(source: str | None, output: str | None, replacing: bool) -> str:
    """The output, once it is clear that it is meant; `replacing`: also where it exists."""
    if output is None:
        name = Path(source or "").stem.strip("-") or "clip"
        raise UsageError(f"there is no output: give -o {name}.nc, or -o - for stdout")
    if source is not None:
        same_file(source, output)
        check_source(source, source, output)
    check_output(output)
    may_write(output, replacing)
    return output


def _stopped_at_once(output: str, plan: str | None) -> Interrupted:
    """The error for a second Ctrl-C, which leaves what was kept until then."""
    from ncodec.jobs.directory import resume_command, unfinished_directory

    try:
        unfinished_directory(output, plan)
    except NcodecError:
        return Interrupted("stopped at once; nothing was kept")
    return Interrupted(f"stopped at once; go on with: {resume_command(output, plan)}")
