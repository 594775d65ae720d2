"""Both stages of the Entropic Student's training (arXiv 2108.11898, section 3)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ncodec.errors import Interrupted, TargetUnreachable
from ncodec.plugin import Context
from ncodec.student.crops import Photographs
from ncodec.student.student import Student
from ncodec.student.teachers import Teacher

__all__ = ["Recipe", "alive", "learn"]

_RATE = 1e-3
"""The rate of learning at the start of either stage."""

_ALPHA = 0.5
"""The share of the cross entropy in the loss where there are labels."""

_RAMP = 0.01
"""The share of a stage in which the rate of learning of a short training rises."""

_LEAST = 0.02
"""The share of the first rate of learning that a short training's falls to."""

_COLLAPSED_BITS = 16.0
"""The bits of an image's latents under which they say nothing of it."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long a student is trained, and on what.

    Attributes:
        betas: what a bit costs in squared feature error, one value a rate, ascending.
        epochs: those of stage 1 and of stage 2.
        crops: the number of crops of an image in an epoch.
        batch: crops a step, the nearest multiple of the number of rates.
        side: a crop's, in pixels.
        short: rates of learning that rise fast and fall evenly, and Adam in stage 2, too.
    """

    betas: tuple[float, ...]
    epochs: tuple[int, int]
    crops: int
    batch: int
    side: int
    short: bool = False

    def rate(self, stage: int, share: float) -> float:
        """The rate of learning after `share` of stage 1 or 2, relative to that at the start."""
        if not self.short:
            return 0.1 ** sum(share >= drop for drop in ((0.5, 0.8), (0.5,))[stage - 1])
        return min(share / _RAMP, 1.0) * max(min(2 - 2 * share, 1.0), _LEAST)


