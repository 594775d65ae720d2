"""The layers that an encoder and a decoder are made of, for each cut of a teacher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ncodec.errors import DamagedFile

__all__ = ["LITE", "PAPER", "Architecture", "Layer"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution; GDN1, in the decoder its inverse, follows all but the last.

    Attributes:
        channels: the number that comes out.
        kernel, stride, padding: in samples.
        up: the factor that the sides grow by, by a pixel shuffle behind the convolution.
    """

    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    up: int = 1

    def with_channels(self, channels: int) -> Layer:
        """The same layer with another number of channels."""
        return replace(self, channels=channels)

    def side(self, side: int) -> int:
        """The samples that come out of a side of so many."""
        return ((side + 2 * self.padding - self.kernel) // self.stride + 1) * self.up

    def parameters(self, inputs: int) -> int:
        """The number of weights of the convolution alone, `inputs` channels coming in."""
        return inputs * self.channels * (self.kernel * self.up) ** 2


@dataclass(frozen=True, slots=True)
class Architecture:
    """Encoder, from RGB to latents, and decoder, from latents to the teacher's features.

    Attributes:
        encoder, decoder: layers in order.
        bias: whether convolutions have biases. Without, GDN1 leaves every network an odd function:
            the negative of an image has the negative of its features.
        picture: the decoder ends in a normalised picture, which the teacher's own first stage turns
            into the features.
    """

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    bias: bool = False
    picture: bool = False

    @property
    def latents(self) -> int:
        """The number of channels of the latents."""
        return self.encoder[-1].channels

    def latent_side(self, side: int) -> int:
        """The number of latents along a side of so many pixels; 0 or less where it is too short."""
        for layer in self.encoder:
            side = layer.side(side)
        return side

    def to_record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_record(cls, record: Any) -> Architecture:
        """The architecture of which `to_record` made `record`; DamagedFile for anything else."""
        try:
            encoder, decoder = (_layers(record[name]) for name in ("encoder", "decoder"))
            bias, picture = bool(record["bias"]), bool(record["picture"])
        except (KeyError, TypeError):
            raise DamagedFile("the model does not describe its layers: get another copy") from None
        return cls(encoder, decoder, bias, picture)


def _layers(records: Sequence[Mapping[str, Any]]) -> tuple[Layer, ...]:
    layers = tuple(Layer(**record) for record in records)
    for layer in layers:
        values = [layer.channels, layer.kernel, layer.stride, layer.up]
        if any(type(v) is not int or not 1 <= v <= 4096 for v in values) or (
            type(layer.padding) is not int or not 0 <= layer.padding <= 64
        ):
            raise DamagedFile(f"the model has a layer of {layer}: get another copy")
    if not 1 <= len(layers) <= 16:
        raise DamagedFile(f"the model has {len(layers)} layers in a row: get another copy")
    return layers


PAPER = Architecture(
    (Layer(96, 5, 2, 2), Layer(48, 5, 2, 2), Layer(24, 2)),
    (Layer(512, 2, 1, 1), Layer(256, 2), Layer(256, 2, 1, 1)),
)
"""The architecture for ResNets cut after layer1 (arXiv 2108.11898); 24 latents at stride 4."""

LITE = Architecture(
    (Layer(48, 9, 4, 4), Layer(96, 4, 2, 1), Layer(96, 3, 1, 1)),
    (Layer(96, 3, 1, 1), Layer(48, 3, 1, 1, 2), Layer(3, 3, 1, 1, 4)),
    bias=True,
    picture=True,
)
"""The architecture for EfficientNet-Lite0 cut at the same stride 4; 96 latents at stride 8, which
begin as the transform of `ncodec.student.transform`."""
