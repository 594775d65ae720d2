"""A decoder before its weights: sizes, strides, what its tensors are, and how that is written.

No torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2, prod
from typing import Any

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, cbor
from ncodec.video.inr.pictures import PICTURES, RGB, Pictures

__all__ = [
    "GRIDS",
    "MAX_KERNEL",
    "STAGES",
    "Geometry",
    "Shape",
    "check_shape",
    "choose_geometry",
    "read_configuration",
    "stages",
]


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


PUBLISHED = {
    (640, 1280): (5, 4, 4, 2, 2),
    (480, 960): (5, 4, 3, 2, 2),
    (960, 1920): (5, 4, 4, 3, 2),
    (720, 1280): (5, 2, 2, 2, 2),
    (1080, 1920): (5, 3, 2, 2, 2),
}
"""Strides of the paper's experiments by (height, width) (HNeRV, section 4.1)."""

STAGES = 5
POSITIONS = 8
"""Embedding positions a frame, as the paper's 2x4 grid."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A frame of `height` x `width`, padded right and below to a multiple of the strides.

    The encoder downsamples by `strides` from the padded frame to the embedding grid, the
    decoder upsamples by the same strides, first to last.
    """

    height: int
    width: int
    strides: tuple[int, ...]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the embedding."""
        total = prod(self.strides)
        return ceil(self.height / total), ceil(self.width / total)

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width that the network computes."""
        total = prod(self.strides)
        rows, columns = self.grid
        return rows * total, columns * total


def choose_geometry(height: int, width: int, stages: int = STAGES) -> Geometry:
    """The published strides where the paper has them, otherwise those that waste least.

    The search weighs padded samples that carry no picture against the distance, in octaves,
    from the paper's number of embedding positions.
    """
    if stages == STAGES and (height, width) in PUBLISHED:
        return Geometry(height, width, PUBLISHED[height, width])

    def badness(strides: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
        geometry = Geometry(height, width, strides)
        waste = log2(prod(geometry.padded) / (height * width))
        distance = abs(log2(prod(geometry.grid) / POSITIONS))
        return 2 * waste + 0.25 * distance, strides

    return Geometry(height, width, min(_descending(stages, 5), key=badness))


def _descending(stages: int, largest: int) -> Iterator[tuple[int, ...]]:
    """Stride lists of a length, largest first; a stride of 1 is a stage that only convolves."""
    if stages == 0:
        yield ()
        return
    for first in range(1, largest + 1):
        for rest in _descending(stages - 1, first):
            yield (first, *rest)


MAX_KERNEL = 15
_MAX_STAGES, _MAX_STRIDE, _MAX_WIDTH = 8, 16, 1 << 14


def read_configuration(
    section: bytes, lists: int, pictures_key: int, limits: Limits, flag_key: int | None = None
) -> tuple[list[tuple[int, ...]], Pictures, bool]:
    """The lists of integers under the keys 0, 1, ..., what the network shows, and whether the
    map has the flag.

    Raises:
        DamagedFile: not a map of `lists` lists and, if it is there, a known `pictures_key`.
    """
    fields = cbor.loads(section, "the network's configuration", limits)
    if not isinstance(fields, dict) or set(fields) - {pictures_key, flag_key} != set(range(lists)):
        raise DamagedFile("the network's configuration has wrong keys")
    code = fields.get(pictures_key, RGB.code)
    if type(code) is not int or code not in PICTURES:
        raise DamagedFile("the network's configuration asks for unknown pictures")
    flag = fields.get(flag_key, 1)
    if type(flag) is not int or flag != 1:
        raise DamagedFile("the network's configuration has a flag that is not 1")
    return [_integers(fields[key]) for key in range(lists)], PICTURES[code], flag_key in fields


def stages(strides: tuple[int, ...], channels: tuple[int, ...], extra: int) -> bool:
    """Whether these can be a decoder's strides and, with `extra` more, its widths."""
    return (
        1 <= len(strides) <= _MAX_STAGES
        and len(channels) == len(strides) + extra
        and all(1 <= s <= _MAX_STRIDE for s in strides)
        and all(1 <= c <= _MAX_WIDTH for c in channels)
    )


def check_shape(shape: Shape, frames: int, limits: Limits) -> None:
    """Raises LimitExceeded for more parameters or pixels than the limits allow."""
    limits.check("frame_pixels", prod(shape.geometry.padded))
    limits.check("parameters", shape.values(frames))


def _integers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(v) is int for v in value):
        raise DamagedFile("the network's configuration holds other things than lists of integers")
    return tuple(value)
