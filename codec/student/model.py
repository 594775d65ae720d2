"""The content of a student's model file, read without torch.

    CBOR map {"architecture", "teacher", "weights", "preparation", "networks", "rates"}

docs/entropic-student.md lists the fields. Everything that entropy decoding needs is integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.formats import Model, cbor, read_model
from ncodec.formats.entropy.coder import Table
from ncodec.store import shipped_model, shipped_models
from ncodec.student.preparation import Preparation
from ncodec.student.prior import LARGEST_WEIGHT, Channel, Prior
from ncodec.student.shape import Architecture, Layer

__all__ = [
    "DEFAULT",
    "FAMILY",
    "VERSION",
    "Rate",
    "StudentModel",
    "decoder_arrays",
    "find",
    "weight_bytes",
]

FAMILY, VERSION = "entropic-student", 2
DEFAULT = "entropic-lite0"
"""The model that comes with ncodec."""

_HALF, _SINGLE, _WORD = np.dtype("<f2"), np.dtype("<f4"), np.dtype("<u4")


@dataclass(frozen=True)
class Rate:
    """One of a model's rates.

    Attributes:
        beta: the price of a bit that it was trained for.
        gain, inverse: factors of each channel before and after rounding, float32 [channels].
        prior: integer tables.
    """

    beta: float
    gain: NDArray[np.float32]
    inverse: NDArray[np.float32]
    prior: Prior

    def rounded(self, latents: NDArray[np.float32]) -> NDArray[np.int32]:
        """The encoder's output [channels, h, w] as integers around the medians."""
        scaled = latents * self.gain[:, None, None] - self.prior.medians[:, None, None]
        integers: NDArray[np.int32] = np.rint(scaled.clip(-_EDGE, _EDGE)).astype(np.int32)
        return integers

    def restored(self, values: NDArray[np.int32]) -> NDArray[np.float32]:
        """What the decoder network takes, float32 [channels, h, w]."""
        latents: NDArray[np.float32] = (
            values.astype(np.float32) + self.prior.medians[:, None, None]
        ) * self.inverse[:, None, None]
        return latents


_EDGE = float(2**30 - 64)
"""The largest float32 below 2**30: what is clipped to it has at most 31 bits with its sign."""


@dataclass(frozen=True)
class StudentModel:
    """A student: networks, rates, and which teacher's tail it feeds.

    Attributes:
        architecture: its networks'.
        teacher: the teacher's name.
        weights: BLAKE3 of the teacher's weights, hexadecimal.
        preparation: how images are prepared.
        encoder, decoder: weights, as `ncodec.student.network.to_arrays` orders them.
        rates: from most bytes to fewest.
        digest: BLAKE3 of the model file.
    """

    architecture: Architecture
    teacher: str
    weights: str
    preparation: Preparation
    encoder: Sequence[NDArray[np.float16]]
    decoder: Sequence[NDArray[np.float16]]
    rates: Sequence[Rate]
    digest: bytes = b""

    def rate(self, number: int) -> Rate:
        """Rate `number`, from 1, the fewest bytes, up.

        Raises:
            UsageError: there is no such rate.
        """
        if not 1 <= number <= len(self.rates):
            raise UsageError(
                f"rate {number} is not in this model: choose 1, the fewest bytes, "
                f"to {len(self.rates)}"
            )
        return self.rates[-number]

    def pack(self) -> bytes:
        """The data of a model file."""
        shape = self.preparation
        return cbor.dumps(
            {
                "architecture": self.architecture.to_record(),
                "teacher": self.teacher,
                "weights": self.weights,
                "preparation": [shape.outside, shape.side, *shape.mean, *shape.deviation],
                "networks": weight_bytes(self.encoder) + weight_bytes(self.decoder),
                "rates": [_packed(rate) for rate in self.rates],
            }
        )

    @classmethod
    def of(cls, model: Model) -> StudentModel:
        """A student from a model file's content.

        Raises:
            UnsupportedFormat: the model is another family's, newer, or of the first version.
            DamagedFile: its data are not a student.
        """
        content = cbor.loads(model.expect(FAMILY, VERSION), "the model")
        if model.version < VERSION:
            raise UnsupportedFormat(
                f"the model has version {model.version} of {FAMILY}, which no ncodec reads any "
                "more: train it again"
            )
        try:
            architecture = Architecture.from_record(content["architecture"])
            outside, side, *scales = content["preparation"]
            preparation = Preparation(
                int(outside), int(side), tuple(scales[:3]), tuple(scales[3:6])
            )
            networks = content["networks"]
            shapes = _shapes(architecture.encoder, 3, architecture.bias)
            size = sum(map(prod, shapes)) * _HALF.itemsize
            encoder = _split(networks[:size], shapes)
            decoder = decoder_arrays(architecture, networks[size:])
            rates = [_unpacked(record, architecture.latents) for record in content["rates"]]
            teacher, weights = str(content["teacher"]), str(content["weights"])
            if not rates or len(rates) > 255 or preparation.side < 1 or preparation.outside < 1:
                raise ValueError("no rates, or no size")
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise DamagedFile(f"the model is no student ({error}): get another copy") from None
        return cls(
            architecture, teacher, weights, preparation, encoder, decoder, rates, model.digest
        )


