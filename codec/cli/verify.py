"""ncodec verify"""

from __future__ import annotations

import click

from ncodec.cli.parameters import DEVICE, LIMIT, THREADS
from ncodec.cli.words import counted, say

__all__ = ["command"]


@click.command()
@click.argument("file")
@click.option(
    "--source",
    metavar="CLIP",
    help="What was encoded: compares the pictures, or the bytes of a file that is kept.",
)
@click.option(
    "--model", "models", multiple=True, metavar="FILE", help="A model file, as in decode."
)
@DEVICE
@LIMIT
@THREADS
def command(
    file: str, source: str | None, models: tuple[str, ...], device: str, threads: int | None
) -> None:
    """Check FILE: checksums, the hash of the decoded integers, and with --source that the bytes,
    pixels or features are its, or the PSNR. Of a kept file, the SHA-256 is printed."""
    from ncodec.files.verify import verify

    verdict = verify(file, source=source, models=models, device=device, threads=threads or 0)
    integers = "integers as encoded" if verdict.checked else "integers not checked by the codec"
    say(f"{file}: {counted(verdict.segments, 'segment')} intact, {integers}")
    images = counted(verdict.frames, "image")
    if len(verdict.files) == verdict.frames == 1:
        (digest,) = verdict.files
        said = f"{source}: identical bytes" if verdict.identical else f"the file in {file}"
        say(f"{said}, SHA-256 {digest}")
    elif verdict.agreement is not None:
        share = "identical" if verdict.identical else f"{verdict.agreement:.3%} of the"
        say(f"{images} against {source}: {share} integers")
    elif verdict.identical:
        pixels = verdict.frames - len(verdict.files)
        what = ["bytes"] * bool(verdict.files) + ["pixels"] * bool(pixels)
        say(f"{images} against {source}: identical {' or '.join(what)}")
    if verdict.rgb is not None:
        recorded = f" (recorded {verdict.recorded:.2f})" if verdict.recorded is not None else ""
        quality = f"against {source}: {verdict.rgb:.2f} dB RGB-PSNR{recorded}"
        if verdict.planes:
            planes = ", ".join(f"{value:.2f}" for value in verdict.planes)
            say(f"{counted(verdict.frames, 'frame')} {quality}, planes {planes} dB")
        else:
            say(f"{images} {quality}")
