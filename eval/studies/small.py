"""A study of small pictures: fresh processes, and what stands around the coded pixels.

python -m ncodec.eval.studies.small PICTURE... [--runs 5]

For each picture it prints the bytes of its `.nc` file, of the container in it, and of what is kept
beside the pixels in that; of lossless WebP, which keeps only pixels; and the median seconds of
`ncodec encode`, `decode` and `info` as processes of their own, from start to exit. Then the sums,
and the bytes of one album of all. What has to be compiled is compiled before.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click

import ncodec
from ncodec.eval.anchors.lossless import ANCHORS
from ncodec.files.records import KEY
from ncodec.formats import Reader
from ncodec.media.images import read_image

__all__ = ["Taken", "bytes_of", "seconds_of"]

_WEBP = next(anchor for anchor in ANCHORS if anchor.codec == "webp")


@dataclass(frozen=True, slots=True)
class Taken:
    """Bytes of a picture's file.

    Attributes:
        file: all.
        container: those that are no coded pixels.
        beside: those of the container that keep what the picture's file had beside its pixels.
    """

    file: int
    container: int
    beside: int


def bytes_of(data: bytes) -> Taken:
    """What the bytes of a `.nc` file are."""
    with Reader(io.BytesIO(data)) as reader:
        segments = (reader.read_segment(index) for index in range(len(reader.segments)))
        coded = sum(len(section) for segment in segments for section in segment.sections)
        return Taken(len(data), len(data) - coded, len(reader.meta.get(KEY, b"")))


def seconds_of(picture: Path, runs: int) -> tuple[float, float, float]:
    """The median seconds that encode, decode and info of a picture take in fresh processes."""
    with TemporaryDirectory() as folder:
        file, back = Path(folder, "a.nc"), Path(folder, "a.png")
        verbs = (
            ("encode", str(picture), "-o", str(file), "-y"),
            ("decode", str(file), "-o", str(back), "-y"),
            ("info", str(file)),
        )
        taken: list[list[float]] = [[] for _ in verbs]
        for _ in range(runs + 1):
            for verb, seconds in zip(verbs, taken, strict=True):
                start = time.perf_counter()
                command = [sys.executable, "-m", "ncodec", *verb]
                subprocess.run(command, check=True, capture_output=True)
                seconds.append(time.perf_counter() - start)
    encode, decode, info = (median(seconds[1:]) for seconds in taken)  # the first may compile
    return encode, decode, info


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--runs", default=5, show_default=True, type=click.IntRange(min=0), help="0: bytes.")
def main(pictures: tuple[Path, ...], runs: int) -> None:
    """Print bytes and seconds of PICTURES."""
    head = ("bytes", "container", "beside", "WebP", "encode", "decode", "info")
    click.echo("".join(f"{title:>10}" for title in head) + "  picture")
    whole = [0] * 4
    for picture in pictures:
        data = ncodec.encode(picture).data
        assert data is not None
        taken = bytes_of(data)
        webp = len(_WEBP.encode(read_image(picture).pixels))
        row = (taken.file, taken.container, taken.beside, webp)
        whole = [total + number for total, number in zip(whole, row, strict=True)]
        times = seconds_of(picture, runs) if runs else ()
        figures = [f"{number:10,}" for number in row] + [f"{number:8.2f} s" for number in times]
        click.echo("".join(figures) + f"  {picture.name}")
    click.echo("".join(f"{number:10,}" for number in whole) + "  all")
    if len(pictures) > 1:
        size = ncodec.encode([str(picture) for picture in pictures], io.BytesIO()).size
        click.echo(f"{size:10,}  as one album")


if __name__ == "__main__":
    main()