def find(model: str | Path | Model | StudentModel | None) -> tuple[StudentModel, bool]:
    """The student in a file, or a shipped one by name; whether it comes with ncodec.

    Raises:
        InputError, UnsupportedFormat, DamagedFile: the file holds no student.
    """
    if isinstance(model, StudentModel):
        return model, False
    if isinstance(model, Model):
        return StudentModel.of(model), False
    if model is None or str(model) in shipped_models():
        return StudentModel.of(shipped_model(str(model or DEFAULT))), True
    return StudentModel.of(read_model(model)), False


def _shapes(layers: Sequence[Layer], inputs: int, bias: bool) -> list[tuple[int, ...]]:
    """The shapes of a network's weights, in order."""
    shapes: list[tuple[int, ...]] = []
    for number, layer in enumerate(layers):
        out = layer.channels * layer.up**2
        shapes.append((out, inputs, layer.kernel, layer.kernel))
        if bias:
            shapes.append((out,))
        if number + 1 < len(layers):
            shapes += [(layer.channels,), (layer.channels, layer.channels)]
        inputs = layer.channels
    return shapes


def weight_bytes(arrays: Sequence[NDArray[np.float16]]) -> bytes:
    """The weights one after another, float16."""
    return b"".join(array.astype(_HALF).tobytes() for array in arrays)


def decoder_arrays(architecture: Architecture, data: bytes) -> list[NDArray[np.float16]]:
    """The weights of a decoder from float16 in a row; ValueError for another number of them."""
    return _split(data, _shapes(architecture.decoder, architecture.latents, architecture.bias))


def _split(data: bytes, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float16]]:
    values = np.frombuffer(data, _HALF)
    ends = np.cumsum([prod(shape) for shape in shapes])
    if len(values) != ends[-1]:
        raise ValueError("networks of another size")
    parts = np.split(values, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _packed(rate: Rate) -> dict[str, Any]:
    prior = rate.prior
    return {
        "beta": rate.beta,
        "gain": rate.gain.astype(_SINGLE).tobytes(),
        "inverse": rate.inverse.astype(_SINGLE).tobytes(),
        "medians": prior.medians.astype(_SINGLE).tobytes(),
        "channels": [
            [
                channel.first,
                [*channel.sources],
                [*channel.weights],
                [*channel.thresholds],
                b"".join(t.frequencies.astype(_WORD).tobytes() for t in channel.tables),
                channel.differences,
            ]
            for channel in prior.channels
        ],
    }


def _unpacked(record: Any, channels: int) -> Rate:
    gain, inverse, medians = (
        np.frombuffer(record[name], _SINGLE).astype(np.float32)
        for name in ("gain", "inverse", "medians")
    )
    if {len(part) for part in (gain, inverse, medians, record["channels"])} != {channels}:
        raise ValueError("a rate of other channels")
    models = [_channel(number, *entry) for number, entry in enumerate(record["channels"])]
    return Rate(float(record["beta"]), gain, inverse, Prior(medians, models))


def _channel(
    number: int,
    first: int,
    sources: list[int],
    weights: list[int],
    thresholds: list[int],
    data: bytes,
    differences: bool,
) -> Channel:
    if not all(type(n) is int for n in (first, *sources, *weights, *thresholds)):
        raise ValueError("a channel of numbers that are no integers")
    if abs(first) >= 1 << 20 or thresholds != sorted(set(thresholds)):
        raise ValueError("a channel's values or thresholds are out of order")
    known = all(0 <= source < number for source in sources)
    if not known or not all(1 <= weight <= LARGEST_WEIGHT for weight in weights):
        raise ValueError("a channel depends on one that is not known yet")
    if (
        len(sources) != len(weights)
        or len(thresholds) > 255
        or max((abs(t) for t in thresholds), default=0) >= 1 << 31
    ):
        raise ValueError("a channel's weights do not match")
    tables = np.frombuffer(data, _WORD).astype(np.int64).reshape(len(thresholds) + 1, -1)
    return Channel(
        first, sources, weights, thresholds, [Table(row) for row in tables], bool(differences)
    )
