"""HNeRV (arXiv 2304.02633): a small network and an embedding a frame are the clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ncodec.formats import Limits, VideoInfo
from ncodec.video.hnerv.shape import HNeRVShape, solve_shape, unpack_shape
from ncodec.video.inr.architecture import Architecture
from ncodec.video.inr.codec import InrCodec
from ncodec.video.inr.pictures import Pictures
from ncodec.video.inr.recipe import COUNTED, Preset, Recipe
from ncodec.video.inr.shape import Geometry

if TYPE_CHECKING:
    from torch import nn

__all__ = ["HNeRV"]


class HNeRVArchitecture(Architecture[HNeRVShape]):
    """HNeRV's networks: an encoder to embeddings, which is not kept, and a decoder."""

    name = "hnerv"
    presets: ClassVar = {
        "ultrafast": Preset(replace(COUNTED, epochs=24), size=0.25),
        "fast": Preset(replace(COUNTED, epochs=48), size=0.35),
        "medium": Preset(replace(COUNTED, epochs=100), size=0.75),
        "slow": Preset(replace(COUNTED, epochs=400), size=1.0),
        "paper": Preset(
            Recipe(epochs=300, adam_rate=1e-3, muon_rate=None, mixed=False),
            size=1.0,
            published=True,
        ),
    }
    default_preset = "medium"

    def solve(
        self,
        geometry: Geometry,
        frames: int,
        values: int,
        pictures: Pictures,
        options: Mapping[str, Any],
    ) -> HNeRVShape:
        skips = not self.presets[options["preset"]].published
        return solve_shape(geometry, frames, values, pictures, skips)

    def unpack(self, section: bytes, info: VideoInfo, frames: int) -> HNeRVShape:
        return unpack_shape(section, info, frames, Limits())

    def networks(self, shape: HNeRVShape) -> tuple[nn.Module, nn.Module]:
        from ncodec.video.hnerv.network import HNeRVDecoder, HNeRVEncoder

        strides, channels = shape.geometry.strides, shape.pictures.channels
        return (
            HNeRVEncoder(strides, shape.encoder_dims, channels),
            HNeRVDecoder(strides, shape.channels, shape.kernels, channels, shape.skips),
        )


class HNeRV(InrCodec[HNeRVShape]):
    """HNeRV: a network fitted to each segment is the file; slow to encode, quick to decode."""

    codec_id = "hnerv"
    bitstream_version = 2
    architecture = HNeRVArchitecture()
    sections = architecture.sections
