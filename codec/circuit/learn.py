"""Learning a circuit from images: structure, first guess, EM until held-out images stop gaining."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ncodec.circuit.flows import Flows, Parameters, bits_per_dimension, to_nodes
from ncodec.circuit.initial import first_counts
from ncodec.circuit.recipe import Learning
from ncodec.circuit.structure import Tree, candidate_pairs, chow_liu_tree, mutual_information
from ncodec.circuit.updates import Updates
from ncodec.circuit.variables import Rows, Variables
from ncodec.device import resolve_device, threads
from ncodec.errors import Interrupted, UsageError
from ncodec.plugin import Context

__all__ = ["Learned", "learn", "split"]

_DISTANCE = 1e-3
"""The nats that a pair loses for each pixel between its variables: without, blank margins would
make stars of the tree."""

_FIELDS = ("root", "transitions", "mixes", "components")


@dataclass(frozen=True)
class Learned:
    """What learning found.

    Attributes:
        variables: the variables of an image.
        tree: the tree over them.
        parameters: those of the best epoch, on the CPU.
        images: the number of images learned from.
        tied: whether `parameters.mixes` are the same for all nodes of a kind.
        curve: epoch, bits a dimension of the training images as the epoch went, and of held-out
            images after it (nan where there are none), float64 [epochs, 3].
    """

    variables: Variables
    tree: Tree
    parameters: Parameters
    images: int
    tied: bool
    curve: NDArray[np.float64]


def split(count: int, share: float, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The indices of the images to learn from and of those held out, both ascending."""
    order = np.random.default_rng([seed, 0]).permutation(count)
    held_out = min(count - 1, round(share * count))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def learn(
    rows: Rows,
    held_out: Rows,
    variables: Variables,
    options: Learning,
    context: Context,
) -> Learned:
    """A circuit for `rows`, int32 [n, d], that does well on `held_out`, which may be empty.

    On a CPU with one thread the same arguments give the same circuit, resumed or not.

    Raises:
        UsageError: options out of range, or nothing to learn from.
        Interrupted: `context.stopping()` came true; the state is in the checkpoint.
    """
    _check(rows, options)
    device = resolve_device(context.device)
    with threads(context.threads), torch.no_grad():
        return _Run(rows, held_out, variables, options, context, device.place).result()


def _check(rows: Rows, options: Learning) -> None:
    if not len(rows):
        raise UsageError("there are no images to learn from: give at least two")
    for name in ("latents", "components"):
        if not 2 <= getattr(options, name) <= 256:
            raise UsageError(f"{name}={getattr(options, name)} is out of range: give 2 to 256")
    if options.rule not in ("anemone", "em"):
        raise UsageError(f"unknown rule {options.rule!r}: choose anemone or em")


