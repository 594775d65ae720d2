"""A flow and the circuit of its latents as bytes.

height, width, channels, scales, couplings a scale, hidden channels u16 | length u32
weights and biases of each coupling, one entropy-coded stream of that length
the circuit
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.circuit import Circuit
from ncodec.circuit.flow.couplings import (
    KERNEL,
    LARGEST_BIAS,
    LARGEST_WEIGHT,
    Coupling,
    Flow,
    mask,
)
from ncodec.circuit.packing import pack_circuit, unpack_circuit
from ncodec.errors import DamagedFile
from ncodec.formats import Limits
from ncodec.formats.entropy.tensor import decode_arrays, encode_arrays

__all__ = ["FlowModel"]

_HEADER = struct.Struct("<HHHHHHI")
_LAYERS = 3


@dataclass(frozen=True)
class FlowModel:
    """A model of `pc-idf`: the shape (channels, height, width) of images, their flow, and the prior
    of its latents."""

    shape: tuple[int, int, int]
    flow: Flow
    prior: Circuit

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the latents."""
        channels, height, width = self.shape
        scales = len(self.flow.scales)
        return channels << (2 * scales), height >> scales, width >> scales

    def pack(self) -> bytes:
        channels, height, width = self.shape
        scales = self.flow.scales
        arrays: list[NDArray[Any]] = []
        for couplings in scales:
            for coupling in couplings:
                for weight, bias in zip(coupling.weights, coupling.biases, strict=True):
                    arrays += [weight.astype(np.int32), bias.astype(np.int32)]
        stream = encode_arrays(arrays)
        hidden = len(scales[0][0].biases[0])
        header = (height, width, channels, len(scales), len(scales[0]), hidden, len(stream))
        return _HEADER.pack(*header) + stream + pack_circuit(self.prior)

    @classmethod
    def unpack(cls, data: bytes, limits: Limits | None = None) -> FlowModel:
        """Reads what `pack` wrote.

        Raises:
            DamagedFile: it is something else.
            LimitExceeded: it asks for more parameters than `limits` allow.
        """
        limits = limits or Limits()
        try:
            fields = _HEADER.unpack_from(data)
        except struct.error as error:
            raise DamagedFile(f"a flow's header is damaged: {error}") from None
        height, width, channels, scales, couplings, hidden, length = fields
        step = 1 << scales if scales < 16 else 0
        if not (step and height and width and couplings and hidden and channels in (1, 3)) or (
            height % step or width % step
        ):
            raise DamagedFile(f"a flow's header is damaged: {fields}")
        limits.check("parameters", 9 * scales * couplings * hidden * (hidden + 4**scales * 12))
        masks = [
            mask(index, channels << (2 * scale))
            for scale in range(scales)
            for index in range(couplings)
        ]
        shapes: list[tuple[int, ...]] = []
        for changed in masks:
            widths = [int((~changed).sum()), hidden, hidden, int(changed.sum())]
            for layer in range(_LAYERS):
                shapes += [(widths[layer + 1], widths[layer], KERNEL, KERNEL)]
                shapes += [(widths[layer + 1],)]
        start = _HEADER.size
        flat = decode_arrays(data[start : start + length], [prod(shape) for shape in shapes])
        arrays = [a.astype(np.int64).reshape(s) for a, s in zip(flat, shapes, strict=True)]
        # Larger ones would not be exact any more.
        if any(np.abs(a).max() > LARGEST_WEIGHT for a in arrays[::2]) or any(
            np.abs(a).max() > LARGEST_BIAS for a in arrays[1::2]
        ):
            raise DamagedFile("a flow has weights or biases that are out of range")
        layers = []
        for index, changed in enumerate(masks):
            own = arrays[2 * _LAYERS * index : 2 * _LAYERS * (index + 1)]
            layers.append(Coupling(changed, own[::2], own[1::2]))
        flow = Flow([layers[i : i + couplings] for i in range(0, len(layers), couplings)])
        model = cls((channels, height, width), flow, unpack_circuit(data[start + length :], limits))
        if model.prior.variables.count != channels * height * width:
            raise DamagedFile("a flow's prior has another number of variables than its latents")
        return model
