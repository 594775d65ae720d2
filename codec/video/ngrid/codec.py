"""`ngrid`: grids along time, coarse to fine, and a small decoder are the clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ncodec.formats import Limits, VideoInfo
from ncodec.video.inr.architecture import Architecture
from ncodec.video.inr.codec import InrCodec
from ncodec.video.inr.pictures import Pictures
from ncodec.video.inr.recipe import COUNTED, Preset
from ncodec.video.inr.shape import Geometry
from ncodec.video.ngrid.shape import NGridShape, solve_shape, unpack_shape

if TYPE_CHECKING:
    from torch import nn

__all__ = ["NGrid"]


CHROMA = 3 / 16
"""More than elsewhere: chroma of so small a network lags behind its luma."""


_RECIPE = replace(
    COUNTED,
    batch=4,
    fewest=1,
    steps=8,
    chroma=CHROMA,
    rate_from=0.25,
    round_from=0.35,
)


class NGridArchitecture(Architecture[NGridShape]):
    """Grids along time, coarse to fine, and a decoder of what they hold at a time."""

    name = "ngrid"
    sections: ClassVar = ("configuration", "weights", "grids")
    bits = 2.6
    presets: ClassVar = {
        "ultrafast": Preset(replace(_RECIPE, epochs=24), size=0.4),
        "fast": Preset(replace(_RECIPE, epochs=48), size=0.55),
        "medium": Preset(replace(_RECIPE, epochs=100), size=1.2),
        "slow": Preset(replace(_RECIPE, epochs=400), size=1.6),
    }
    default_preset = "medium"

    def solve(
        self,
        geometry: Geometry,
        frames: int,
        values: int,
        pictures: Pictures,
        options: Mapping[str, Any],
    ) -> NGridShape:
        # Its grids want strides of their own.
        return solve_shape(geometry.height, geometry.width, frames, values, pictures)

    def unpack(self, section: bytes, info: VideoInfo, frames: int) -> NGridShape:
        return unpack_shape(section, info, frames, Limits())

    def networks(self, shape: NGridShape) -> tuple[None, nn.Module]:
        from ncodec.video.ngrid.network import NGridDecoder

        strides, out = shape.geometry.strides, shape.pictures.channels
        grids = shape.grids
        return None, NGridDecoder(shape.channels, strides, grids, shape.every, shape.frames, out)


class NGrid(InrCodec[NGridShape]):
    """Grids along time and a small network, fitted to each segment, are the file."""

    codec_id = "ngrid"
    bitstream_version = 2
    starts_warm = True
    architecture = NGridArchitecture()
    sections = architecture.sections
