"""ncodec encode"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Any

import click

from ncodec.cli.progress import log, watching
from ncodec.cli.values import DURATION, SIZE
from ncodec.plugin import Option
from ncodec.registry import DEFAULT_CODEC, load_codec

__all__ = ["command"]

_CHOSEN = "ncodec.codec"


class _EncodeCommand(click.Command):
    """Has the options of the codec that its arguments name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_CHOSEN] = _codec_in(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        name = ctx.meta.get(_CHOSEN, DEFAULT_CODEC)
        own = [_parameter(option) for option in load_codec(name).options]
        *common, help_option = super().get_params(ctx)
        return [*common, *own, help_option]


def _codec_in(args: list[str]) -> str:
    for position, arg in enumerate(args):
        if arg.startswith("--codec="):
            return arg.removeprefix("--codec=")
        if arg == "--codec" and position + 1 < len(args):
            return args[position + 1]
    return DEFAULT_CODEC


def _parameter(option: Option) -> click.Option:
    kind: Any = click.Choice([str(c) for c in option.choices]) if option.choices else option.type
    if option.minimum is not None:
        ranges: dict[type, Any] = {int: click.IntRange, float: click.FloatRange}
        kind = ranges[option.type](min=option.minimum)
    flag = "--" + option.name.replace("_", "-")
    help_text = f"{option.help}." + (f"  [default: {option.default}]" if option.default else "")
    return click.Option([flag, option.name], type=kind, help=help_text[0].upper() + help_text[1:])


@click.command(cls=_EncodeCommand)
@click.argument("source")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="The .nc file, or - for stdout."
)
@click.option(
    "--codec",
    default=DEFAULT_CODEC,
    show_default=True,
    help="See `ncodec codecs`; adds its options.",
)
@click.option("--target-size", type=SIZE, help="Bytes of the finished file: 150000, 150k, 1.5M.")
@click.option("--time-budget", type=DURATION, help="Wall time for everything: 300s, 5m.")
@click.option(
    "--max-segment",
    type=click.IntRange(min=1),
    default=240,
    show_default=True,
    help="Frames a segment at most; segments also end at scene cuts.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads in all.  [default: all]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that fit segments side by side.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Continue an encode that was interrupted.")
@click.option("--plan", metavar="DIR", help="Where unfinished work is kept.  [default: FILE.plan]")
@click.option("--log-json", is_flag=True, help="Events on stderr as one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str, output: str, codec: str, log_json: bool, quiet: bool, **values: Any
) -> None:
    """Encode SOURCE, a film, a y4m file, a folder of images, or - for y4m on stdin.

    \b
    Examples:
      ncodec encode clip.mp4 -o clip.nc
      ncodec encode clip.mp4 -o clip.nc --preset fast --target-size 200k
      ncodec encode clip.mp4 -o clip.nc --time-budget 5m --workers 2
      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | ncodec encode - -o clip.nc
    """
    from ncodec.jobs import EncodeRequest, run_encode

    names = set(EncodeRequest.__dataclass_fields__)
    common = {name: value for name, value in values.items() if name in names}
    common["threads"] = common["threads"] or 0
    options = {n: v for n, v in values.items() if n not in names and v is not None}
    request = EncodeRequest(source, output, codec, options, **common)
    notice = "stopping; work is being saved (again to stop at once)"

    def notify() -> None:
        if log_json:
            log({"type": "stopping", "message": notice})
        elif not quiet:
            # A progress bar leaves the cursor at its end.
            click.echo(f"{chr(10) * sys.stderr.isatty()}ncodec: {notice}", err=True)

    with watching(log_json, quiet) as watch, _stoppable(notify) as stop:
        run_encode(request, watch, stop.is_set)


@contextmanager
def _stoppable(notify: Callable[[], None]) -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second one ends at once."""
    stop = Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        notify()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
