"""ncodec verify"""

from __future__ import annotations

import click

from ncodec.cli.parameters import DEVICE, THREADS

__all__ = ["command"]


@click.command()
@click.argument("file")
@click.option("--source", metavar="CLIP", help="What was encoded: compares the pictures.")
@click.option("--model", "models", multiple=True, metavar="FILE", help="As in decode.")
@DEVICE
@THREADS
def command(
    file: str, source: str | None, models: tuple[str, ...], device: str, threads: int | None
) -> None:
    """Check FILE: checksums, the hash of the decoded integers, and with --source the PSNR."""
    from ncodec.files.verify import verify

    found = verify(file, source=source, models=models, device=device, threads=threads or 0)
    integers = "integers as encoded" if found.checked else "integers not checked by the codec"
    click.echo(f"{file}: {found.segments} segments intact, {integers}")
    if found.identical:
        click.echo(f"{found.frames} images against {source}: identical pixels")
    if found.rgb is not None:
        recorded = f" (recorded {found.recorded:.2f})" if found.recorded is not None else ""
        quality = f"against {source}: {found.rgb:.2f} dB RGB-PSNR{recorded}"
        if found.planes:
            planes = ", ".join(f"{value:.2f}" for value in found.planes)
            click.echo(f"{found.frames} frames {quality}, planes {planes} dB")
        else:
            click.echo(f"{found.frames} images {quality}")
