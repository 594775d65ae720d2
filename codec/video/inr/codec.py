"""What every implicit video codec shares: options, encode and decode of a segment.

A codec of this family adds an id, presets and a network. Torch is imported where it is used, so
that listing codecs and their options stays quick.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ncodec.errors import DamagedFile, TargetUnreachable, UsageError
from ncodec.formats import Segment, VideoInfo
from ncodec.plugin import Context, Estimate, Option, Planes, VideoCodec, Window
from ncodec.video.inr.pictures import RGB, Pictures, source_pictures
from ncodec.video.inr.recipe import (
    BITS_A_VALUE,
    LEAST_BITS,
    QUALITY_DOUBLING,
    Preset,
    Recipe,
    default_values,
    inr_options,
    quality_factor,
    section_bytes,
    values_in,
)
from ncodec.video.inr.shape import STAGES, Geometry, Shape, choose_geometry
from ncodec.weights import QuantizedTensor, unpack_tensors

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from ncodec.device import Device
    from ncodec.video.inr.fit import Fit

__all__ = ["InrCodec"]


S = TypeVar("S", bound=Shape)


class InrCodec(VideoCodec, Generic[S]):
    """Base of the codecs whose file is a network; a subclass fills in the class attributes."""

    codec_id: ClassVar[str]
    bitstream_version: ClassVar[int]
    presets: ClassVar[Mapping[str, Preset]]
    default_preset: ClassVar[str]
    media: ClassVar[frozenset[str]] = frozenset({"video"})
    sections: ClassVar[Sequence[str]] = ("configuration", "weights", "embeddings")
    bits: ClassVar[float] = BITS_A_VALUE
    """What a value takes where a target size decides how many there are."""

    @property
    def options(self) -> Sequence[Option]:
        return inr_options(self.presets, self.default_preset)

    @abstractmethod
    def solve(
        self,
        geometry: Geometry,
        frames: int,
        values: int,
        pictures: Pictures,
        options: Mapping[str, Any],
    ) -> S:
        """The shape whose weights and embeddings come to about `values` values."""

    @abstractmethod
    def unpack(self, section: bytes, info: VideoInfo, frames: int) -> S:
        """The shape that a configuration section describes, checked; see `Shape.pack`."""

    @abstractmethod
    def networks(self, shape: S) -> tuple[nn.Module | None, nn.Module]:
        """The encoder, which is thrown away after the fit, and the decoder.

        Without an encoder the decoder takes the times of frames, (N,) in 0..1.
        """

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        # A new process takes seconds to import torch: they are part of its time.
        begun = time.monotonic()
        from ncodec.video.inr.encoding import Encoding

        return Encoding(self, window, options, context, begun).segment()

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        shape, tensors = self.stored(segment, info)
        return self.decoded(shape, tensors, info, segment.frame_count, context)

    def preview(
        self,
        segment: Segment,
        info: VideoInfo,
        shared: Sequence[bytes],
        context: Context,
        reduction: int,
    ) -> Sequence[Planes]:
        shape, tensors = self.stored(segment, info)
        frames = segment.frame_count
        return self.decoded(shape, tensors, info, frames, context, reduction)

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        recipe = self.chosen_preset(options).recipe
        seconds, size = 0.0, 0
        paces: dict[tuple[S, int], float] = {}
        for window in windows:
            shape = self.shape_for(window, options, context.target_size)
            values = shape.values(window.frame_count)
            size += context.target_size or section_bytes(values, self.bits)
            if context.seconds is None:
                positions = prod(shape.geometry.padded)
                batch = recipe.frames_a_step(window.frame_count, positions)
                if (shape, batch) not in paces:
                    paces[shape, batch] = self._pace(shape, recipe, batch, context)
                # One more epoch: measuring, quantising and checking the result.
                seconds += (recipe.epochs + 1) * window.frame_count * paces[shape, batch]
        if context.seconds is None:
            return Estimate(seconds, size)
        # What a process does once comes before time is dealt out, or the first window pays it.
        smallest = self.shape_for(windows[0], options, context.target_size, share=0.0)
        self._pace(smallest, recipe, 1, context)
        return Estimate(context.seconds, size)

    def macs_per_pixel(self, segment: Segment, info: VideoInfo) -> float:
        return self.unpack(segment.sections[0], info, segment.frame_count).macs_per_pixel

    def integers(self, segment: Segment, info: VideoInfo) -> Sequence[np.ndarray]:
        return [tensor.values for tensor in self.stored(segment, info)[1]]

    def rate_points(
        self, windows: Sequence[Window], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        """Sizes that double around the options', or from the smallest network on."""

        def size(quality: float) -> int:
            scaled = {**options, "quality": quality}
            return sum(self.shape_for(w, scaled, None).values(w.frame_count) for w in windows)

        around = [
            options["quality"] + QUALITY_DOUBLING * (i - (count - 1) / 2) for i in range(count)
        ]
        qualities = [0.5 * step for step in range(round(2 * max(0.0, around[-1])) + 100)]
        sizes = [size(quality) for quality in qualities]
        smallest = size(max(around[0], 0.0))
        chosen = (bisect_right(sizes, smallest << i) - 1 for i in range(count))
        return [{"quality": qualities[index]} for index in chosen]

    def _pace(self, shape: S, recipe: Recipe, batch: int, context: Context) -> float:
        """Seconds that a frame takes in a pass of a fit: measured on a batch of black ones."""
        import torch

        from ncodec.device import resolve_device, threads

        device = resolve_device(context.device)
        with threads(context.threads), torch.random.fork_rng(devices=[]):
            size = (shape.pictures.channels, *shape.geometry.padded)
            frames = torch.zeros(batch, *size, dtype=torch.uint8)
            fixed = replace(recipe, batch=batch, steps=1)
            fit = self.begin_fit(shape, frames, fixed, device, 0)
            return fit.mean_pace() * fit.steps_per_epoch / batch

    def decoded(
        self,
        shape: S,
        tensors: Sequence[QuantizedTensor],
        info: VideoInfo,
        frames: int,
        context: Context,
        reduction: int = 1,
    ) -> Sequence[Planes]:
        from ncodec.video.inr.decoded import DecodedSegment

        _, decoder = self.networks(shape)
        return DecodedSegment(decoder, shape.pictures, tensors, frames, info, context, reduction)

    def begin_fit(
        self,
        shape: S,
        frames: Tensor,
        recipe: Recipe,
        device: Device,
        seed: int,
        compiled: bool = False,
    ) -> Fit:
        from ncodec.video.inr.distortion import Distortion
        from ncodec.video.inr.fit import Fit

        region = (shape.geometry.height, shape.geometry.width)
        weights = shape.pictures.weights(recipe.chroma)
        distortion = Distortion(frames, region, weights, device.place)
        networks, embedding = self.networks(shape), shape.embedding
        return Fit(*networks, embedding, distortion, recipe, device, seed, compiled)

    def chosen_preset(self, options: Mapping[str, Any]) -> Preset:
        preset = self.presets[options["preset"]]
        if options["epochs"] is None:
            return preset
        return replace(preset, recipe=replace(preset.recipe, epochs=options["epochs"]))

    def shape_for(
        self,
        window: Window,
        options: Mapping[str, Any],
        target: int | None,
        share: float = 1.0,
    ) -> S:
        if target is not None and options["target_psnr"] is not None:
            raise UsageError("a target size and a target PSNR were given: choose one of them")
        info, frames = window.info, window.frame_count
        preset = self.presets[options["preset"]]
        pictures = RGB if preset.published else source_pictures(info)
        # Packing is a stage's pixel shuffle already.
        stages = STAGES if pictures is RGB else STAGES - 1
        geometry = choose_geometry(*pictures.size(info), stages)
        least = self.solve(geometry, frames, 0, pictures, options).values(frames)
        floor = section_bytes(least, LEAST_BITS)
        if target is not None and target < floor:
            raise TargetUnreachable(
                f"frames {window.first_frame} to {window.first_frame + frames - 1} cannot be had "
                f"in {target} bytes: the smallest network takes about {floor}; "
                "raise --target-size or --max-segment"
            )
        if options["model_size"] is not None:
            values = options["model_size"] * 1e6
        elif target is not None:
            values = values_in(target, self.bits)
        else:
            values = preset.size * default_values(info.width * info.height * frames)
        values *= share * quality_factor(options["quality"])
        return self.solve(geometry, frames, round(values), pictures, options)

    def stored(self, segment: Segment, info: VideoInfo) -> tuple[S, list[QuantizedTensor]]:
        """The network that a segment holds; its last tensor may be embeddings.

        Raises:
            DamagedFile: the sections cannot be decoded.
            VerificationFailed: their integers differ from the segment's hash.
        """
        if len(segment.sections) != len(self.sections):
            raise DamagedFile(
                f"segment {segment.index} has {len(segment.sections)} sections, "
                f"{self.codec_id} has {len(self.sections)}"
            )
        configuration, *sections = segment.sections
        frames = segment.frame_count
        shape = self.unpack(configuration, info, frames)
        shapes = list(shape.tensors.values())
        parts = [shapes[: shape.weights], shapes[shape.weights :]]
        if shape.embedding is not None:
            parts[1].append((frames, *shape.embedding))
        tensors = [
            tensor
            for section, part in zip(sections, parts, strict=False)
            for tensor in unpack_tensors(section, part)
        ]
        segment.check(t.values for t in tensors)
        return shape, tensors
