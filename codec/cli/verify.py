"""ncodec verify"""

from __future__ import annotations

import click

from ncodec.cli.parameters import DEVICE, THREADS

__all__ = ["command"]


@click.command()
@click.argument("file")
@click.option("--source", metavar="CLIP", help="What was encoded: compares the pictures.")
@click.option(
    "--model", "models", multiple=True, metavar="FILE", help="A model file, as in decode."
)
@DEVICE
@THREADS
def command(
    file: str, source: str | None, models: tuple[str, ...], device: str, threads: int | None
) -> None:
    """Check FILE: checksums, the hash of the decoded integers, and with --source the PSNR."""
    from ncodec.files.verify import verify

    verdict = verify(file, source=source, models=models, device=device, threads=threads or 0)
    integers = "integers as encoded" if verdict.checked else "integers not checked by the codec"
    click.echo(f"{file}: {verdict.segments} segments intact, {integers}")
    if verdict.identical:
        click.echo(f"{verdict.frames} images against {source}: identical pixels")
    if verdict.rgb is not None:
        recorded = f" (recorded {verdict.recorded:.2f})" if verdict.recorded is not None else ""
        quality = f"against {source}: {verdict.rgb:.2f} dB RGB-PSNR{recorded}"
        if verdict.planes:
            planes = ", ".join(f"{value:.2f}" for value in verdict.planes)
            click.echo(f"{verdict.frames} frames {quality}, planes {planes} dB")
        else:
            click.echo(f"{verdict.frames} images {quality}")
