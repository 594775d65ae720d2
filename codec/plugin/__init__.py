"""The contract between ncodec and a codec, its own or anybody's.

A codec is a class with the attributes and methods of `Codec`, named by an entry point of the
group ``ncodec.codecs``. Importing its module should be cheap: options are read by the command
line, so anything heavy (torch) belongs inside `encode` and `decode`.
"""

from ncodec.plugin.batches import DecodesBatches
from ncodec.plugin.context import RESERVED, Checkpoints, Context, Option
from ncodec.plugin.features import FeatureCodec, Features
from ncodec.plugin.stills import Coded, ImageCodec, Pictures, Region, StillCodec, Stored
from ncodec.plugin.training import Trainer
from ncodec.plugin.video import (
    Codec,
    Estimate,
    HasNetwork,
    HasPreviews,
    HasRates,
    Planes,
    StartsWarm,
    Window,
    reduced,
)

__all__ = [
    "RESERVED",
    "Checkpoints",
    "Codec",
    "Coded",
    "Context",
    "DecodesBatches",
    "Estimate",
    "FeatureCodec",
    "Features",
    "HasNetwork",
    "HasPreviews",
    "HasRates",
    "ImageCodec",
    "Option",
    "Pictures",
    "Planes",
    "Region",
    "StartsWarm",
    "StillCodec",
    "Stored",
    "Trainer",
    "Window",
    "reduced",
]
