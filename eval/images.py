"""Still images: pc-photo, whole files, against lossless image formats.

python -m ncodec.eval.images FILES... [--effort fast --effort medium] [--threads 2]

Every file is decoded again, and its samples compared by BLAKE3. Times are of `ncodec.encode` and
`ncodec.decode` in this process, from file to file (to PAM, which takes little time to write), after
a first pass that compiles; those of the other formats are of their encoders and decoders in
memory, on one thread. A MB is 10^6 bytes of samples.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import PIL
from blake3 import blake3
from numpy.typing import NDArray
from PIL import Image as Pillow

import ncodec
from ncodec.eval.anchors.lossless import ANCHORS, Anchor, versions
from ncodec.media import read_image

__all__ = ["Measured", "digest", "measure", "measure_anchor", "measure_png"]

Pixels = NDArray[Any]
"""uint8 or uint16 [height, width, channels]."""

EFFORTS = ("fast", "medium", "best")

_PNG = "PNG, optimised"
_FILTERS = (8, 16, 32, 64, 128, 248)
"""libpng's flags of its five filters, and of a choice row by row."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a coder did on an image.

    Attributes:
        name: of the coder and its setting.
        size: bytes of the file.
        encode, decode: seconds.
        equal: whether the decoded samples have the hash of the image's.
    """

    name: str
    size: int
    encode: float
    decode: float
    equal: bool


def digest(pixels: Pixels) -> bytes:
    """BLAKE3 of shape, type and samples."""
    return blake3(
        f"{pixels.shape}{pixels.dtype}".encode() + np.ascontiguousarray(pixels).tobytes()
    ).digest()


def measure(path: str | Path, effort: str, threads: int = 0) -> Measured:
    """`ncodec.encode` and `ncodec.decode` of an image file.

    Raises:
        NcodecError: the file is no image that can be coded.
    """
    wanted = digest(read_image(path).pixels)
    with tempfile.TemporaryDirectory() as folder:
        coded, back = Path(folder) / "a.nc", Path(folder) / "a.pam"
        start = time.perf_counter()
        done = ncodec.encode(path, coded, codec="pc-photo", effort=effort, threads=threads)
        middle = time.perf_counter()
        ncodec.decode(coded, back, threads=threads)
        end = time.perf_counter()
        equal = digest(read_image(back).pixels) == wanted
    return Measured(f"ncodec {effort}", done.size, middle - start, end - middle, equal)


def measure_anchor(anchor: Anchor, pixels: Pixels) -> Measured | None:
    """Another format, or nothing if it holds no such pixels; as RGB where it knows no grey.

    Raises:
        MissingDependency: imagecodecs is not installed.
    """
    given = pixels if anchor.takes(pixels) else _as_rgb(pixels)
    if not anchor.takes(given):
        return None
    start = time.perf_counter()
    data = anchor.encode(given)
    middle = time.perf_counter()
    back = anchor.decode(data)
    end = time.perf_counter()
    return Measured(
        anchor.name, len(data), middle - start, end - middle, digest(back) == digest(given)
    )


def measure_png(pixels: Pixels) -> Measured:
    """The smallest PNG of level 9 over filters, and with a palette if 256 colours are enough.

    Raises:
        MissingDependency: imagecodecs is not installed.
    """
    start = time.perf_counter()
    found = [_filtered(flags).encode(pixels) for flags in _FILTERS]
    found.extend(_with_palette(pixels))
    data = min(found, key=len)
    middle = time.perf_counter()
    back = Anchor(_PNG, "png", ()).decode(data)
    end = time.perf_counter()
    # A grey image with a palette comes back as RGB.
    wanted = _as_rgb(pixels) if back.shape[2] != pixels.shape[2] else pixels
    return Measured(_PNG, len(data), middle - start, end - middle, digest(back) == digest(wanted))


def _filtered(flags: int) -> Anchor:
    return Anchor(_PNG, "png", (("level", 9), ("filter", flags)))


def _with_palette(pixels: Pixels) -> Iterator[bytes]:
    height, width, channels = pixels.shape
    if pixels.dtype != np.uint8 or channels not in (1, 3):
        return
    colours, numbers = np.unique(pixels.reshape(-1, channels), axis=0, return_inverse=True)
    if len(colours) > 256:
        return
    picture = Pillow.frombytes("P", (width, height), numbers.astype(np.uint8).tobytes())
    picture.putpalette(_as_rgb(colours[None]).tobytes())
    bits = next(bits for bits in (1, 2, 4, 8) if len(colours) <= 1 << bits)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True, bits=bits)
    yield stream.getvalue()


def _as_rgb(pixels: Pixels) -> Pixels:
    """Grey as RGB, alpha kept; RGB and RGBA as they are."""
    channels = pixels.shape[2]
    if channels > 2:
        return pixels
    return np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1][: channels + 2]])


def _rows(path: str, efforts: Sequence[str], threads: int, anchors: bool) -> Iterator[Measured]:
    for effort in efforts:
        yield measure(path, effort, threads)
    if anchors:
        pixels = read_image(path).pixels
        yield measure_png(pixels)
        for anchor in ANCHORS:
            found = measure_anchor(anchor, pixels)
            if found is not None:
                yield found


def _print(name: str, bits: float, encode: float, decode: float, rest: str) -> None:
    click.echo(f"  {name:<20}{bits:>8.4f}{encode:>9.2f}{decode:>9.2f}  {rest}")


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--effort", "efforts", multiple=True, default=EFFORTS, help="One or more of these.")
@click.option("--threads", default=0, help="CPU threads of ncodec, 0 for all.")
@click.option("--anchors/--no-anchors", default=True, help="Whether to run the other formats.")
def main(files: Sequence[str], efforts: Sequence[str], threads: int, anchors: bool) -> None:
    """Print bits a subpixel and times for image FILES, one by one and on average."""
    for effort in efforts:
        measure(files[0], effort, threads)
    found: dict[str, list[tuple[Measured, int, int]]] = {}
    for path in files:
        pixels = read_image(path).pixels
        height, width, channels = pixels.shape
        click.echo(
            f"{Path(path).name}: {width}x{height}, {channels} of {8 * pixels.itemsize} bit, "
            f"samples {digest(pixels).hex()[:16]}"
        )
        for row in _rows(path, efforts, threads, anchors):
            found.setdefault(row.name, []).append((row, pixels.size, pixels.nbytes))
            said = f"{row.size:,} bytes" + ("" if row.equal else ", NOT EQUAL")
            _print(row.name, 8 * row.size / pixels.size, row.encode, row.decode, said)
    _print_means(found, len(files))
    if anchors:
        click.echo(f"{versions()}, Pillow {PIL.__version__}")
    if any(not row.equal for rows in found.values() for row, _, _ in rows):
        raise click.ClickException("some images did not come back equal: see NOT EQUAL above")


def _print_means(found: dict[str, list[tuple[Measured, int, int]]], images: int) -> None:
    """Means over images of bits a subpixel, ratios to the others, MB/s over all.

    A coder that does not take every image is left out.
    """
    complete = {name: rows for name, rows in found.items() if len(rows) == images}
    bits = {
        name: sum(8 * row.size / subpixels for row, subpixels, _ in rows) / images
        for name, rows in complete.items()
    }
    ours = [name for name in bits if name.startswith("ncodec")]
    click.echo(f"mean of {images}: bits a subpixel, MB/s encode and decode, and ncodec against it")
    for name, rows in complete.items():
        amount = sum(size for _, _, size in rows) / 1e6
        speeds = [
            amount / max(sum(times), 1e-9)
            for times in zip(*((row.encode, row.decode) for row, _, _ in rows), strict=True)
        ]
        versus = [f"{our[7:]} {100 * (bits[our] / bits[name] - 1):+.1f} %" for our in ours]
        rest = "" if name in ours else ", ".join(versus)
        _print(name, bits[name], speeds[0], speeds[1], rest)


if __name__ == "__main__":
    main()
