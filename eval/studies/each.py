"""What each image of a run takes, beside the smallest of the other formats; the worst one last.

    ncodec bench images drawings/held-out --data FOLDER -o run
    python -m ncodec.eval.studies.each run

A file of ncodec counts whole, with its container.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ncodec.errors import InputError

__all__ = ["rows"]

Row = tuple[str, int, str, int]


def rows(summary: dict[str, Any], codec: str) -> list[Row]:
    """Name, bytes of the codec, the smallest anchor and its bytes, the worst ratio last.

    Raises:
        InputError: the run has no such codec, or no anchor.
    """
    found = []
    for item in summary["items"]:
        sizes = {curve["name"]: curve["points"][0]["size"] for curve in item["curves"]}
        anchors = [curve["name"] for curve in item["curves"] if curve["role"] == "anchor"]
        if codec not in sizes or not anchors:
            raise InputError(
                f"the run has {', '.join(sizes)}: give it the codec {codec} and an anchor"
            )
        best = min(anchors, key=sizes.__getitem__)
        found.append((item["name"], sizes[codec], best, sizes[best]))
    return sorted(found, key=lambda row: row[1] / row[3])


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--codec", default="pc-photo", show_default=True, help="The line to compare.")
def main(run: Path, codec: str) -> None:
    """Print a line an image of the lossless RUN."""
    found = rows(json.loads((run / "summary.json").read_text()), codec)
    for name, size, best, least in found:
        click.echo(f"{name:32} {size:9,} {least:9,}  {100 * size / least - 100:+6.1f} %  {best}")
    smaller = sum(size < least for _, size, _, least in found)
    click.echo(f"{codec} is smaller than each of the others on {smaller} of {len(found)}.")


if __name__ == "__main__":
    main()
