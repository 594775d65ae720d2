"""HNeRV (arXiv 2304.02633): a small network and an embedding a frame are the clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ncodec.video.codec import InrCodec, Preset
from ncodec.video.recipe import Recipe
from ncodec.video.sizing import Shape

if TYPE_CHECKING:
    from torch import nn

__all__ = ["HNeRV"]


def _recipe(epochs: int) -> Recipe:
    return Recipe(epochs=epochs, adam_rate=4e-3, muon_rate=1e-2)


class HNeRV(InrCodec):
    """HNeRV: a network fitted to each segment is the file; slow to encode, quick to decode."""

    codec_id = "hnerv"
    bitstream_version = 1
    presets: ClassVar = {
        "ultrafast": Preset(_recipe(3), size=0.25),
        "fast": Preset(_recipe(8), size=0.35),
        "medium": Preset(_recipe(40), size=0.75),
        "slow": Preset(_recipe(240), size=1.0),
        "paper": Preset(
            Recipe(epochs=300, adam_rate=1e-3, muon_rate=None, mixed=False),
            size=1.0,
            published=True,
        ),
    }
    default_preset = "medium"

    def networks(self, shape: Shape) -> tuple[nn.Module, nn.Module]:
        from ncodec.video.hnerv_net import HNeRVDecoder, HNeRVEncoder

        strides = shape.geometry.strides
        return (
            HNeRVEncoder(strides, shape.encoder_dims),
            HNeRVDecoder(strides, shape.channels, shape.kernels),
        )
