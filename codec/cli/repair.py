"""ncodec repair"""

from __future__ import annotations

from contextlib import suppress

import click

from ncodec.cli.words import counted, say
from ncodec.errors import NcodecError

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
    say(f"{output}: {counted(len(report.kept), 'segment')} kept", err=True)
    lost = _lost_pixels(output) if report.lost else []
    lost = lost or [f"frames {gap.start} to {gap.stop - 1}" for gap in report.lost]
    for what in lost:
        say(f"lost: {what}", err=True)
    for kind in report.lost_boxes:
        say(f"lost: {_WHAT.get(kind, kind)}", err=True)


def _lost_pixels(file: str) -> list[str]:
    """What images of a repaired file have lost; nothing for a clip, or what cannot be opened."""
    from ncodec.files.album import Album
    from ncodec.files.opening import open

    with suppress(NcodecError), open(file) as opened:
        if isinstance(opened, Album):
            return [
                f"{width}x{height} pixels of image {index} at {x},{y}"
                for index in range(len(opened))
                for x, y, width, height in opened.lost(index)
            ]
    return []
