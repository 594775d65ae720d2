"""The codec `pc-idf`: collections of small images through a flow whose latents a circuit codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.collection import (
    CHUNK,
    Chunks,
    CollectionCodec,
    chunk_segments,
    collection_info,
    model_conf,
    model_options,
    stored_model,
)
from ncodec.errors import UsageError
from ncodec.formats import read_model
from ncodec.plugin import Coded, Context, Option, Pictures, Stored

if TYPE_CHECKING:
    from ncodec.media.image import Image

__all__ = ["FAMILY", "VERSION", "PcIdf"]

FAMILY, VERSION = "pc-idf", 1


class PcIdf(CollectionCodec):
    """Lossless collections of images of one shape, by an integer flow with a circuit as prior."""

    codec_id: ClassVar[str] = "pc-idf"
    bitstream_version: ClassVar[int] = 1
    options: ClassVar[Sequence[Option]] = model_options("a model of `ncodec train pc-idf`")

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Images of one shape and type in chunks, each a segment.

        Raises:
            UsageError: no model is given, or it is for other images.
        """
        from ncodec.circuit.coding import encode_rows
        from ncodec.circuit.flow.packing import FlowModel
        from ncodec.circuit.flow.prior import to_rows

        if options["model"] is None:
            raise UsageError(
                "pc-idf needs a model: make one with `ncodec train pc-idf DATA -o model.ncm` and "
                "give it with --model"
            )
        info = collection_info(images)
        model = read_model(options["model"])
        flow = FlowModel.unpack(model.expect(FAMILY, VERSION))
        channels, height, width = flow.shape
        if images[0].pixels.shape != (height, width, channels) or info.bit_depth != 8:
            raise UsageError(
                f"the images are {info.width}x{info.height} {info.pixel_format}, the model is for "
                f"{width}x{height} with {channels} channels of 8 bits: train one that fits"
            )

        def coded(pixels: NDArray[Any]) -> bytes:
            return encode_rows(flow.prior, to_rows(flow.flow.forward(pixels.transpose(0, 3, 1, 2))))

        size = max(1, CHUNK // (channels * height * width))
        segments = chunk_segments(images, coded, size, context)
        return Coded(info, segments, (model_conf(model, options["embed_model"]),))

    def open_images(self, stored: Stored, context: Context) -> Pictures:
        from ncodec.circuit.coding import decode_rows
        from ncodec.circuit.flow.packing import FlowModel
        from ncodec.circuit.flow.prior import from_rows

        flow = FlowModel.unpack(stored_model(stored).expect(FAMILY, VERSION))

        def decoded(data: bytes, count: int) -> NDArray[Any]:
            latents = from_rows(decode_rows(flow.prior, data, count), flow.latent_shape)
            return np.ascontiguousarray(flow.flow.backward(latents).transpose(0, 2, 3, 1))

        channels, height, width = flow.shape
        return Chunks(stored, decoded, (height, width, channels), 8, context.threads)
