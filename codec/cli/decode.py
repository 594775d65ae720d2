"""ncodec decode"""

from __future__ import annotations

import sys

import click

from ncodec.cli.parameters import DEVICE, LIMIT, THREADS, YES, may_write
from ncodec.cli.values import DURATION, FRAMES, REGION
from ncodec.cli.words import say
from ncodec.errors import UsageError

__all__ = ["command"]


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="FILE.mp4, FILE.mkv (lossless), FILE.y4m, FILE.png, a folder for PNGs, or - for y4m or "
    "Matroska; images: .png, .tif, .webp, .ppm, or - for PNG; collections: a folder, .npy, .idx; "
    "a JPEG file that is kept: .jpg.  [default of a JPEG file: SOURCE.jpg, of an album: SOURCE/]",
)
@click.option(
    "--head",
    metavar="NAME",
    help="Part of features: classify (text, or --json); features, embedding, logits into FILE.npy "
    "or FILE.safetensors; picture into FILE.png or a folder.",
)
@click.option("--json", "as_json", is_flag=True, help="With --head classify.")
@click.option(
    "--frames",
    type=FRAMES,
    help="Frames or images A to B-1, as A:B; negative counts from the end.",
)
@click.option("--at", type=DURATION, help="The one frame shown at this time.")
@click.option(
    "--preview",
    type=click.Choice(["2", "4"]),
    help="A clip's frames at a half or a quarter of the size each way; the latter are quicker.",
)
@click.option(
    "--format",
    type=click.Choice(["y4m", "mkv", "png", "jpg"]),
    help="What - gets: of a clip y4m where it can hold everything, else mkv; of a JPEG file that "
    "is kept, that; of another image png.",
)
@click.option(
    "--only",
    type=click.Choice(["audio"]),
    help="The copied sound alone, into .mka, .m4a, .mp4 or what its codec has.",
)
@click.option("--region", type=REGION, help="Part of an image: X,Y,WIDTH,HEIGHT in pixels.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="FILE",
    help="A model that the file refers to, where `ncodec models` does not have it.",
)
@YES
@DEVICE
@LIMIT
@THREADS
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
def command(
    source: str,
    output: str | None,
    head: str | None,
    as_json: bool,
    frames: slice | None,
    at: float | None,
    preview: str | None,
    format: str | None,
    only: str | None,
    region: tuple[int, int, int, int] | None,
    models: tuple[str, ...],
    yes: bool,
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
      ncodec decode clip.nc -o sound.m4a --only audio
      ncodec decode clip.nc -o sheet --preview 4
      ncodec decode photo.nc
      ncodec decode holiday.nc -o folder/
      ncodec decode photo.nc -o part.png --region 0,0,320,240
      ncodec decode features.nc --head classify --json
    """
    import time

    import ncodec
    from ncodec.files.album import Album
    from ncodec.files.decoding import natural_output, write_decoded
    from ncodec.formats import same_file

    same_file(source, output)
    may_write(output, yes)
    if head is not None:
        if at is not None or region is not None:
            raise UsageError("features have no time and no regions: choose images by --frames")
        from ncodec.cli.heads import write_head

        write_head(
            source,
            output,
            head,
            frames=frames,
            as_json=as_json,
            models=models,
            device=device,
            threads=threads or 0,
        )
        return
    if as_json:
        raise UsageError("--json goes with --head classify: give both, or leave it out")
    start = time.monotonic()
    live = sys.stderr.isatty() and not quiet

    def watch(done: int, total: int) -> None:
        if live:
            click.echo(f"\r{done}/{total}", err=True, nl=False)

    def warn(message: str) -> None:
        if not quiet:
            say(f"ncodec: {message}", err=True)

    try:
        with ncodec.open(
            source,
            models=models,
            device=device,
            threads=threads or 0,
            preview=int(preview or 1),
        ) as opened:
            if output is None:
                output = natural_output(opened, source)
                may_write(output, yes)
            unit = "track" if only else "image" if isinstance(opened, Album) else "frame"
            count = write_decoded(
                opened,
                output,
                format=format,
                frames=frames,
                at=at,
                region=region,
                only=only,
                watch=watch,
                warn=warn,
            )
    finally:
        if live:
            click.echo("\r\033[K", err=True, nl=False)
    if not quiet:
        seconds = time.monotonic() - start
        say(
            f"{output}: {count} {unit}{'s' * (count > 1)} in {seconds:.1f} s, "
            f"{count / seconds:.1f} {unit}s/s",
            err=True,
        )