class _Run:
    """One run of `learn`; its state is the parameters, the best ones, and the curve."""

    def __init__(
        self,
        rows: Rows,
        held_out: Rows,
        variables: Variables,
        options: Learning,
        context: Context,
        device: torch.device,
    ) -> None:
        # Files come sorted; statistics are taken of the first ones.
        self._rows = rows[np.random.default_rng([context.seed, 1]).permutation(len(rows))]
        self._variables, self._options, self._context = variables, options, context
        self._device = device
        state = context.checkpoints.load() if context.checkpoints else None
        if state is None:
            self._tree = _structure(self._rows, variables)
        else:
            self._tree = Tree(state["variable"], state["parent"])
        self._flows = Flows(self._tree, device)
        self._updates = Updates(
            self._tree, variables, options.priors, options.rule, options.tied, len(rows), device
        )
        self._held_out = to_nodes(held_out, self._tree, variables)
        if state is None:
            random = np.random.default_rng([context.seed, 2])
            counts = first_counts(
                self._rows, self._tree, variables, options.latents, options.components, random
            )
            self._parameters = self._updates.first(counts.map(lambda t: t.to(device)))
            self._best = self._parameters
            self._curve: list[tuple[float, float, float]] = []
        else:
            self._parameters = _tensors(state, "now_", device)
            self._best = _tensors(state, "best_", device)
            self._curve = [tuple(row) for row in state["curve"].tolist()]

    def result(self) -> Learned:
        """Learns until the epochs are over or held-out images stop gaining."""
        options, context = self._options, self._context
        if self._curve:
            self._report(resumed=True)
        while len(self._curve) < options.epochs and self._gaining():
            if context.stopping():
                self._save()
                raise Interrupted("stopped by the user")
            trained = self._epoch(len(self._curve))
            measured = np.nan
            if self._held_out.shape[1]:
                measured = self._flows.measure(self._parameters, self._held_out)
            self._curve.append((len(self._curve) + 1, trained, measured))
            if self._best_epoch() == len(self._curve):
                self._best = self._parameters
            self._save()
            self._report()
        return Learned(
            self._variables,
            self._tree,
            self._best.map(torch.Tensor.cpu),
            len(self._rows),
            options.tied,
            np.array(self._curve),
        )

    def _epoch(self, epoch: int) -> float:
        """Makes one pass over the images; returns their bits a dimension."""
        options, count = self._options, len(self._rows)
        random = np.random.default_rng([self._context.seed, 3, epoch])
        order = random.permutation(count)
        batches = max(1, round(count / options.batch))
        fall = options.last_step / options.first_step
        total = 0.0
        for index, batch in enumerate(np.array_split(order, batches)):
            rows = _shifted(self._rows[batch], self._variables, options.shift, random)
            places = to_nodes(rows, self._tree, self._variables)
            flows = self._parameters.map(torch.zeros_like)
            for part in torch.split(places, self._flows.batch_size(self._parameters), dim=1):
                seen = part.to(self._device, torch.int64)
                likelihood, kept = self._flows.upward(self._parameters, seen)
                self._flows.downward(self._parameters, seen, kept, flows)
                total -= float(likelihood.double().sum())
            done = (epoch * batches + index) / max(1, options.epochs * batches - 1)
            step = options.first_step * fall**done
            for tensor in flows.tensors:
                tensor *= count / len(batch)
            self._parameters = self._updates.step(self._parameters, flows, step)
        return bits_per_dimension(total, self._rows.size)

    def _best_epoch(self) -> int:
        measured = [row[2] for row in self._curve]
        if not measured or np.isnan(measured[0]):
            return len(measured)
        return int(np.argmin(measured)) + 1

    def _gaining(self) -> bool:
        return len(self._curve) - self._best_epoch() < self._options.patience

    def _report(self, **resumed: bool) -> None:
        epoch, trained, measured = self._curve[-1]
        epochs = self._options.epochs
        known = {} if np.isnan(measured) else {"held_out": measured}
        self._context.report(
            fraction=epoch / epochs, epoch=epoch, epochs=epochs, bpd=trained, **known, **resumed
        )

    def _save(self) -> None:
        if self._context.checkpoints:
            state = {"variable": self._tree.variable, "parent": self._tree.parent}
            state["curve"] = np.array(self._curve).reshape(-1, 3)
            for prefix, parameters in (("now_", self._parameters), ("best_", self._best)):
                for name, tensor in zip(_FIELDS, parameters.tensors, strict=True):
                    state[prefix + name] = tensor.cpu().numpy()
            self._context.checkpoints.save(state)


def _tensors(state: Mapping[str, Any], prefix: str, device: torch.device) -> Parameters:
    return Parameters(*(torch.from_numpy(state[prefix + name]).to(device) for name in _FIELDS))


def _structure(rows: Rows, variables: Variables) -> Tree:
    alphabets = np.array(variables.alphabets, np.int32)[variables.kind]
    pairs = candidate_pairs(variables)
    distance = np.abs(variables.position[pairs[0]] - variables.position[pairs[1]]).sum(axis=1)
    information = mutual_information(rows, alphabets, pairs)
    return chow_liu_tree(variables.count, pairs, information - _DISTANCE * distance)


def _shifted(rows: Rows, variables: Variables, share: float, random: np.random.Generator) -> Rows:
    """The rows, a share of them showing its image moved by up to a pixel, the border repeated."""
    if not share:
        return rows
    height, width, _ = variables.shape
    images = rows.reshape(len(rows), height, width, -1)
    moves = random.integers(-1, 2, (len(rows), 2)) * (random.random((len(rows), 1)) < share)
    down = np.clip(np.arange(height) + moves[:, :1], 0, height - 1)
    right = np.clip(np.arange(width) + moves[:, 1:], 0, width - 1)
    images = images[np.arange(len(rows))[:, None, None], down[:, :, None], right[:, None]]
    moved: Rows = images.reshape(len(rows), -1)
    return moved
