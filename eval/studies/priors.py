"""A study of a circuit as the prior of a flow against the flow's factorised prior, on the same
latents.

python -m ncodec.eval.studies.priors FOLDER

FOLDER holds the unpacked packages of `ncodec.eval.data.photographs`. Squares of 16x16 are cut from
the photographs to train on, and others from the held-out photographs; one flow is fitted, two
priors are learned on its latents, and every figure is the size of a whole file that decodes to the
same samples. A circuit of its own (`pc-hclt`) and image formats of one sheet stand beside them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

import ncodec
from ncodec.circuit.flow.codec import FAMILY, VERSION
from ncodec.circuit.flow.learn import FlowRecipe, learn_flow
from ncodec.circuit.flow.packing import FlowModel
from ncodec.circuit.flow.prior import factorised, latent_variables, to_rows
from ncodec.circuit.learn import learn
from ncodec.circuit.quantize import quantize
from ncodec.circuit.recipe import Learning
from ncodec.circuit.trainer import PcTrainer
from ncodec.eval.data.photographs import HELD_OUT, TRAIN, Photograph, load
from ncodec.formats import Model
from ncodec.plugin import Context
from ncodec.registry import resolve_options
from ncodec.threads import thread_count

__all__ = ["squares"]

SIDE = 16

LEARNING: dict[str, Any] = {"latents": 16, "components": 32, "epochs": 20}
"""The learning options of the circuit on latents and of the circuit on samples."""


def squares(folder: str, photographs: Sequence[Photograph], count: int, seed: int) -> Any:
    """`count` squares in all, the same number from each photograph, uint8 [n, 16, 16, 3]."""
    random = np.random.default_rng(seed)
    parts = []
    for photograph in photographs:
        pixels = load(folder, photograph)
        for _ in range(count // len(photographs)):
            y = random.integers(pixels.shape[0] - SIDE + 1)
            x = random.integers(pixels.shape[1] - SIDE + 1)
            parts.append(pixels[y : y + SIDE, x : x + SIDE])
    return np.array(parts)


def _flow_models(images: NDArray[np.uint8], held_out: NDArray[np.uint8], context: Context) -> Any:
    """The two models: one flow, two priors."""
    planes, unseen = (part.transpose(0, 3, 1, 2) for part in (images, held_out))
    flow = learn_flow(planes, unseen, FlowRecipe(), context)
    latents = flow.forward(planes)
    variables = latent_variables(latents.shape[1:])
    rows = to_rows(latents)
    # The last tenth tells when to stop; the held-out photographs have no say.
    edge = len(rows) * 9 // 10
    order = np.random.default_rng(context.seed).permutation(len(rows))
    learned = learn(
        rows[order[:edge]], rows[order[edge:]], variables, Learning(**LEARNING), context
    )
    for name, prior in (
        ("circuit", quantize(learned)),
        ("factorised", factorised(rows, variables)),
    ):
        data = FlowModel(planes.shape[1:], flow, prior).pack()
        yield name, Model(FAMILY, VERSION, data, {"prior": name})


def _file(name: str, codec: str, model: Model, array: Path, folder: Path) -> str:
    """Prints a line: bits a subpixel of the whole file, and seconds each way."""
    (folder / "model.ncm").write_bytes(model.pack())
    start = time.monotonic()
    done = ncodec.encode(array, folder / "a.nc", codec=codec, model=folder / "model.ncm")
    coded = time.monotonic()
    ncodec.decode(folder / "a.nc", folder / "b.npy", models=[folder / "model.ncm"])
    decoded = time.monotonic()
    if (folder / "b.npy").read_bytes() != array.read_bytes():
        raise AssertionError(f"{name} does not decode to the same file")
    assert done.subpixels is not None
    return (
        f"{name:<28}{8 * done.size / done.subpixels:>8.4f}{len(model.data):>11,}"
        f"{coded - start:>9.1f}{decoded - coded:>9.1f}"
    )


@click.command()
@click.argument("folder")
@click.option("--count", default=12000, show_default=True, help="Squares to train on.")
@click.option("--seed", default=0, show_default=True)
def main(folder: str, count: int, seed: int) -> None:
    """Print bits a subpixel of files of squares from held-out photographs."""
    images = squares(folder, TRAIN, count, seed)
    held_out = squares(folder, HELD_OUT, count // 6, seed + 1)
    context = Context(threads=thread_count(), seed=seed, report=_told)
    click.echo(f"{len(images)} squares to train on, {len(held_out)} held out")
    click.echo(f"{'':<28}{'bits':>8}{'model':>11}{'encode s':>9}{'decode s':>9}")
    with tempfile.TemporaryDirectory() as name:
        np.save(Path(name) / "held_out.npy", held_out)
        np.save(Path(name) / "train.npy", images)
        array = Path(name) / "held_out.npy"
        for prior, model in _flow_models(images, held_out, context):
            click.echo(_file(f"pc-idf, {prior} prior", "pc-idf", model, array, Path(name)))
        trainer = PcTrainer()
        options = resolve_options(trainer, LEARNING)
        model = trainer.train([str(Path(name) / "train.npy")], options, replace(context))
        click.echo(_file("pc-hclt", "pc-hclt", model, array, Path(name)))


def _told(fraction: float = 0.0, **figures: float) -> None:
    shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    click.echo(f"\r\033[K{fraction:.0%} {shown}", err=True, nl=False)


if __name__ == "__main__":
    main()
