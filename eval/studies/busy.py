"""A study of what threads cost beside a program that holds a CPU.

python -m ncodec.eval.studies.busy samples/bunny.mp4 [-- OPTIONS OF ncodec encode]

Encodes and decodes with one thread and with all, alone and beside a busy process, each in a
process of its own, and prints wall and CPU seconds. On a machine that is not idle "alone" is not.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from ncodec.threads import thread_count

__all__ = ["seconds_of"]


def seconds_of(command: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command, and of the processes that it waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def busy_process() -> Iterator[None]:
    """A process that never waits, while the block runs."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


@click.command()
@click.argument("clip", type=click.Path(path_type=Path, exists=True))
@click.argument("options", nargs=-1)
def main(clip: Path, options: tuple[str, ...]) -> None:
    """Print wall and CPU seconds, and the CPU seconds over those of one thread."""
    ncodec = [sys.executable, "-m", "ncodec"]
    with tempfile.TemporaryDirectory() as folder:
        for busy in (False, True):
            beside = "beside a busy process" if busy else "alone"
            one: dict[str, float] = {}
            for threads in dict.fromkeys((1, thread_count())):
                coded, back = Path(folder) / f"{busy}{threads}.nc", Path(folder) / "back"
                count = ["-q", "--threads", str(threads)]
                encode = [*ncodec, "encode", str(clip), "-o", str(coded), *count, *options]
                decode = [*ncodec, "decode", str(coded), "-o", f"{back}{busy}{threads}.mkv", *count]
                for verb, command in {"encode": encode, "decode": decode}.items():
                    with busy_process() if busy else nullcontext():
                        wall, cpu = seconds_of(command)
                    first = one.setdefault(verb, cpu)
                    click.echo(
                        f"{verb}, {threads} threads, {beside:<22}{wall:8.1f} s {cpu:8.1f} CPU s "
                        f"{cpu / first:6.2f}"
                    )


if __name__ == "__main__":
    main()
