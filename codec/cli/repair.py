"""ncodec repair"""

from __future__ import annotations

import click

__all__ = ["command"]


_WHAT = {
    "TIME": "the times of the frames",
    "hdr_": "the HDR10 metadata",
    "meta": "the tags, and how the file was made",
    "mka_": "the sound, subtitles, chapters and attachments",
}
"""What boxes beside the segments hold."""


@click.command()
@click.argument("source")
@click.option("-o", "--output", required=True, metavar="FILE", help="The repaired .nc file.")
def command(source: str, output: str) -> None:
    """Copy the intact segments of SOURCE, a damaged .nc file, into a sound one."""
    from ncodec.formats import repair, same_file

    same_file(source, output)
    report = repair(source, output)
    click.echo(f"{output}: {len(report.kept)} segments kept", err=True)
    for gap in report.lost:
        click.echo(f"lost: frames {gap.start} to {gap.stop - 1}", err=True)
    for kind in report.lost_boxes:
        click.echo(f"lost: {_WHAT.get(kind, kind)}", err=True)
