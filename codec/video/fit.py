"""Fitting an autoencoder to one segment: schedule, steps, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from math import log10
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn

from ncodec.device import Device
from ncodec.errors import Interrupted
from ncodec.plugin import Context
from ncodec.video.optim import Muon
from ncodec.video.recipe import Recipe

__all__ = ["Fit"]

CHECKPOINT_SECONDS = 30.0


class Fit:
    """An encoder and a decoder on their way to reproduce `frames`.

    Args:
        encoder: frames to embedding; fitted, not kept.
        decoder: embedding to frames.
        frames: uint8 (or float16 in 0..1 for deeper samples), (T, C, H, W), padded.
        region: rows and columns of the unpadded picture, which alone count in the loss.
        weights: of each channel's mean squared error in the loss.
        recipe: what is done.
        device: where.
        seed: of the order of frames.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        frames: Tensor,
        region: tuple[int, int],
        weights: Sequence[float],
        recipe: Recipe,
        device: Device,
        seed: int,
    ) -> None:
        layout = torch.channels_last
        self.encoder = encoder.to(device.place, memory_format=layout)  # type: ignore[call-overload]
        self.decoder = decoder.to(device.place, memory_format=layout)  # type: ignore[call-overload]
        self.frames = frames.to(device.place).contiguous(memory_format=layout)
        self.region = region
        self.weights = torch.tensor(weights, device=device.place)
        self.recipe = recipe
        self.device = device
        self.seed = seed
        self.step_count = 0
        self.progress = 0.0
        self.optimizers = _optimizers(nn.ModuleList([encoder, decoder]), recipe, device)
        self._peaks = [o.param_groups[0]["lr"] for o in self.optimizers]

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.frames) // self.recipe.batch)

    def run(self, context: Context) -> None:
        """Fits to the end of the schedule, by `context.seconds` if given, else by epochs.

        Raises:
            Interrupted: `context.stopping()` came true; the state is in the checkpoint.
        """
        self._load(context)
        start, first = time.monotonic(), self.progress
        if first:
            context.report(fraction=first, resumed=True)
        saved, errors = start, []
        while self.progress < 1:
            errors.append(self.step())
            now = time.monotonic()
            if context.seconds is None:
                total = self.recipe.epochs * self.steps_per_epoch
                self.progress = min(self.step_count / total, 1.0)
            else:
                share = (now - start) / max(context.seconds, 1e-3)
                self.progress = min(first + (1 - first) * share, 1.0)
            if context.stopping():
                self._save(context)
                raise Interrupted("stopped by the user")
            if now - saved > CHECKPOINT_SECONDS:
                self._save(context)
                saved = now
            if self.step_count % self.steps_per_epoch == 0 or self.progress == 1:
                epoch = self.step_count / self.steps_per_epoch
                mean = torch.stack(errors).mean().item()
                # A time budget has no number of epochs: what the pace so far leads to.
                context.report(
                    fraction=self.progress,
                    epoch=int(epoch),
                    epochs=round(epoch / self.progress),
                    psnr=-10 * log10(max(mean, 1e-10)),
                )
                errors = []
        # What follows the fit may be interrupted too.
        self._save(context)

    def step(self) -> Tensor:
        """One batch; returns its mean squared error, on the device."""
        for optimizer, peak in zip(self.optimizers, self._peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * self.recipe.rate(self.progress)
        target = self._unit(self.frames[self._batch()])
        with self.device.fitting(self.recipe.mixed):
            output = self.decoder(self.encoder(target))
        loss = self._errors(output, target).mean()
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.optimizers:
            optimizer.step()
        self.step_count += 1
        return loss.detach()

    def pace(self) -> float:
        """Seconds a step takes; the steps that are timed count.

        The median of a second's steps: the first ones of a process are slower, and any may be
        held up by another program.
        """
        self.step()
        start = time.monotonic()
        times: list[float] = []
        while not times or (len(times) < 9 and time.monotonic() - start < 1):
            before = time.monotonic()
            self.step()
            times.append(time.monotonic() - before)
        return median(times)

    @torch.no_grad()
    def embeddings(self) -> Tensor:
        """Embedding of every frame in float32, (T, d, h, w)."""
        return torch.cat([self.encoder(self._unit(f)).float() for f in self._batches()])

    @torch.no_grad()
    def errors(self, embeddings: Tensor, decoder: nn.Module) -> Tensor:
        """Weighted mean squared error of each frame as `decoder` shows it, float32 (T,)."""
        count, parts = self.recipe.batch, []
        for first, frames in zip(range(0, len(self.frames), count), self._batches(), strict=True):
            output = decoder(embeddings[first : first + count])
            parts.append(self._errors(output, self._unit(frames)))
        return torch.cat(parts)

    def _errors(self, output: Tensor, target: Tensor) -> Tensor:
        """Weighted mean squared error of each frame, float32 (N,)."""
        rows, columns = self.region
        squares = (output - target)[..., :rows, :columns].square().mean(dim=(2, 3))
        return squares @ self.weights

    def _batches(self) -> Iterator[Tensor]:
        for first in range(0, len(self.frames), self.recipe.batch):
            yield self.frames[first : first + self.recipe.batch]

    def _unit(self, frames: Tensor) -> Tensor:
        scale = 255 if frames.dtype == torch.uint8 else 1
        return frames.float() / scale

    def _batch(self) -> Tensor:
        # The order depends on seed and epoch alone, so a resumed fit sees the same batches.
        epoch, position = divmod(self.step_count, self.steps_per_epoch)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.frames), generator=generator)
        first = position * self.recipe.batch
        return order[first : first + self.recipe.batch].to(self.device.place)

    def _save(self, context: Context) -> None:
        if context.checkpoints is None:
            return
        state = {name: t.detach().cpu().numpy() for name, t in self._tensors().items()}
        state["step"] = np.asarray(self.step_count)
        state["progress"] = np.asarray(self.progress)
        context.checkpoints.save(state)

    def _load(self, context: Context) -> None:
        state = context.checkpoints.load() if context.checkpoints else None
        if state is None:
            return
        self.step_count, self.progress = int(state["step"]), float(state["progress"])
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(torch.from_numpy(state[name]))

    def _tensors(self) -> dict[str, Tensor]:
        """Everything that a step changes, by name."""
        tensors: dict[str, Tensor] = {}
        for part, module in (("encoder", self.encoder), ("decoder", self.decoder)):
            tensors |= {f"{part}.{name}": p for name, p in module.named_parameters()}
        for i, optimizer in enumerate(self.optimizers):
            _materialize(optimizer)
            for j, parameter in enumerate(optimizer.param_groups[0]["params"]):
                for key, value in optimizer.state[parameter].items():
                    tensors[f"optimizer.{i}.{j}.{key}"] = value
        return tensors


def _optimizers(networks: nn.Module, recipe: Recipe, device: Device) -> list[torch.optim.Optimizer]:
    parameters = list(networks.parameters())
    matrices = [p for p in parameters if p.ndim >= 2 and recipe.muon_rate is not None]
    rest = [p for p in parameters if p.ndim < 2 or recipe.muon_rate is None]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Adam(rest, lr=recipe.adam_rate, fused=True)
    ]
    if recipe.muon_rate is not None:
        optimizers.append(Muon(matrices, lr=recipe.muon_rate))
    return optimizers


def _materialize(optimizer: torch.optim.Optimizer) -> None:
    """Gives an optimizer that has not stepped yet the state tensors that a checkpoint fills."""
    parameters = optimizer.param_groups[0]["params"]
    if all(p in optimizer.state for p in parameters):
        return
    rate, grads = optimizer.param_groups[0]["lr"], [p.grad for p in parameters]
    optimizer.param_groups[0]["lr"] = 0.0
    for p in parameters:
        p.grad = torch.zeros_like(p)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = rate
    for p, grad in zip(parameters, grads, strict=True):
        p.grad = grad
