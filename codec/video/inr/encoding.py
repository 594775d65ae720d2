"""One window into one segment: the network's size, its fit, its quantisation."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ncodec.device import resolve_device, threads
from ncodec.errors import InputError, NcodecError
from ncodec.formats import Segment, integer_hash
from ncodec.plugin import Context, Planes, Window
from ncodec.video.inr.aim import Aim
from ncodec.video.inr.architecture import Architecture
from ncodec.video.inr.fit import Fit
from ncodec.video.inr.pacing import Kept, affordable, tail
from ncodec.video.inr.pictures import PACKED
from ncodec.video.inr.quality import Quality
from ncodec.video.inr.quantize import pack_sections, quantize_published, quantize_stepped
from ncodec.video.inr.schedule import run_fit
from ncodec.video.inr.shape import GRIDS, Shape
from ncodec.video.inr.targets import RGB_WEIGHTS, quantize_to_psnr
from ncodec.weights import QuantizedTensor

__all__ = ["Encoding", "Inherited", "inherited", "padded_frames"]


HEADROOM = 0.2
"""dB that a fit aims above a target: coarser steps than its own cost less than finer ones gain."""

LENGTH_BYTES = 5
"""What the length of a section takes at most in the mini-header, on top of an empty one's."""

SIZES_TRIED = 3
"""Until a network fits a time budget: what a step takes is not quite proportional to its size."""

LEAST_STEPS, LEAST_EPOCHS, ENOUGH_EPOCHS = 600, 4, 25
"""Steps and passes that a network needs, and passes that are enough in any case: where time allows
fewer, a smaller one shows more."""

PACE_SHARE = 0.04
"""The share of a fit's time that measuring its pace may take."""

LEAST_SHARE = 0.125
"""The least share of the rate's weight that a smaller network keeps: with less, bits are wasted."""

S = TypeVar("S", bound=Shape)


class Encoding(Generic[S]):
    """What `InrCodec.encode` does; arguments as there; `begun` by the monotonic clock."""

    def __init__(
        self,
        architecture: Architecture[S],
        window: Window,
        options: Mapping[str, Any],
        context: Context,
        begun: float,
    ) -> None:
        self._start = begun
        self._architecture, self._window = architecture, window
        self._options, self._context = options, context
        self._preset = architecture.chosen_preset(options)
        self._psnr: float | None = options["target_psnr"]
        self._kept = Kept(context.checkpoints) if context.checkpoints else None
        self._begun = self._kept.shape() if self._kept else None
        self._inherited = inherited(architecture, context.neighbour, window)
        self.shape = self._shape_for(1.0)
        self._share = 1.0
        if self._begun is not None:
            self.shape = architecture.unpack(self._begun, window.info, window.frame_count)
        elif self._inherited is not None:
            # Windows of a scene are as long but for a frame: enough for the solver to choose
            # another width, and what was learned would be lost.
            whole, self.shape = self.shape, self._inherited.shape
            if context.seconds is not None:
                # Time may have made it smaller.
                values = self.shape.values(window.frame_count)
                self._share = min(values / whole.values(window.frame_count), 1.0)

    def segment(self) -> Segment:
        """The fitted segment."""
        with threads(self._context.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._context.seed)
            self._frames = padded_frames(self._window, self.shape)
            fit = self._begin()
            seconds = None
            if self._context.seconds is not None:
                fit, seconds = self._timed(fit, self._start + self._context.seconds)
            limit = None
            if self._context.target_size is not None:
                limit = self._context.target_size - len(self._segment([]).pack())
            if self._kept is not None:
                self._kept.use(self.shape)
            context = replace(self._context, seconds=seconds, checkpoints=self._kept)
            fit.aim = _aim(limit, self._psnr)
            run_fit(fit, context, self._quality())
            return self._segment(self._quantized(fit, limit))

    def _shape_for(self, share: float) -> S:
        target = self._context.target_size
        return self._architecture.shape_for(self._window, self._options, target, share)

    def _begin(self) -> Fit:
        # What quality a smaller network lacks it may take in bits: error counts more.
        recipe = self._preset.recipe
        weight = max(self._share, LEAST_SHARE) * recipe.rate_weight
        recipe = replace(recipe, rate_weight=weight)
        device, seed = resolve_device(self._context.device), self._context.seed
        compiled = self._options["compile"]
        fit = self._architecture.begin_fit(self.shape, self._frames, recipe, device, seed, compiled)
        if self._psnr is not None and self.shape.pictures is PACKED:
            fit.distortion.weigh(RGB_WEIGHTS)
        if self._inherited is not None:
            self._inherited.give(fit.decoder)
        elif not self._preset.published:
            fit.centre()
        return fit

    def _timed(self, fit: Fit, end: float) -> tuple[Fit, float]:
        """A fit that gets passes enough until `end`, by the monotonic clock, and its seconds."""
        asked = self._options["model_size"] is not None
        fixed = asked or self._preset.published or self._begun is not None
        for tries in reversed(range(SIZES_TRIED)):
            steps = fit.steps_per_epoch
            epoch = steps * fit.pace(PACE_SHARE * max(end - time.monotonic(), 0.0))
            checking = self._quality().checking(fit)
            rest = tail(epoch, checking, searching=self._psnr is not None)
            left = max(end - time.monotonic() - rest, 0.0)
            passes = min(max(LEAST_STEPS / steps, LEAST_EPOCHS), ENOUGH_EPOCHS)
            least = affordable(epoch, left, passes)
            smaller = self._shape_for(self._share * least)
            if fixed or not tries or least == 1 or smaller == self.shape:
                break
            self._share, self.shape = self._share * least, smaller
            fit = self._begin()
        return fit, left

    def _quality(self) -> Quality:
        return Quality(self.shape.pictures, self._window.info)

    def _quantized(self, fit: Fit, limit: int | None) -> Sequence[QuantizedTensor]:
        (floats, steps), weights = fit.finish(), self.shape.weights
        grids = weights < len(self.shape.tensors)
        if self._psnr is not None:
            window, decoded = self._window, self._decoded
            return quantize_to_psnr(floats, steps, weights, self._psnr, window, decoded, grids)
        if self._preset.published and limit is None:
            return quantize_published(floats, weights)
        return quantize_stepped(floats, steps, weights, limit, grids)

    def _decoded(self, tensors: Sequence[QuantizedTensor]) -> Sequence[Planes]:
        info, frames = self._window.info, self._window.frame_count
        return self._architecture.decoded(self.shape, tensors, info, frames, self._context)

    def _segment(self, tensors: Sequence[QuantizedTensor]) -> Segment:
        """The finished segment; without tensors, one as long as their sections leave it."""
        spare = (bytes(2 * LENGTH_BYTES),)
        coded = pack_sections(tensors, self.shape.weights) if tensors else spare
        return Segment(
            index=self._window.index,
            first_frame=self._window.first_frame,
            frame_count=self._window.frame_count,
            sections=(self.shape.pack(), *coded),
            integer_hash=integer_hash(t.values for t in tensors),
        )


