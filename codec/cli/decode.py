"""ncodec decode"""

from __future__ import annotations

import sys

import click

from ncodec.cli.values import DURATION, FRAMES

__all__ = ["command"]


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="FILE.mp4, FILE.mkv (lossless), FILE.y4m, FILE.png, a folder for PNGs, or - for y4m.",
)
@click.option(
    "--frames", type=FRAMES, help="Frames A to B-1, as A:B; negative counts from the end."
)
@click.option("--at", type=DURATION, help="The one frame shown at this time.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads.  [default: all]")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str,
    output: str,
    frames: slice | None,
    at: float | None,
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Decode SOURCE, a .nc file or - for stdin.

    \b
    Examples:
      ncodec decode clip.nc -o clip.mp4
      ncodec decode clip.nc -o frame.png --at 1.5
      ncodec decode clip.nc -o - | ffplay -
    """
    import time

    from ncodec.api import decode

    start = time.monotonic()
    live = sys.stderr.isatty() and not quiet

    def watch(done: int, total: int) -> None:
        if live:
            click.echo(f"\rframe {done}/{total}", err=True, nl=False)

    try:
        count = decode(
            source, output, frames=frames, at=at, device=device, threads=threads or 0, watch=watch
        )
    finally:
        if live:
            click.echo("\r\033[K", err=True, nl=False)
    if not quiet:
        seconds = time.monotonic() - start
        click.echo(
            f"{output}: {count} frames in {seconds:.1f} s, {count / seconds:.1f} frames/s", err=True
        )
