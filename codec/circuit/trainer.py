"""The trainer `pc`: a hidden Chow-Liu tree for images of one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.hclt import FAMILY, VERSION
from ncodec.circuit.recipe import Learning
from ncodec.errors import InputError
from ncodec.formats import Model
from ncodec.media import open_collection
from ncodec.plugin import Context, Option, Trainer

__all__ = ["PcTrainer", "stacked"]

_LEARNING = {field.name: field.default for field in fields(Learning)}


def _option(name: str, text: str, **limits: Any) -> Option:
    default = _LEARNING[name]
    return Option(name, type(default), default, text, **limits)


class PcTrainer(Trainer):
    """A circuit for `pc-hclt`, from images of one shape."""

    name: ClassVar[str] = "pc"
    options: ClassVar[Sequence[Option]] = (
        _option("latents", "states of every latent", minimum=2),
        _option("components", "distributions a channel that leaves are mixtures of", minimum=2),
        _option("epochs", "passes over the images at most", minimum=1),
        _option("patience", "epochs without a gain on held-out images before it ends", minimum=1),
        _option("batch", "images a step", minimum=1),
        _option("rule", "how steps are taken", choices=("anemone", "em")),
        _option("shift", "share of images seen moved by up to a pixel", minimum=0),
        _option("tied", "all pixels of a channel share one mixture a state: for large images"),
        Option("held_out", float, 0.05, "share of the images that is held out", minimum=0),
    )

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from collections of images, one after another; see `ncodec.circuit.learn`."""
        from ncodec.circuit.coding import code_length
        from ncodec.circuit.learn import learn, split
        from ncodec.circuit.packing import pack_circuit
        from ncodec.circuit.quantize import quantize
        from ncodec.circuit.variables import Variables

        images = stacked(data)
        variables = Variables(images.shape[1:], 8 * images.dtype.itemsize)
        rows = variables.to_rows(images)
        trained, held_out = split(len(rows), options["held_out"], context.seed)
        learning = Learning(**{name: options[name] for name in _LEARNING if name in options})
        learned = learn(rows[trained], rows[held_out], variables, learning, context)
        circuit = quantize(learned)
        tags: dict[str, Any] = {"options": dict(options), "images": len(rows)}
        tags["epochs"] = len(learned.curve)
        for name, part in (("training", rows[trained]), ("held_out", rows[held_out])):
            if len(part):
                tags[f"{name}_bpd"] = float(code_length(circuit, part).sum() / part.size)
        return Model(FAMILY, VERSION, pack_circuit(circuit), tags)


def stacked(data: Sequence[str]) -> NDArray[Any]:
    """All images of these collections, (n, height, width, channels).

    Raises:
        InputError: they differ in shape or type.
    """
    parts = [open_collection(source).stack() for source in data]
    for source, part in zip(data, parts, strict=True):
        if part.shape[1:] != parts[0].shape[1:] or part.dtype != parts[0].dtype:
            raise InputError(
                f"{source} has images of shape {part.shape[1:]} and type {part.dtype}, {data[0]} "
                f"of {parts[0].shape[1:]} and {parts[0].dtype}: give images of one kind"
            )
    return np.concatenate(parts)
