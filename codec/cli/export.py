"""ncodec export"""

from __future__ import annotations

import click

from ncodec.cli.words import say

__all__ = ["command"]


@click.command()
@click.argument("model")
@click.option("--onnx", "folder", required=True, metavar="DIR", help="Folder to write.")
def command(model: str, folder: str) -> None:
    """Write MODEL, an entropic student's .ncm file or `entropic-lite0`, for ONNX Runtime.

    encoder.onnx, tables.npz and edge.py encode without PyTorch: python DIR/edge.py photo.jpg
    photo.packet. decoder.onnx makes what the classifier goes on from of scaled latents.
    """
    from ncodec.student.model import find
    from ncodec.student.onnx import export

    for path in export(find(model)[0], folder):
        say(f"{path}: {path.stat().st_size:,} bytes")