def _aim(limit: int | None, psnr: float | None) -> Aim:
    """What the fit should come to, so that little is left to the steps' common factor."""
    return Aim(
        bits=None if limit is None else 8.0 * limit,
        error=None if psnr is None else 10 ** (-(psnr + HEADROOM) / 10),
    )


@dataclass(frozen=True)
class Inherited(Generic[S]):
    """A network to start from.

    Attributes:
        shape: the same network's shape for the frames of another window.
        weights: its decoded tensors by name, without grids.
    """

    shape: S
    weights: Mapping[str, np.ndarray]

    @torch.no_grad()
    def give(self, decoder: nn.Module) -> None:
        """Puts the weights into `decoder`; tensors of another shape stay as they are."""
        for name, parameter in decoder.named_parameters():
            weight = self.weights.get(name)
            if weight is not None and weight.shape == parameter.shape:
                parameter.copy_(torch.from_numpy(weight))


def inherited(
    architecture: Architecture[S], segment: Segment | None, window: Window
) -> Inherited[S] | None:
    """The network of `segment` for `window`; None if there is none, or none that can be read."""
    if segment is None:
        return None
    try:
        stored, tensors = architecture.stored(segment, window.info)
        shape = architecture.unpack(stored.pack(), window.info, window.frame_count)
    except NcodecError:
        return None
    weights = {
        name: tensor.dequantize()
        for name, tensor in zip(stored.tensors, tensors, strict=False)
        if not name.startswith(GRIDS)
    }
    return Inherited(shape, weights)


def padded_frames(window: Window, shape: Shape) -> Tensor:
    """The window's pictures, (T, C, H, W): uint8, or float16 in 0..1 above 8 bits."""
    (rows, columns), pictures = shape.geometry.padded, shape.pictures
    below, right = rows - shape.geometry.height, columns - shape.geometry.width
    frames = torch.empty(
        (window.frame_count, pictures.channels, rows, columns),
        dtype=torch.float16 if window.info.bit_depth > 8 else torch.uint8,
    )
    count = 0
    for count, frame in enumerate(window.frames(), 1):
        picture = pictures.pack(frame, window.info)
        padded = np.pad(picture, ((0, below), (0, right), (0, 0)), mode="edge")
        frames[count - 1] = torch.from_numpy(padded).permute(2, 0, 1)
    if count != window.frame_count:
        raise InputError(
            f"frames {window.first_frame} to {window.first_frame + window.frame_count - 1} were "
            f"announced, {count} could be read: the source changed while it was encoded"
        )
    return frames
