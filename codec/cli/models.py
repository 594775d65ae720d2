"""ncodec models"""

from __future__ import annotations

import click

from ncodec.cli.words import say

__all__ = ["command"]


@click.command()
@click.argument("files", nargs=-1)
def command(files: tuple[str, ...]) -> None:
    """Copy FILES, .ncm models, into the store; without any, list what it has.

    A .nc file that refers to a model decodes wherever the store has it: the models that come
    with ncodec, and those in $NCODEC_MODELS or the user's data folder.
    """
    from ncodec.formats import read_model
    from ncodec.store import add_model, shipped_model, shipped_models, store_folder

    for file in files:
        say(f"{file}: now {add_model(file)}")
    if files:
        return
    for name in shipped_models():
        model = shipped_model(name)
        say(_line(name, model.family, model.version, len(model.data), model.digest))
    for path in sorted(store_folder().glob("*.ncm")):
        model = read_model(path)
        say(_line(str(path), model.family, model.version, len(model.data), model.digest))


def _line(name: str, family: str, version: int, size: int, digest: bytes) -> str:
    return f"{name}: {family} version {version}, {size:,} bytes, BLAKE3 {digest.hex()}"
