"""An architecture: the networks of one family, their sizes, and how segments hold them.

Torch is imported where it is used, so that listing codecs and their options stays quick.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ncodec.errors import DamagedFile, TargetUnreachable, UsageError
from ncodec.formats import Segment, VideoInfo
from ncodec.plugin import Context, Option, Planes, Window
from ncodec.video.inr.pictures import RGB, Pictures, source_pictures
from ncodec.video.inr.recipe import (
    BITS_A_VALUE,
    LEAST_BITS,
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
    from torch import Tensor, nn

    from ncodec.device import Device
    from ncodec.video.inr.fit import Fit

__all__ = ["Architecture"]

S = TypeVar("S", bound=Shape)


class Architecture(ABC, Generic[S]):
    """Base of the architectures; one adds its presets, and what it makes of a size.

    Attributes:
        name: the id of the codec that serves it, for messages.
        presets: recipes and sizes by name.
        default_preset: the name of one of them.
        sections: names of a segment's sections: the configuration, then what is coded.
        bits: what a value takes where a target size decides how many there are.
    """

    name: ClassVar[str]
    presets: ClassVar[Mapping[str, Preset]]
    default_preset: ClassVar[str]
    sections: ClassVar[Sequence[str]] = ("configuration", "weights", "embeddings")
    bits: ClassVar[float] = BITS_A_VALUE

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
        """The shape that `Shape.pack` packed, checked before anything is allocated for it.

        Args:
            section: the configuration section.
            info: the clip, for the size of its frames.
            frames: the number that the decoder shows.

        Raises:
            DamagedFile: the section is no such map, or has numbers that no encoder writes.
            LimitExceeded: more parameters or pixels than the limits allow.
        """

    @abstractmethod
    def networks(self, shape: S) -> tuple[nn.Module | None, nn.Module]:
        """The encoder, which is thrown away after the fit, and the decoder.

        Without an encoder the decoder takes the times of frames, (N,) in 0..1.
        """

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
                f"{self.name} has {len(self.sections)}"
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
