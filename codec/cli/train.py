"""ncodec train"""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click

from ncodec.cli.parameters import DEVICE, THREADS, parameter, stoppable, stopping_notice
from ncodec.cli.progress import duration, log
from ncodec.cli.words import say
from ncodec.errors import Interrupted
from ncodec.registry import load_trainer, trainer_names

__all__ = ["command"]

_ARGUMENTS = frozenset(["device", "threads", "seed", "resume"])
_REPORT_SECONDS = 10.0


class _TrainCommand(click.Command):
    """Has the options of the trainer that its first argument names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["ncodec.trainer"] = next((a for a in args if a in trainer_names()), None)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        name = ctx.meta.get("ncodec.trainer")
        own = [parameter(option) for option in load_trainer(name).options] if name else []
        *common, help_option = super().get_params(ctx)
        return [*common, *own, help_option]


@click.command(cls=_TrainCommand)
@click.argument("trainer", metavar="TRAINER")
@click.argument("data", nargs=-1, required=True)
@click.option("-o", "--output", required=True, metavar="FILE", help="The .ncm file.")
@DEVICE
@THREADS
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--resume", is_flag=True, help="Continue a training that was interrupted.")
@click.option("--log-json", is_flag=True, help="Progress on stderr as one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    trainer: str,
    data: tuple[str, ...],
    output: str,
    log_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Train a model on DATA; `ncodec train TRAINER --help` has the trainer's options.

    TRAINER is pc for collections of small images, pc-idf for a flow with a circuit as prior,
    pc-photo for photographs, pc-jpeg for JPEG files, entropic-student for features and
    entropic-picture for pictures of them, or one that another package brings.

    \b
    Examples:
      ncodec train pc digits.npy -o digits.ncm
      ncodec encode digits.npy --model digits.ncm -o digits.nc
    """
    from ncodec.api import train

    common = {name: value for name, value in values.items() if name in _ARGUMENTS}
    common["threads"] = common["threads"] or 0
    options = {n: v for n, v in values.items() if n not in _ARGUMENTS and v is not None}
    start = time.monotonic()
    told = 0.0

    def report(fraction: float = 0.0, **figures: float) -> None:
        nonlocal told
        elapsed = time.monotonic() - start
        if log_json:
            log({"type": "progressed", "fraction": fraction, "elapsed": elapsed, **figures})
            return
        live = sys.stderr.isatty()
        if quiet or (not live and elapsed - told < _REPORT_SECONDS and fraction < 1):
            return
        told = elapsed
        shown = ", ".join(f"{name} {_figure(value)}" for name, value in figures.items())
        line = f"{fraction:.0%}, {duration(elapsed)}: {shown}"
        click.echo(f"\r\033[K{line}" if live else line, err=True, nl=not live)

    try:
        with stoppable(stopping_notice(log_json, quiet, saving=True)) as stop:
            tags = train(
                trainer, data, output, report=report, stopping=stop.is_set, **common, **options
            )
    except (Interrupted, KeyboardInterrupt) as error:
        if not Path(f"{output}.state").exists():
            raise
        again = [word for word in sys.argv[1:] if word != "--resume"]
        line = shlex.join(["ncodec", *again, "--resume"])
        raise Interrupted(f"stopped; go on with: {line}") from error
    finally:
        if sys.stderr.isatty() and not quiet:
            click.echo(err=True)
    if not quiet:
        figures = [f"{name} {_figure(v)}" for name, v in tags.items() if type(v) is float]
        said = ", ".join([duration(time.monotonic() - start), *figures])
        say(f"{output}: {said}", err=True)


def _figure(value: float) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
