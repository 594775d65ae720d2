"""A study of pictures that were JPEG files: what pc-photo makes of their coefficients.

python -m ncodec.eval.studies.jpeg_pasts FOLDER [--pictures 36] [--width 384]

From the JPEGs in FOLDER, in the order of their names, it makes pictures by coding their pixels
again with Pillow's libjpeg-turbo and decoding them: grey, 4:4:4, 4:2:2 and 4:2:0 in turn, of
qualities 50 to 97, every second one cut off the grid, every fourth with a logo pasted on it. The
seed is fixed. It prints, in bytes, the JPEG file, JPEG XL at effort 9 and pc-photo without and with
the past, then the seconds that the latter takes and what was found. Pixels are compared after
decoding.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ncodec.eval.anchors.lossless import ANCHORS
from ncodec.photo.coder import TileCoder, side_for
from ncodec.photo.describing import JPEG
from ncodec.photo.past.jpeg_tile import describe_jpeg
from ncodec.photo.tiles import Grid

__all__ = ["Made", "made_from"]

Pixels = NDArray[np.uint8]

_QUALITIES = (50, 60, 70, 75, 80, 85, 90, 92, 95, 97)
_SAMPLINGS = ("4:4:4", "4:2:0", "4:2:2", "4:2:0", "grey")


@dataclass(frozen=True, slots=True)
class Made:
    """A picture that was a JPEG file.

    Attributes:
        name: what was done.
        pixels: uint8 [height, width, 1 or 3].
        jpeg: the bytes of the JPEG file, of all of its pixels.
    """

    name: str
    pixels: Pixels
    jpeg: int


def made_from(folder: Path, count: int, width: int) -> Iterator[Made]:
    """`count` pictures of at most `width` columns from the JPEGs in `folder`."""
    rng = np.random.default_rng(0)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        raise click.UsageError(f"{folder} holds no JPEG files")
    for number, path in enumerate(files[i * len(files) // count] for i in range(count)):
        sampling = _SAMPLINGS[number % len(_SAMPLINGS)]
        quality = int(rng.choice(_QUALITIES))
        with Image.open(path) as image:
            shown = image.convert("L" if sampling == "grey" else "RGB")
        shown = shown.crop((0, 0, min(width, shown.width), min(width, shown.height)))
        stream = io.BytesIO()
        options: dict[str, Any] = {} if sampling == "grey" else {"subsampling": sampling}
        shown.save(stream, "jpeg", quality=quality, **options)
        size = stream.tell()
        again: Image.Image = Image.open(stream).copy()
        name = f"{path.stem[:12]} {sampling} q{quality}"
        if number % 2:
            left, top = (int(n) for n in rng.integers(1, 32, 2))
            again = again.crop((left, top, again.width - 5, again.height - 3))
            name += f" cut {left},{top}"
        if number % 4 == 2:
            _paste_logo(again)
            name += " logo"
        yield Made(name, np.atleast_3d(np.asarray(again)), size)


def _paste_logo(image: Image.Image) -> None:
    draw = ImageDraw.Draw(image)
    ink = 250 if image.mode == "L" else (250, 120, 20)
    draw.rectangle((10, 10, 90, 40), fill=ink)
    draw.text((16, 16), "LOGO of ink", fill=0)


def _coded(pixels: Pixels) -> tuple[int, list[bytes], Pixels]:
    """The size of all tiles, their first sections, and what they decode to."""
    height, width, channels = pixels.shape
    grid = Grid(width, height, side_for(pixels))
    coder = TileCoder(None, 8)
    back = np.empty_like(pixels)
    size, first = 0, []
    for index in range(len(grid)):
        x, y, w, h = grid[index]
        sections = coder.encode(np.ascontiguousarray(pixels[y : y + h, x : x + w]), "medium")
        size += sum(map(len, sections))
        first.append(sections[0])
        back[y : y + h, x : x + w] = coder.decode(sections, (h, w, channels))
    return size, first, back


def _line(name: str, sizes: NDArray[np.int64]) -> str:
    return f"{name:46} " + " ".join(f"{size:8}" for size in sizes)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--pictures", default=36, show_default=True, help="How many to make.")
@click.option("--width", default=384, show_default=True, help="Their largest side.")
def main(folder: Path, pictures: int, width: int) -> None:
    """Print what each picture takes, and the sums."""
    anchor = next(anchor for anchor in ANCHORS if anchor.name == "JPEG XL, effort 9")
    print(f"{'picture':46} {'JPEG':>8} {'JXL e9':>8} {'before':>8} {'now':>8}  sec  past")
    sums = np.zeros(4, dtype=np.int64)
    for made in made_from(folder, pictures, width):
        with patch("ncodec.photo.coder.jpeg_of", return_value=None):
            before, _, _ = _coded(made.pixels)
        start = time.monotonic()
        now, first, back = _coded(made.pixels)
        seconds = time.monotonic() - start
        if not np.array_equal(back, made.pixels):
            raise SystemExit(f"{made.name}: other pixels came back")
        row = np.array([made.jpeg, len(anchor.encode(made.pixels)), before, now])
        sums += row
        found = first[0][0] == JPEG
        past = describe_jpeg(first[0][1:]) if found else "none"
        print(
            f"{made.name:46} " + " ".join(f"{n:8}" for n in row) + f" {seconds:4.1f}  {past}",
            flush=True,
        )
    print(f"{'all':46} " + " ".join(f"{n:8}" for n in sums))
    print(f"now by JPEG XL: {sums[3] / sums[1]:.3f}, by before: {sums[3] / sums[2]:.3f}")


if __name__ == "__main__":
    main()
