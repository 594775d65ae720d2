"""NeRV++ (arXiv 2402.18305): a network from a frame's time to the frame is the clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ncodec.formats import Limits, VideoInfo
from ncodec.plugin import Option
from ncodec.video.inr.architecture import Architecture
from ncodec.video.inr.codec import InrCodec
from ncodec.video.inr.pictures import Pictures
from ncodec.video.inr.recipe import COUNTED, Preset, Recipe
from ncodec.video.inr.shape import Geometry
from ncodec.video.nervpp.shape import (
    HIDDEN,
    VARIANTS,
    WIDTH,
    NeRVppShape,
    solve_shape,
    unpack_shape,
)

if TYPE_CHECKING:
    from torch import nn

__all__ = ["NeRVpp"]


_RECIPE = replace(COUNTED, adam_rate=4e-3)

_PUBLISHED = Recipe(
    epochs=300,
    adam_rate=5e-4,
    muon_rate=None,
    warmup=0.2,
    batch=1,
    mixed=False,
    betas=(0.5, 0.999),
    loss="l1-ssim",
)


class NeRVppArchitecture(Architecture[NeRVppShape]):
    """A decoder from times to frames, of the paper or of its authors' public code."""

    name = "nervpp"
    sections: ClassVar = ("configuration", "weights")
    presets: ClassVar = {
        "ultrafast": Preset(replace(_RECIPE, epochs=24), size=0.25),
        "fast": Preset(replace(_RECIPE, epochs=48), size=0.35),
        "medium": Preset(replace(_RECIPE, epochs=100), size=0.75),
        "slow": Preset(replace(_RECIPE, epochs=400), size=1.0),
        # Twice the size: about the smallest published network for the paper's 720p clip.
        "paper": Preset(_PUBLISHED, size=2.0, published=True),
    }
    default_preset = "medium"

    @property
    def options(self) -> Sequence[Option]:
        return (
            *super().options,
            Option(
                "width",
                int,
                None,
                "channels that no stage but the first goes under; fewer are faster",
                minimum=1,
            ),
            Option(
                "variant",
                str,
                VARIANTS[0],
                "network of the paper or of its authors' public code",
                choices=VARIANTS,
            ),
        )

    def solve(
        self,
        geometry: Geometry,
        frames: int,
        values: int,
        pictures: Pictures,
        options: Mapping[str, Any],
    ) -> NeRVppShape:
        published = self.presets[options["preset"]].published
        width = options["width"] or (WIDTH if published else None)
        hidden = HIDDEN if published else None
        return solve_shape(geometry, frames, values, pictures, width, hidden, options["variant"])

    def unpack(self, section: bytes, info: VideoInfo, frames: int) -> NeRVppShape:
        return unpack_shape(section, info, frames, Limits())

    def networks(self, shape: NeRVppShape) -> tuple[None, nn.Module]:
        from ncodec.video.nervpp.network import NeRVppDecoder

        geometry, out = shape.geometry, shape.pictures.channels
        public = shape.variant == "public"
        return None, NeRVppDecoder(geometry.strides, shape.channels, geometry.grid, out, public)


class NeRVpp(InrCodec[NeRVppShape]):
    """NeRV++: a network from time to frame, fitted to each segment, is the file."""

    codec_id = "nervpp"
    bitstream_version = 1
    architecture = NeRVppArchitecture()
    sections = architecture.sections
