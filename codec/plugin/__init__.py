"""The contract between ncodec and a codec, its own or anybody's.

A codec inherits from `VideoCodec`, `ImageCodec` or `FeatureCodec`; what it promises is in
`ncodec.plugin.codec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec.formats.lazy import resolver
from ncodec.plugin.batches import DecodesBatches
from ncodec.plugin.codec import MEDIA, Codec
from ncodec.plugin.context import RESERVED, Checkpoints, Context, Option
from ncodec.plugin.features import ComparesFeatures, FeatureCodec, Features
from ncodec.plugin.stills import (
    Coded,
    DescribesFiles,
    DescribesSegments,
    HasImageRates,
    HasModels,
    HoldsFiles,
    ImageCodec,
    KeptFile,
    Pictures,
    Region,
    StillCodec,
    Stored,
)
from ncodec.plugin.training import Trainer
from ncodec.plugin.video import (
    Estimate,
    HasNetwork,
    HasPreviews,
    HasRates,
    Planes,
    Shared,
    StartsWarm,
    VideoCodec,
    Window,
    reduced,
)

if TYPE_CHECKING:
    from ncodec.conformance import check
    from ncodec.media.frame import plane_shapes, sample_type
    from ncodec.registry import register

_HOMES = {
    "check": "ncodec.conformance",
    "plane_shapes": "ncodec.media.frame",
    "register": "ncodec.registry",
    "sample_type": "ncodec.media.frame",
}
"""What an author of a codec needs of rooms that stand on this one, loaded on first use."""

__all__ = [
    "MEDIA",
    "RESERVED",
    "Checkpoints",
    "Codec",
    "Coded",
    "ComparesFeatures",
    "Context",
    "DecodesBatches",
    "DescribesFiles",
    "DescribesSegments",
    "Estimate",
    "FeatureCodec",
    "Features",
    "HasImageRates",
    "HasModels",
    "HasNetwork",
    "HasPreviews",
    "HasRates",
    "HoldsFiles",
    "ImageCodec",
    "KeptFile",
    "Option",
    "Pictures",
    "Planes",
    "Region",
    "Shared",
    "StartsWarm",
    "StillCodec",
    "Stored",
    "Trainer",
    "VideoCodec",
    "Window",
    "check",
    "plane_shapes",
    "reduced",
    "register",
    "sample_type",
]

__getattr__ = resolver(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
