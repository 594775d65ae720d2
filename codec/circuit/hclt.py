"""The codec `pc-hclt`: collections of images of one shape, coded with a hidden Chow-Liu tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

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
from ncodec.formats import Model, read_model
from ncodec.plugin import Coded, Context, Option, Pictures, Stored
from ncodec.store import shipped_model, shipped_models

if TYPE_CHECKING:
    from ncodec.circuit.circuit import Circuit
    from ncodec.media.image import Image

__all__ = ["FAMILY", "VERSION", "PcHclt"]

FAMILY, VERSION = "pc-hclt", 1


class PcHclt(CollectionCodec):
    """Lossless collections of images of one shape, by a circuit trained on such images."""

    codec_id: ClassVar[str] = "pc-hclt"
    bitstream_version: ClassVar[int] = 1
    options: ClassVar[Sequence[Option]] = model_options(
        "a model of `ncodec train pc`; if none, a shipped one that fits"
    )

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Images of one shape and type in chunks, each a segment.

        Raises:
            UsageError: no model fits them.
        """
        from ncodec.circuit.coding import encode_rows

        info = collection_info(images)
        shape = images[0].pixels.shape
        path = options["model"]
        model = _fitting(shape, info.bit_depth) if path is None else read_model(path)
        circuit = _circuit(model.expect(FAMILY, VERSION))
        variables = circuit.variables

        def coded(pixels: NDArray[Any]) -> bytes:
            return encode_rows(circuit, variables.to_rows(pixels))

        if (shape, info.bit_depth) != (variables.shape, variables.bit_depth):
            raise UsageError(
                f"the images are {_described(shape, info.bit_depth)}, the model is for "
                f"{_described(variables.shape, variables.bit_depth)}: train one that fits with "
                "`ncodec train pc DATA -o model.ncm`"
            )
        segments = chunk_segments(images, coded, max(1, CHUNK // variables.count), context)
        return Coded(info, segments, (model_conf(model, options["embed_model"]),))

    def fits(self, shape: tuple[int, ...], bit_depth: int) -> bool:
        return _shipped(shape, bit_depth) is not None

    def open_images(self, stored: Stored, context: Context) -> Pictures:
        from ncodec.circuit.coding import decode_rows

        circuit = _circuit(stored_model(stored).expect(FAMILY, VERSION))

        def decoded(data: bytes, count: int) -> NDArray[Any]:
            return circuit.variables.from_rows(decode_rows(circuit, data, count))

        shape, bit_depth = circuit.variables.shape, circuit.variables.bit_depth
        return Chunks(stored, decoded, shape, bit_depth, context.threads)


@lru_cache(maxsize=2)
def _circuit(data: bytes) -> Circuit:
    """The circuit of a model's data; unpacking a large one takes half a second."""
    from ncodec.circuit.packing import unpack_circuit

    return unpack_circuit(data)


def _shipped(shape: tuple[int, ...], bit_depth: int) -> Model | None:
    """The shipped model for images of this shape, if there is one."""
    for name in shipped_models():
        model = shipped_model(name)
        if model.family == FAMILY:
            variables = _circuit(model.data).variables
            if (variables.shape, variables.bit_depth) == (shape, bit_depth):
                return model
    return None


def _fitting(shape: tuple[int, ...], bit_depth: int) -> Model:
    """The shipped model for images of this shape."""
    if (model := _shipped(shape, bit_depth)) is not None:
        return model
    raise UsageError(
        f"no shipped model fits images of {_described(shape, bit_depth)}: make one with "
        "`ncodec train pc DATA -o model.ncm` and give it with --model"
    )


def _described(shape: tuple[int, ...], bit_depth: int) -> str:
    height, width, channels = shape
    return f"{width}x{height}, {channels} channel{'s' * (channels > 1)}, {bit_depth} bits"
