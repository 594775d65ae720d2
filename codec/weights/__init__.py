"""Networks as integers: quantisers and their coded form, shared by every codec that sends one."""

from ncodec.weights.bitstream import pack_tensors, unpack_tensors
from ncodec.weights.quantize import (
    AffineTensor,
    QuantizedTensor,
    SteppedTensor,
    affine,
    step_index,
    stepped,
)

__all__ = [
    "AffineTensor",
    "QuantizedTensor",
    "SteppedTensor",
    "affine",
    "pack_tensors",
    "step_index",
    "stepped",
    "unpack_tensors",
]
