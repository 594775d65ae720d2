"""Fitting a network to one segment, step by step: rate and distortion."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from ncodec.device import Device
from ncodec.threads import ThreadChoice
from ncodec.video.inr.aim import Aim
from ncodec.video.inr.batches import WHOLE, Batches, Patch
from ncodec.video.inr.distortion import Distortion, decibels, frame_times
from ncodec.video.inr.optim import optimizer_tensors, optimizers
from ncodec.video.inr.quantize import balanced_steps
from ncodec.video.inr.recipe import Recipe
from ncodec.video.inr.upsampling import UpsamplingDecoder
from ncodec.video.inr.values import Values

__all__ = ["Fit"]

RATE_EVERY = 4
"""Steps of which one counts bits, four times: momentum spreads it."""

CENTRED_FRAMES = 8
"""Frames, spread over the clip, whose colour a fit begins with."""

UNSEEN = -1.0
"""The error of what no step has shown yet."""

PACE_SECONDS = 2.0
"""How long a fit's pace is measured at most."""

EXACT = 1e-8
"""A squared error so small is nothing to a picture of 8 bits: smaller ones count as this."""

FORGETTING = 0.05
"""Share of a step's error in the running mean that later errors are measured in. In a pass of few
steps, whose errors fall faster than such a mean, each has a larger share."""


