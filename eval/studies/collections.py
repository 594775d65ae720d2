"""A study of a collection of small images: pc-hclt against image formats, singly and as a sheet.

python -m ncodec.eval.studies.collections IMAGES.npy [--model MODEL.ncm]

Bits a dimension are of whole files. Speeds are of `ncodec.encode` and `ncodec.decode` in this
process, files included, after a first pass that compiles; 1 MB is 10^6 samples' bytes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from math import isqrt
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

import ncodec
from ncodec.circuit.hclt import FAMILY, VERSION
from ncodec.circuit.packing import unpack_circuit
from ncodec.eval.anchors.lossless import ANCHORS, Anchor, versions
from ncodec.formats import Model, Reader
from ncodec.media import open_collection
from ncodec.store import find_model

__all__ = ["sheet"]

Pixels = NDArray[Any]


def sheet(images: Pixels) -> Pixels:
    """One image of all (n, height, width, channels), in rows about as long as columns."""
    count, height, width, channels = images.shape
    columns = isqrt(count - 1) + 1
    rows = -(-count // columns)
    out = np.zeros((rows * columns, height, width, channels), images.dtype)
    out[:count] = images
    grid = out.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(rows * height, columns * width, channels))


def _whole(anchor: Anchor, pictures: Sequence[Pixels]) -> int:
    """The bytes of a file for each picture, all of which decode to the same samples."""
    total = 0
    for picture in pictures:
        data = anchor.encode(picture)
        if not np.array_equal(anchor.decode(data), picture):
            raise AssertionError(f"{anchor.name} is not lossless here")
        total += len(data)
    return total


@click.command()
@click.argument("images")
@click.option("--model", type=click.Path(path_type=Path), help="A model; a shipped one if none.")
@click.option("--threads", default=0, help="CPU threads, 0 for all.")
@click.option("--anchors/--no-anchors", default=True)
def main(images: str, model: Path | None, threads: int, anchors: bool) -> None:
    """Print bits a dimension and speeds for a file of IMAGES that no model was trained on."""
    pixels = open_collection(images).stack()
    models = [model] if model else []
    with tempfile.TemporaryDirectory() as folder:
        file, back = Path(folder) / "a.nc", Path(folder) / "b.npy"
        seconds: list[tuple[float, float]] = []
        for _ in range(3):
            start = time.perf_counter()
            done = ncodec.encode(images, file, codec="pc-hclt", model=model, threads=threads)
            coded = time.perf_counter()
            ncodec.decode(file, back, models=models, threads=threads)
            seconds.append((coded - start, time.perf_counter() - coded))
        if not np.array_equal(open_collection(back).stack(), pixels):
            raise AssertionError("the file does not decode to the same samples")
        with Reader(file) as reader:
            digest = reader.confs()[0].digest
            coded_size = sum(
                len(section)
                for entry in reader.segments
                for section in reader.read_segment(entry.index).sections
            )
    packed = find_model(digest, models)
    assert packed is not None
    circuit = unpack_circuit(Model.unpack(packed).expect(FAMILY, VERSION))
    rows = circuit.variables.to_rows(pixels)
    ideal = -circuit.log_likelihood(rows).sum() / pixels.size
    fastest = [pixels.nbytes / 1e6 / min(way) for way in zip(*seconds[1:], strict=True)]
    click.echo(f"{len(pixels)} images of {pixels.shape[1:]}, {pixels.nbytes:,} bytes")
    click.echo(f"model {digest.hex()[:16]}, {len(packed):,} bytes, {circuit.states} states")
    click.echo(f"{'ncodec pc-hclt, whole file':<32}{8 * done.size / pixels.size:.4f}")
    click.echo(f"{'  its coded sections':<32}{8 * coded_size / pixels.size:.4f}")
    click.echo(f"{'  likelihood of its circuit':<32}{ideal:.4f}")
    click.echo(f"encode {fastest[0]:.2f} MB/s, decode {fastest[1]:.2f} MB/s")
    if anchors:
        click.echo(f"{'':<32}{'singly':<10}{'one sheet'}")
        for anchor in ANCHORS:
            one, many = sheet(pixels), list(pixels)
            if not anchor.takes(one):
                one, many = one.repeat(3, axis=2), [p.repeat(3, axis=2) for p in many]
            figures = [8 * _whole(anchor, parts) / pixels.size for parts in (many, [one])]
            click.echo(f"{anchor.name:<32}{figures[0]:<10.4f}{figures[1]:.4f}")
        click.echo(versions())


if __name__ == "__main__":
    main()
