"""Decodes a .nc file in a fresh process, drops its frames, and prints their number and seconds.

python -m ncodec.eval.bench.decode FILE [--threads 2] [--device cpu] [--preview 4]

The first frame, with which libraries load and the network is built, is decoded twice: before the
clock starts, too.
"""

from __future__ import annotations

import json
import time

import click

import ncodec
from ncodec.files.clip import Clip


@click.command()
@click.argument("file")
@click.option("--threads", type=click.IntRange(min=1))
@click.option("--device", default="auto")
@click.option("--preview", type=int, default=1)
def main(file: str, threads: int | None, device: str, preview: int) -> None:
    """Time the frames of FILE."""
    with ncodec.open(file, device=device, threads=threads or 0, preview=preview) as opened:
        assert isinstance(opened, Clip)
        opened[0]
        start = time.perf_counter()
        count = sum(1 for _ in opened)
        seconds = time.perf_counter() - start
    click.echo(json.dumps({"frames": count, "seconds": seconds}))


if __name__ == "__main__":
    main()
