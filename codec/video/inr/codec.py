"""The codec that serves an architecture: a segment is a fitted network, quantised and coded.

Torch is imported where it is used, so that listing codecs and their options stays quick.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ncodec.formats import Segment, VideoInfo
from ncodec.plugin import Context, Estimate, Option, Planes, VideoCodec, Window
from ncodec.video.inr.architecture import Architecture
from ncodec.video.inr.recipe import QUALITY_DOUBLING, Recipe
from ncodec.video.inr.shape import Shape

if TYPE_CHECKING:
    import numpy as np

    from ncodec.video.inr.fit import Fit

__all__ = ["InrCodec"]

REPORTED = 1.08
"""What a pass takes with the reports on it, over its steps alone; `ncodec.eval.studies.estimates`
says whether it still does."""

S = TypeVar("S", bound=Shape)


class InrCodec(VideoCodec, Generic[S]):
    """Base of the codecs whose file is a network; a subclass has an id and an architecture."""

    codec_id: ClassVar[str]
    bitstream_version: ClassVar[int]
    media: ClassVar[frozenset[str]] = frozenset({"video"})
    architecture: Architecture[S]

    @property
    def options(self) -> Sequence[Option]:
        return self.architecture.options

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        # A new process takes seconds to import torch: they are part of its time.
        begun = time.monotonic()
        from ncodec.video.inr.encoding import Encoding

        return Encoding(self.architecture, window, options, context, begun).segment()

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        shape, tensors = self.architecture.stored(segment, info)
        return self.architecture.decoded(shape, tensors, info, segment.frame_count, context)

    def preview(
        self,
        segment: Segment,
        info: VideoInfo,
        shared: Sequence[bytes],
        context: Context,
        reduction: int,
    ) -> Sequence[Planes]:
        shape, tensors = self.architecture.stored(segment, info)
        frames = segment.frame_count
        return self.architecture.decoded(shape, tensors, info, frames, context, reduction)

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        recipe = self.architecture.chosen_preset(options).recipe
        # What a clip needs is not known before bits count in the fit.
        size = None if context.target_size is None else len(windows) * context.target_size
        seconds = 0.0
        paces: dict[tuple[S, int], float] = {}
        for window in windows:
            shape = self.architecture.shape_for(window, options, context.target_size)
            if context.seconds is None:
                positions = prod(shape.geometry.padded)
                batch = recipe.frames_a_step(window.frame_count, positions)
                if (shape, batch) not in paces:
                    paces[shape, batch] = self._pace(shape, recipe, batch, context)
                # One more epoch: quantising and checking the result.
                epochs = REPORTED * recipe.epochs + 1
                seconds += epochs * window.frame_count * paces[shape, batch]
        if context.seconds is None:
            return Estimate(seconds, size)
        # What a process does once comes before time is dealt out, or the first window pays it.
        smallest = self.architecture.shape_for(windows[0], options, context.target_size, share=0.0)
        with self._trial(smallest, recipe, 1, context) as fit:
            fit.step()
        return Estimate(context.seconds, size)

    def macs_per_pixel(self, segment: Segment, info: VideoInfo) -> float:
        return self.architecture.unpack(
            segment.sections[0], info, segment.frame_count
        ).macs_per_pixel

    def integers(self, segment: Segment, info: VideoInfo) -> Sequence[np.ndarray]:
        return [tensor.values for tensor in self.architecture.stored(segment, info)[1]]

    def rate_points(
        self, windows: Sequence[Window], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        """Sizes that double around the options', or from the smallest network on."""

        def size(quality: float) -> int:
            scaled = {**options, "quality": quality}
            return sum(
                self.architecture.shape_for(w, scaled, None).values(w.frame_count) for w in windows
            )

        around = [
            options["quality"] + QUALITY_DOUBLING * (i - (count - 1) / 2) for i in range(count)
        ]
        qualities = [0.5 * step for step in range(round(2 * max(0.0, around[-1])) + 100)]
        sizes = [size(quality) for quality in qualities]
        smallest = size(max(around[0], 0.0))
        indices = (bisect_right(sizes, smallest << i) - 1 for i in range(count))
        return [{"quality": qualities[index]} for index in indices]

    def _pace(self, shape: S, recipe: Recipe, batch: int, context: Context) -> float:
        """Seconds that a frame takes in a pass of a fit."""
        with self._trial(shape, recipe, batch, context) as fit:
            return fit.mean_pace() * fit.steps_per_epoch / batch

    @contextmanager
    def _trial(self, shape: S, recipe: Recipe, batch: int, context: Context) -> Iterator[Fit]:
        """A fit to a batch of black frames."""
        import torch

        from ncodec.device import resolve_device, threads

        device = resolve_device(context.device)
        with threads(context.threads), torch.random.fork_rng(devices=[]):
            size = (shape.pictures.channels, *shape.geometry.padded)
            frames = torch.zeros(batch, *size, dtype=torch.uint8)
            fixed = replace(recipe, batch=batch, steps=1)
            yield self.architecture.begin_fit(shape, frames, fixed, device, 0)
