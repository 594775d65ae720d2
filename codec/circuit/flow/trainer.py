"""The trainer `pc-idf`: a flow first, then a prior of its latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ncodec.circuit.flow.codec import FAMILY, VERSION
from ncodec.errors import UsageError
from ncodec.formats import Model
from ncodec.plugin import Context, Option, Trainer

__all__ = ["IdfTrainer"]


class IdfTrainer(Trainer):
    """An integer discrete flow and the prior of its latents, for `pc-idf`."""

    name: ClassVar[str] = "pc-idf"
    options: ClassVar[Sequence[Option]] = (
        Option(
            "prior", str, "circuit", "what codes the latents", choices=("circuit", "factorised")
        ),
        Option("flow_epochs", int, 20, "passes over the images to fit the flow", minimum=1),
        Option("couplings", int, 6, "couplings a scale", minimum=1),
        Option("hidden", int, 48, "channels within a coupling", minimum=1),
        Option("latents", int, 16, "states of the circuit's latents", minimum=2),
        Option("epochs", int, 20, "passes over the images to fit the circuit", minimum=1),
        Option("held_out", float, 0.05, "share of the images that is held out", minimum=0),
    )

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from collections of 8-bit images with even sides; it does not resume.

        Raises:
            UsageError: the images have other samples or sides.
        """
        from ncodec.circuit.coding import code_length
        from ncodec.circuit.flow.learn import FlowRecipe, learn_flow
        from ncodec.circuit.flow.packing import FlowModel
        from ncodec.circuit.flow.prior import factorised, latent_variables, to_rows
        from ncodec.circuit.learn import learn, split
        from ncodec.circuit.quantize import quantize
        from ncodec.circuit.recipe import Learning
        from ncodec.circuit.trainer import stacked

        images = stacked(data)
        _, height, width, channels = images.shape
        if images.dtype != "uint8" or height % 2 or width % 2 or channels not in (1, 3):
            raise UsageError(
                f"images of {width}x{height} with {channels} channels of {images.dtype} cannot be "
                "modelled: give 8-bit grey or RGB images with even sides"
            )
        planes = images.transpose(0, 3, 1, 2)
        trained, held_out = split(len(planes), options["held_out"], context.seed)
        report = context.report
        context.report = lambda fraction, **figures: report(fraction=fraction / 2, **figures)
        recipe = FlowRecipe(
            couplings=options["couplings"], hidden=options["hidden"], epochs=options["flow_epochs"]
        )
        flow = learn_flow(planes[trained], planes[held_out], recipe, context)
        context.report = lambda fraction, **figures: report(fraction=0.5 + fraction / 2, **figures)
        latents = flow.forward(planes)
        variables = latent_variables(latents.shape[1:])
        rows = to_rows(latents)
        if options["prior"] == "factorised":
            prior = factorised(rows[trained], variables)
        else:
            learning = Learning(latents=options["latents"], epochs=options["epochs"])
            unsaved = replace(context, checkpoints=None)
            prior = quantize(learn(rows[trained], rows[held_out], variables, learning, unsaved))
        tags: dict[str, Any] = {"options": dict(options), "images": len(rows)}
        for name, part in (("training", rows[trained]), ("held_out", rows[held_out])):
            if len(part):
                tags[f"{name}_bpd"] = float(code_length(prior, part).sum() / part.size)
        model = FlowModel((channels, height, width), flow, prior)
        return Model(FAMILY, VERSION, model.pack(), tags)
