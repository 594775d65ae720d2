"""ncodec codecs"""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command()
def command() -> None:
    """List the installed codecs and their options."""
    from ncodec.api import codecs

    for codec in codecs():
        media = ", ".join(codec.media)
        click.echo(f"{codec.name} (version {codec.bitstream_version}, {media}): {codec.description}")
        for option in codec.options:
            allowed = f": {', '.join(map(str, option.choices))}" if option.choices else ""
            default = f" [default: {option.default}]" if option.default is not None else ""
            flag = "--" + option.name.replace("_", "-")
            click.echo(f"  {flag:<16}{option.help}{allowed}{default}")
