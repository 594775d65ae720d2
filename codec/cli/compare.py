"""ncodec compare"""

from __future__ import annotations

from pathlib import Path

import click

from ncodec.cli.parameters import DEVICE, THREADS, stoppable
from ncodec.cli.words import say

__all__ = ["command"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("first", type=_PATH)
@click.argument("second", type=_PATH)
@click.option("--source", required=True, metavar="CLIP", help="What both were made of.")
@click.option("--data", type=_PATH, metavar="FOLDER", help="Data sets that are not installed.")
@THREADS
@DEVICE
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def command(
    first: Path,
    second: Path,
    source: str,
    data: Path | None,
    threads: int | None,
    device: str,
    as_json: bool,
) -> None:
    """Compare FIRST and SECOND, .nc files or films, with the clip that both were made of.

    \b
    Examples:
      ncodec compare clip.nc clip-x265.mp4 --source clip.mkv
      ncodec compare a.nc b.nc --source bunny#crop=1280x640 --data downloads
    """
    import json

    from ncodec.eval.bench.compare import compare, page
    from ncodec.eval.bench.processes import Processes

    processes = Processes()
    with stoppable(processes.stop):
        comparison = compare(
            [first, second],
            source,
            data=data,
            threads=threads or 0,
            device=device,
            processes=processes,
        )
    if as_json:
        click.echo(json.dumps(comparison, indent=1))
        return
    for line in page(comparison):
        say(line)
