"""The options of codecs and trainers as options of the command line; stopping on Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

import click

from ncodec.cli.values import SIZE
from ncodec.errors import UsageError
from ncodec.formats.limits import raised
from ncodec.plugin import Option

__all__ = [
    "DEVICE",
    "LIMIT",
    "THREADS",
    "YES",
    "may_write",
    "parameter",
    "stoppable",
    "stopping_notice",
]

THREADS = click.option(
    "--threads", type=click.IntRange(min=1), help="CPU threads at most.  [default: all]"
)
DEVICE = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."
)


def _raise_pixels(ctx: click.Context, param: click.Parameter, value: int | None) -> None:
    """Raises the limit until the command ends."""
    ctx.with_resource(raised(frame_pixels=value))


LIMIT = click.option(
    "--limit-pixels",
    type=SIZE,
    expose_value=False,
    callback=_raise_pixels,
    help="Pixels that a picture may have, as 500M.  [default: 2^28]",
)
YES = click.option("-y", "--yes", is_flag=True, help="Overwrite an output that exists.")


def may_write(output: str | None, yes: bool) -> None:
    """Asks on a terminal whether an output that exists may be overwritten, unless `yes` says so.

    Folders, devices, pipes and ``-`` are none that exist.

    Raises:
        UsageError: it may not, or nobody is there to be asked.
    """
    if yes or output is None or output == "-" or not Path(output).is_file():
        return
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    if not (asked and click.confirm(f"{output} exists: overwrite?", err=True)):
        raise UsageError(f"{output} exists: overwrite it with -y, or choose another output")


def parameter(option: Option) -> click.Option:
    """The click option of a codec's or trainer's own option."""
    kind: Any = click.Choice([str(c) for c in option.choices]) if option.choices else option.type
    if option.minimum is not None:
        ranges: dict[type, Any] = {int: click.IntRange, float: click.FloatRange}
        kind = ranges[option.type](min=option.minimum)
    if option.type is Path:
        kind = click.Path(path_type=Path)
    flag = "--" + option.name.replace("_", "-")
    help_text = f"{option.help}." + (f"  [default: {option.default}]" if option.default else "")
    help_text = help_text[0].upper() + help_text[1:]
    if option.type is bool:
        return click.Option([flag, option.name], is_flag=True, help=help_text)
    return click.Option([flag, option.name], type=kind, help=help_text)


def stopping_notice(log_json: bool, quiet: bool, saving: bool) -> Callable[[], None]:
    """A function that says that Ctrl-C was heard, and whether what was done so far is kept."""
    notice = f"stopping{'; work is being saved' * saving} (again to stop at once)"

    def notify() -> None:
        if quiet and not log_json:
            return
        # A progress bar leaves the cursor at its end.
        line = f"{chr(10) * sys.stderr.isatty()}ncodec: {notice}"
        if log_json:
            line = json.dumps({"type": "stopping", "message": notice})
        # A signal may come while a line is being written: its handler cannot use the same buffer.
        os.write(sys.stderr.fileno(), f"{line}\n".encode())

    return notify


@contextmanager
def stoppable(notify: Callable[[], None]) -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second one ends at once, and further
    ones are ignored: the process is ending."""
    stop = Event()
    ends = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal ends
        if not stop.is_set():
            stop.set()
            notify()
            return
        ends = True
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in () if ends else before.items():
            signal.signal(number, handler)