class Fit:
    """A decoder, and what feeds it, on their way to reproduce a segment's frames.

    The loss is ``ln D + a ln R``: a fit gives up a per cent of its bits only for less than ``a``
    per cent of error, whatever the clip and the size of the network. Until the recipe's
    `rate_from` it is ``ln D`` alone.

    Args:
        encoder: frames to embedding, fitted but not kept; None if the decoder takes the times of
            frames in 0..1 instead.
        decoder: embedding or times to frames.
        embedding: shape of a frame's, or None.
        distortion: the segment.
        recipe: what is done.
        device: where.
        seed: what the order of frames and the noise come from.
        compiled: whether to compile what a step runs.
    """

    def __init__(
        self,
        encoder: nn.Module | None,
        decoder: nn.Module,
        embedding: tuple[int, ...] | None,
        distortion: Distortion,
        recipe: Recipe,
        device: Device,
        seed: int,
        compiled: bool = False,
    ) -> None:
        layout = torch.channels_last
        for network in (encoder, decoder):
            if network is not None:
                network.to(device.place, memory_format=layout)  # type: ignore[call-overload]
        self.encoder, self.decoder = encoder, decoder
        run = device.compiled if compiled else lambda function: function
        self._coded = run(self._through_encoder)
        self._quantized = run(self._through_decoder)
        self.distortion = distortion
        self.recipe = recipe
        self.device = device
        self.seed = seed
        rows, columns = distortion.frames.shape[2:]
        self.batches = Batches(recipe, decoder, len(distortion), (rows, columns), seed)
        self.step_count = 0
        self.progress = 0.0
        self._times = frame_times(len(distortion)).to(device.place)
        self.values = Values(decoder, embedding, len(distortion), device.place)
        self.error = torch.ones((), device=device.place)
        """Running mean of the batches' errors."""
        size = (len(distortion), len(self.batches.patches))
        self._seen = torch.full(size, UNSEEN, device=device.place)
        self.rate_weight = torch.tensor(recipe.rate_weight, device=device.place)
        self.aim: Aim | None = None
        """What the weight of the rate is steered to."""
        self.rated = False
        self._threads = ThreadChoice(torch.get_num_threads())
        self._round = time.monotonic()
        self.optimizers = optimizers(recipe, decoder, encoder, self.values)
        self._peaks = [o.param_groups[0]["lr"] for o in self.optimizers]

    @torch.no_grad()
    def centre(self) -> None:
        """Gives the first pictures the clip's mean colour, which a short fit might not come to."""
        if isinstance(self.decoder, UpsamplingDecoder):
            every = -(-len(self.distortion) // CENTRED_FRAMES)
            target = self.distortion.pictures(slice(0, None, every))
            inputs = self._times[::every] if self.encoder is None else self.encoder(target)
            self.decoder.centre(inputs, target.mean(dim=(0, 2, 3)))

    @property
    def steps_per_epoch(self) -> int:
        return len(self.batches)

    def psnr(self) -> float:
        """Mean over frames, in dB, of what the steps saw last; chroma counts as in the fit."""
        seen = self._seen != UNSEEN
        errors = torch.where(seen, self._seen, 0.0).sum(dim=1) / seen.sum(dim=1)
        return float(decibels(errors[seen.any(dim=1)]).mean())

    def step(self) -> None:
        """One batch."""
        if self.recipe.rate_weight and self.progress >= self.recipe.rate_from and not self.rated:
            self._begin_rating()
        for optimizer, peak in zip(self.optimizers, self._peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * self.recipe.rate(self.progress)
        picked, patch = self.batches.at(self.step_count)
        batch = picked.to(self.device.place)
        part = WHOLE if patch is None else patch.part(self.batches.scale)
        target = self.distortion.pictures(batch, part)
        with self.device.running(self.recipe.mixed):
            output, rate = self._shown(batch, target, patch)
        errors = self.distortion.errors(output, target, part)
        self._seen[batch, self.batches.patches.index(patch)] = errors.detach()
        error = errors.mean()
        share = max(FORGETTING, 1 / self.steps_per_epoch) if self.step_count else 1.0
        self.error.lerp_(error.detach(), share)
        loss = error
        if self.recipe.loss == "l1-ssim":
            loss = self.distortion.l1_ssim(output, target).mean()
        elif self.recipe.rate_weight:
            loss = error / self.error.clamp_min(EXACT)
        if rate is not None:
            if self.aim is not None:
                self.aim.steer(self.rate_weight, rate.detach(), self.error)
            loss = loss + RATE_EVERY * self.rate_weight * rate / rate.detach().clamp_min(1)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.optimizers:
            optimizer.step()
        self.step_count += 1
        self._choose_threads()

    def _choose_threads(self) -> None:
        # A piece of work is a step, or as many as have one among them that counts bits.
        if self.device.place.type != "cpu" or (self.rated and self.step_count % RATE_EVERY):
            return
        now = time.monotonic()
        self._threads.took((now - self._round) / (RATE_EVERY if self.rated else 1))
        self._round = now
        torch.set_num_threads(self._threads.count)

    def pace(self, most: float = PACE_SECONDS) -> float:
        """Seconds a step takes with the threads that suit it; the steps that are timed count.

        Args:
            most: seconds of measuring, if a few steps do not take longer.
        """
        start, known = time.monotonic(), None
        while known is None or not (
            self._threads.settled or time.monotonic() - start > PACE_SECONDS
        ):
            self.step()
            known = self._threads.seconds
        return known

    def mean_pace(self) -> float:
        """Seconds a step takes as a mean over a whole fit; spoils this one."""
        plain = self.pace()
        if not self.recipe.rate_weight:
            return plain
        self.progress = self.recipe.rate_from
        self.step()
        start = time.monotonic()
        for _ in range(RATE_EVERY):
            self.step()
        rated = (time.monotonic() - start) / RATE_EVERY
        return plain + (1 - self.recipe.rate_from) * (rated - plain)

    @torch.no_grad()
    def inputs(self) -> Tensor:
        """What the decoder takes for every frame: embeddings (T, d, h, w), or times (T,)."""
        if self.encoder is None or self.values.embeddings is None:
            return self._times
        if self.rated:
            return self.values.embeddings.detach()
        batches = self.distortion.batches(self.batches.frames)
        return torch.cat([self.encoder(self.distortion.pictures(b)).float() for b in batches])

    @torch.no_grad()
    def shown(self, index: int) -> Tensor:
        """Frame `index` (C, H, W) as a file would show it that were made now, float32 in 0..1."""
        frame = slice(index, index + 1)
        if not self.rated:
            target = self.distortion.pictures(frame)
            inputs = self._times[frame] if self.encoder is None else self.encoder(target)
            picture: Tensor = self.decoder(inputs)
        else:
            weights, embeddings, _ = self.values.quantized(None, rated=False)
            inputs = (self._times if embeddings is None else embeddings)[frame]
            picture = functional_call(self.decoder, weights, (inputs,))
        return picture[0]

    @torch.no_grad()
    def errors(self, inputs: Tensor) -> Tensor:
        """Weighted mean squared error of each frame as the decoder shows it, float32 (T,)."""
        parts = []
        for batch in self.distortion.batches(self.batches.frames):
            target = self.distortion.pictures(batch)
            parts.append(self.distortion.errors(self.decoder(inputs[batch]), target))
        return torch.cat(parts)

    def _shown(
        self, batch: Tensor, target: Tensor, patch: Patch | None
    ) -> tuple[Tensor, Tensor | None]:
        """The batch's pictures, or a patch of each, and the segment's bits where they count."""
        if not self.rated:
            inputs = self._times[batch] if self.encoder is None else target
            return self._coded(inputs, *_arguments(patch)), None
        generator = None
        if self.progress < self.recipe.round_from:
            generator = torch.Generator(self.device.place)
            generator.manual_seed(self.seed * 1_000_003 + self.step_count)
        rated = self.step_count % RATE_EVERY == 0
        weights, embeddings, rate = self.values.quantized(generator, rated)
        inputs = self._times[batch] if embeddings is None else embeddings[batch]
        return self._quantized(weights, inputs, *_arguments(patch)), rate

    def _through_encoder(self, inputs: Tensor, *patch: Patch) -> Tensor:
        coded = inputs if self.encoder is None else self.encoder(inputs)
        shown: Tensor = self.decoder(coded, *patch)
        return shown

    def _through_decoder(self, weights: dict[str, Tensor], inputs: Tensor, *patch: Patch) -> Tensor:
        shown: Tensor = functional_call(self.decoder, weights, (inputs, *patch))
        return shown

    def finish(self) -> tuple[list[np.ndarray], list[float]]:
        """What is to be quantised, the decoder's tensors and, last, the embeddings (T, d, h, w);
        and the steps that were learned for them, or ones that suit the fit as it is.
        """
        if not self.rated:
            self._begin_rating()
        return self.values.floats(), self.values.steps.values()

    def _begin_rating(self) -> None:
        """From here on embeddings are parameters, and everything is quantised."""
        inputs, embeddings = self.inputs(), self.values.embeddings
        # A mean over the channels, as what the steps are measured by.
        error = self.errors(inputs).mean().item() / self.distortion.weights.sum().item()
        coded = embeddings is not None
        steps = balanced_steps(self.decoder, inputs, coded, max(error, EXACT), self.seed)
        with torch.no_grad():
            if embeddings is not None:
                embeddings.copy_(inputs)
            self.values.steps.octaves.copy_(torch.log2(torch.tensor(steps)))
        self.rated = True

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a step changes, by name."""
        tensors = {"error": self.error, "rate weight": self.rate_weight, "seen": self._seen}
        tensors["octaves"] = self.values.steps.octaves
        if self.values.embeddings is not None:
            tensors["embeddings"] = self.values.embeddings
        for part, module in (("encoder", self.encoder), ("decoder", self.decoder)):
            if module is not None:
                tensors |= {f"{part}.{name}": p for name, p in module.named_parameters()}
        return tensors | optimizer_tensors(self.optimizers)


def _arguments(patch: Patch | None) -> tuple[Patch, ...]:
    """As an argument, for decoders that know no patches."""
    return () if patch is None else (patch,)
