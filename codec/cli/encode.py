"""ncodec encode"""

from __future__ import annotations

from typing import Any

import click

from ncodec.cli.parameters import DEVICE, parameter, stoppable, stopping_notice
from ncodec.cli.progress import watching
from ncodec.cli.values import DURATION, SIZE
from ncodec.media.kinds import media_kind
from ncodec.plugin import StillCodec
from ncodec.registry import DEFAULT_CODECS, load_codec

__all__ = ["command"]

_CHOSEN = "ncodec.codec"
_ARGUMENTS = frozenset(["device", "threads", "seed", "target_size", "time_budget", "max_segment"])
_ARGUMENTS |= {"workers", "plan", "resume"}


class _EncodeCommand(click.Command):
    """Has the options of the codec that its arguments name, or that their source would get."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_CHOSEN] = _codec_in(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        name = ctx.meta.get(_CHOSEN, DEFAULT_CODECS["video"])
        own = [parameter(option) for option in load_codec(name).options]
        *common, help_option = super().get_params(ctx)
        return [*common, *own, help_option]


def _codec_in(args: list[str]) -> str:
    kind = "video"
    for before, arg in zip(["", *args], args, strict=False):
        if before == "--codec" or arg.startswith("--codec="):
            return arg.removeprefix("--codec=")
        if not arg.startswith("-") and before not in ("-o", "--output") and kind == "video":
            kind = media_kind(arg)
    return DEFAULT_CODECS[kind]


@click.command(cls=_EncodeCommand)
@click.argument("source")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="The .nc file, or - for stdout."
)
@click.option(
    "--codec",
    help="See `ncodec codecs`; adds its options.  [default: pc-photo for an image, pc-hclt for "
    ".npy, IDX and globs, else ngrid]",
)
@click.option("--target-size", type=SIZE, help="Video: bytes of the file: 150000, 150k, 1.5M.")
@click.option("--time-budget", type=DURATION, help="Video: wall time for everything: 300s, 5m.")
@click.option(
    "--max-segment",
    type=click.IntRange(min=1),
    default=240,
    show_default=True,
    help="Video: frames a segment at most; segments also end at scene cuts.",
)
@DEVICE
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads in all.  [default: all]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Video: processes that fit segments side by side.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Video: continue an encode that was interrupted.")
@click.option("--plan", metavar="DIR", help="Video: for unfinished work.  [default: FILE.plan]")
@click.option("--log-json", is_flag=True, help="Events on stderr as one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str, output: str, codec: str | None, log_json: bool, quiet: bool, **values: Any
) -> None:
    """Encode SOURCE: a film, a y4m file, an image, a folder of images, .npy, IDX, or - for stdin.

    \b
    Examples:
      ncodec encode clip.mp4 -o clip.nc
      ncodec encode clip.mp4 -o clip.nc --preset fast --target-size 200k
      ncodec encode clip.mp4 -o clip.nc --time-budget 5m --workers 2
      ncodec encode photo.png -o photo.nc
      ncodec encode digits.npy -o digits.nc
      ncodec encode photo.jpg --codec entropic-student -o photo.nc
      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | ncodec encode - -o clip.nc
    """
    from ncodec.api import encode

    common = {name: value for name, value in values.items() if name in _ARGUMENTS}
    common["threads"] = common["threads"] or 0
    options = {n: v for n, v in values.items() if n not in _ARGUMENTS and v is not None}
    chosen = load_codec(codec or DEFAULT_CODECS[media_kind(source)])
    still = isinstance(chosen, StillCodec)
    notify = stopping_notice(log_json, quiet, saving=not still)
    with watching(log_json, quiet) as watch, stoppable(notify) as stop:
        encode(source, output, codec=codec, watch=watch, stopping=stop.is_set, **common, **options)
