"""ncodec codecs"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ncodec.files.probing import CodecInfo

__all__ = ["command"]


@click.command()
def command() -> None:
    """List the installed codecs and their options."""
    from ncodec.files.probing import codecs

    for codec in codecs():
        if codec.fault is None:
            _show(codec)
        else:
            click.echo(f"ncodec: {codec.fault}", err=True)


def _show(codec: CodecInfo) -> None:
    media = ", ".join(codec.media)
    click.echo(f"{codec.name} (version {codec.bitstream_version}, {media}): {codec.description}")
    for option in codec.options:
        allowed = f": {', '.join(map(str, option.choices))}" if option.choices else ""
        told = option.default is not None and option.type is not bool
        default = f" [default: {option.default}]" if told else ""
        flag = "--" + option.name.replace("_", "-")
        click.echo(f"  {flag:<16}{option.help}{allowed}{default}")