class _Run:
    """A training that goes on where a checkpoint ends."""

    def __init__(
        self,
        student: Student,
        teacher: Teacher,
        photographs: Photographs,
        recipe: Recipe,
        context: Context,
        place: torch.device,
    ) -> None:
        self.student, self.teacher, self.photographs = student, teacher, photographs
        self.recipe, self.context, self.place = recipe, context, place
        self.batch = max(round(recipe.batch / student.rates), 1) * student.rates
        self.steps = max(len(photographs) * recipe.crops // self.batch, 1)
        betas = torch.tensor(recipe.betas, device=place)
        self.betas = betas.repeat(self.batch // student.rates)

    def images(self, stage: int, step: int) -> tuple[Tensor, Tensor | None]:
        """Float crops of 0..255 and labels; they depend on seed, stage and step alone."""
        seed = [self.context.seed, stage, step]
        rng = np.random.default_rng(seed)
        which = rng.integers(len(self.photographs), size=self.batch)
        pixels = self.photographs.batch(
            which.tolist(), self.recipe.side, seed, self.context.threads
        )
        labels = self.photographs.labels
        classes = None if labels is None else torch.from_numpy(labels[which]).to(self.place)
        torch.manual_seed(int(rng.integers(1 << 62)))
        return _floats(pixels, self.place), classes

    def match(self, step: int) -> dict[str, Tensor]:
        """The loss and figures of a step of stage 1: feature matching and rate."""
        student, teacher = self.student, self.teacher
        images, _ = self.images(1, step)
        with torch.no_grad():
            targets = teacher.tail(teacher.features(images))
        latents = student.latents(teacher.preparation.normalised(images))
        bits = student.bits(latents)
        outputs = teacher.tail(teacher.received(student.decode(student.rounded(latents))))
        errors = [
            scale * (a - b).square().sum(dim=(1, 2, 3))
            for a, b, scale in zip(outputs, targets, teacher.scales, strict=True)
        ]
        error = torch.stack(errors).sum(dim=0)
        loss = (error + self.betas * bits).mean() + student.prior.loss()
        return {"loss": loss, "bits": bits.detach(), "error": error.detach()}

    def distil(self, step: int) -> dict[str, Tensor]:
        """The loss and figures of a step of stage 2: the teacher's answers from rounded latents,
        with encoder and prior frozen."""
        student, teacher = self.student, self.teacher
        images, labels = self.images(2, step)
        with torch.no_grad():
            targets = teacher.logits(teacher.features(images))
            latents = student.rounded(student.latents(teacher.preparation.normalised(images)))
        logits = teacher.logits(teacher.received(student.decode(latents)))
        divergence = _divergence(targets, logits)
        loss = divergence.mean()
        if labels is not None:
            loss = (1 - _ALPHA) * loss + _ALPHA * functional.cross_entropy(logits, labels)
        same = (targets.argmax(dim=1) == logits.argmax(dim=1)).float()
        return {"loss": loss, "divergence": divergence.detach(), "agreement": 100 * same}

    def checked(self, figures: dict[str, Tensor]) -> None:
        """Raises TargetUnreachable where the loss is no number."""
        if not isfinite(figures["loss"].item()):
            raise TargetUnreachable(
                f"the loss is {figures['loss'].item()}: give a smaller --beta than "
                f"{max(self.recipe.betas):g}"
            )

    def by_rate(self, values: Tensor) -> list[float]:
        """The means of `values` over the images of each rate."""
        means: list[float] = values.reshape(-1, self.student.rates).mean(dim=0).tolist()
        return means


def _floats(pixels: NDArray[np.uint8], place: torch.device) -> Tensor:
    """uint8 [n, h, w, 3] as float [n, 3, h, w] in channels_last."""
    return torch.from_numpy(pixels).to(place).permute(0, 3, 1, 2).float()


def _divergence(targets: Tensor, logits: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of each row, in nats, at temperature 1."""
    p, q = targets.log_softmax(dim=1), logits.log_softmax(dim=1)
    return (p.exp() * (p - q)).sum(dim=1)


def learn(
    student: Student,
    teacher: Teacher,
    photographs: Photographs,
    recipe: Recipe,
    context: Context,
    place: torch.device,
) -> dict[str, list[float]]:
    """Trains `student` in place.

    Args:
        student: on `place`, as `teacher` is.
        teacher: frozen.
        photographs: to take crops of.
        recipe: how.
        context: seed, threads, progress, checkpoints.
        place: the device.

    Returns:
        By name, one value a rate, of the last epoch: ``bits``, ``divergence``, ``agreement``.

    Raises:
        TargetUnreachable: a rate has collapsed, or the loss is no number.
        Interrupted: `context.stopping()` came true; a checkpoint is kept.
    """
    run = _Run(student, teacher, photographs, recipe, context, place)
    networks = [*student.encoder.parameters(), *student.decoder.parameters()]
    scalars = [student.gain, student.inverse, *student.prior.parameters()]
    # Short trainings have to find the priors, too: their parameters move faster.
    matching = torch.optim.Adam(
        [{"params": networks, "times": 1.0}, {"params": scalars, "times": 5.0}]
    )
    tuned = [*student.decoder.parameters(), student.inverse]
    distilling: torch.optim.Optimizer = (
        torch.optim.Adam(tuned)
        if recipe.short
        else torch.optim.SGD(tuned, lr=_RATE, momentum=0.9, weight_decay=5e-4)
    )
    stages = ((run.match, matching), (run.distil, distilling))
    optimisers = (matching, distilling)
    done, last = _restore(student, optimisers, context)
    total = sum(recipe.epochs)
    for stage, (work, optimiser) in enumerate(stages, 1):
        before = sum(recipe.epochs[: stage - 1])
        if stage == 2 and done <= before:
            student.settle()
        epochs = recipe.epochs[stage - 1]
        for epoch in range(max(done - before, 0), epochs):
            sums: dict[str, list[float]] = {}
            for step in range(epoch * run.steps, (epoch + 1) * run.steps):
                if context.stopping():
                    raise Interrupted("stopped by the user: --resume goes on at the last epoch")
                # The paper's rates fall between epochs, and so do their shares.
                share = (step if recipe.short else epoch * run.steps) / (epochs * run.steps)
                for group in optimiser.param_groups:
                    group["lr"] = _RATE * recipe.rate(stage, share) * group.get("times", 1.0)
                figures = work(step)
                run.checked(figures)
                optimiser.zero_grad(set_to_none=True)
                torch.autograd.backward(figures.pop("loss"))
                optimiser.step()
                for name, values in figures.items():
                    rates = run.by_rate(values)
                    sums[name] = [
                        a + b / run.steps
                        for a, b in zip(sums.get(name, [0.0] * student.rates), rates, strict=True)
                    ]
            if stage == 1:
                alive(sums["bits"], recipe, epoch)
            last.update(sums)
            told = {
                f"{name}{rate}": value
                for name, values in sums.items()
                for rate, value in enumerate(values)
            }
            number = before + epoch + 1
            context.report(fraction=number / total, stage=stage, epoch=number, epochs=total, **told)
            _keep(student, optimisers, number, last, context)
    return last


def alive(bits: Sequence[float], recipe: Recipe, epoch: int) -> None:
    """Raises TargetUnreachable where the latents of a rate say next to nothing."""
    for mean, beta in zip(bits, recipe.betas, strict=True):
        if mean < _COLLAPSED_BITS:
            raise TargetUnreachable(
                f"beta {beta:g} has collapsed in epoch {epoch + 1}: its latents carry "
                f"{mean:.1f} bits an image; give smaller values to --beta"
            )


def _keep(
    student: Student,
    optimisers: Sequence[torch.optim.Optimizer],
    epoch: int,
    last: dict[str, list[float]],
    context: Context,
) -> None:
    if context.checkpoints is None:
        return
    stream = io.BytesIO()
    state = [student.state_dict(), [o.state_dict() for o in optimisers], epoch, last]
    torch.save(state, stream)
    context.checkpoints.save({"state": np.frombuffer(stream.getvalue(), np.uint8)})


def _restore(
    student: Student, optimisers: Sequence[torch.optim.Optimizer], context: Context
) -> tuple[int, dict[str, list[float]]]:
    kept = context.checkpoints.load() if context.checkpoints else None
    if kept is None:
        return 0, {}
    stream = io.BytesIO(kept["state"].tobytes())
    weights, states, epoch, last = torch.load(stream, map_location="cpu", weights_only=True)
    student.load_state_dict(weights)
    for optimiser, state in zip(optimisers, states, strict=True):
        optimiser.load_state_dict(state)
    return epoch, last
