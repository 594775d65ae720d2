"""What fixes a decoder's tensors: the common part of every architecture. No torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod

from ncodec.video.geometry import Geometry
from ncodec.video.pictures import Pictures

__all__ = ["GRIDS", "Shape"]

GRIDS = "grids."
"""How the names of a decoder's grids along time start: they are its last tensors."""


@dataclass(frozen=True)
class Shape(ABC):
    """A decoder before its weights; an architecture adds its widths.

    Attributes:
        geometry: size of the pictures, and strides.
        pictures: what the decoder shows.
    """

    geometry: Geometry
    pictures: Pictures

    @property
    @abstractmethod
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each of the decoder's tensors, in its state dict's order."""

    @abstractmethod
    def positions(self, name: str) -> int:
        """At how many places of a picture the weight `name` is applied."""

    @property
    @abstractmethod
    def embedding(self) -> tuple[int, ...] | None:
        """Shape of one frame's embedding, or None where the decoder knows frames by their time."""

    @abstractmethod
    def pack(self) -> bytes:
        """The configuration section; the frame size is in the file's header."""

    @property
    def parameters(self) -> int:
        """Decoder weights and biases, without embeddings."""
        return sum(prod(shape) for shape in self.tensors.values())

    @property
    def weights(self) -> int:
        """How many of the tensors are no grids: these are coded as weights."""
        return sum(not name.startswith(GRIDS) for name in self.tensors)

    def values(self, frames: int) -> int:
        """Parameters, and the embeddings of so many frames."""
        return self.parameters + (frames * prod(self.embedding) if self.embedding else 0)

    @property
    def macs_per_pixel(self) -> float:
        """Multiply-accumulates of the decoder for one pixel of the unpadded frame."""
        total = sum(
            self.positions(name) * prod(shape)
            for name, shape in self.tensors.items()
            if name.endswith("weight")
        )
        return total / (self.geometry.height * self.geometry.width * self.pictures.factor**2)
