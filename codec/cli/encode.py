"""ncodec encode"""

from __future__ import annotations

from typing import Any

import click

from ncodec.cli.parameters import DEVICE, parameter, stoppable, stopping_notice
from ncodec.cli.progress import watching
from ncodec.cli.values import DURATION, PICTURE_SIZE, RATE, SIZE
from ncodec.jobs.request import DEFAULTS
from ncodec.media.kinds import media_kind
from ncodec.plugin import StillCodec
from ncodec.registry import DEFAULT_CODECS, load_codec

__all__ = ["command"]

_CODEC = "ncodec.codec"


class _EncodeCommand(click.Command):
    """Has the options of the codec that its arguments name, or that their source would get."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_CODEC] = codec = self._codec_of(ctx, args)
        rest = super().parse_args(ctx, args)
        ctx.params["codec"] = codec
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *common, help_option = super().get_params(ctx)
        named = ctx.meta.get(_CODEC)
        # Before a codec is known: all options that there can be if none is named.
        codecs = DEFAULT_CODECS.values() if named is None else (named,)
        own = {option.name: option for name in codecs for option in load_codec(name).options}
        return [*common, *map(parameter, own.values()), help_option]

    def _codec_of(self, ctx: click.Context, args: list[str]) -> str:
        strict, ctx.ignore_unknown_options = ctx.ignore_unknown_options, True
        try:
            values, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        except click.UsageError:
            values = {}  # the real parse says it, with the options of the default codec
        finally:
            ctx.ignore_unknown_options = strict
        codec, source = (
            value if isinstance(value := values.get(name), str) else None
            for name in ("codec", "source")
        )
        timed = isinstance(values.get("fps"), str)
        kind = "video" if source is None else media_kind(source, timed=timed)
        return codec or DEFAULT_CODECS[kind]


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
@DEVICE
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads in all.  [default: all]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=DEFAULTS["workers"],
    show_default=True,
    help="Video: processes that fit segments side by side.",
)
@click.option("--seed", type=click.IntRange(min=0), default=DEFAULTS["seed"], show_default=True)
@click.option("--resume", is_flag=True, help="Video: continue an encode that was interrupted.")
@click.option("--plan", metavar="DIR", help="Video: for unfinished work.  [default: FILE.plan]")
@click.option("--log-json", is_flag=True, help="Events on stderr as one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str, output: str, codec: str | None, log_json: bool, quiet: bool, **values: Any
) -> None:
    """Encode SOURCE: a film, y4m, an image, a folder or pattern of images, .npy, IDX, - for stdin.

    \b
    Examples:
      ncodec encode clip.mp4 -o clip.nc
      ncodec encode clip.mp4 -o clip.nc --preset fast --target-size 200k
      ncodec encode clip.mp4 -o clip.nc --time-budget 5m --workers 2
      ncodec encode photo.png -o photo.nc
      ncodec encode digits.npy -o digits.nc
      ncodec encode photo.jpg --codec entropic-student -o photo.nc
      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | ncodec encode - -o clip.nc
      ncodec encode f_%04d.png --fps 24 -o clip.nc
      ncodec encode clip.yuv --size 640x360 --pix-fmt yuv420p --fps 25 -o clip.nc
    """
    from ncodec.api import encode

    assert codec is not None  # `_EncodeCommand` has chosen one
    settings = {name: value for name, value in values.items() if value is not None}
    notify = stopping_notice(log_json, quiet, saving=not isinstance(load_codec(codec), StillCodec))
    with watching(log_json, quiet) as watch, stoppable(notify) as stop:
        encode(source, output, codec=codec, watch=watch, stopping=stop.is_set, **settings)
