"""HNeRV's widths from a parameter budget, and what a decoder of them costs. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt

from ncodec.video.geometry import Geometry

__all__ = ["Shape", "solve_shape"]

EMBEDDING_CHANNELS = 16
REDUCTION = 1.2
LOWER_WIDTH = 12
KERNEL_MIN, KERNEL_MAX = 1, 5
ENCODER_WIDTH = 64
"""The paper's settings (HNeRV, section 4.1): d, r, and the kernels 1, 3, 5, 5, 5."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that fixes the decoder's tensors.

    Attributes:
        geometry: frame size and strides.
        channels: embedding, stem, then each stage.
        kernels: side of each stage's convolution.
    """

    geometry: Geometry
    channels: tuple[int, ...]
    kernels: tuple[int, ...]

    @property
    def encoder_dims(self) -> tuple[int, ...]:
        """Widths of the encoder's stages, the last being the embedding's."""
        return (ENCODER_WIDTH,) * (len(self.kernels) - 1) + (self.channels[0],)

    @property
    def embedding(self) -> tuple[int, int, int]:
        """Shape of one frame's embedding: channels, rows, columns."""
        return (self.channels[0], *self.geometry.grid)

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each tensor of `HNeRVDecoder`, in its state dict's order."""
        shapes: dict[str, tuple[int, ...]] = {}

        def conv(name: str, channels: int, out: int, kernel: int) -> None:
            shapes[f"{name}.weight"] = (out, channels, kernel, kernel)
            shapes[f"{name}.bias"] = (out,)

        conv("stem", self.channels[0], self.channels[1], 1)
        for i, (stride, kernel) in enumerate(zip(self.geometry.strides, self.kernels, strict=True)):
            out = self.channels[i + 2] * stride**2
            conv(f"stages.{i}.conv", self.channels[i + 1], out, kernel)
        conv("head", self.channels[-1], 3, 3)
        return shapes

    @property
    def parameters(self) -> int:
        """Decoder weights and biases, without embeddings."""
        return sum(prod(shape) for shape in self.tensors.values())

    def values(self, frames: int) -> int:
        """Parameters, and the embeddings of so many frames."""
        return self.parameters + frames * prod(self.embedding)

    @property
    def macs_per_pixel(self) -> float:
        """Multiply-accumulates of the decoder for one sample of the unpadded frame."""
        rows, columns = self.geometry.grid
        positions, total = rows * columns, 0
        for name, shape in self.tensors.items():
            if not name.endswith("weight"):
                continue
            total += positions * prod(shape)
            if name.startswith("stages"):
                positions *= self.geometry.strides[int(name.split(".")[1])] ** 2
        return total / (self.geometry.height * self.geometry.width)


def solve_shape(geometry: Geometry, frames: int, parameters: int) -> Shape:
    """The widest decoder whose weights and embeddings come to about `parameters` values.

    The paper's solver: embeddings are counted first, then the stem's width is the larger root
    of the quadratic that approximates the decoder's weights. The true count differs a little,
    because widths are rounded and never under `LOWER_WIDTH`.

    Args:
        geometry: frame size and strides.
        frames: frames that get an embedding.
        parameters: decoder weights plus embedding values.
    """
    strides, q = geometry.strides, 1 / REDUCTION
    kernels = tuple(min(KERNEL_MIN + 2 * i, KERNEL_MAX) for i in range(len(strides)))
    embeddings = EMBEDDING_CHANNELS * prod(geometry.grid) * frames
    a = q * sum(
        q ** (2 * i) * s**2 * k**2 for i, (s, k) in enumerate(zip(strides, kernels, strict=True))
    )
    # 9d is the authors' count of the stem, although it is a 1x1 convolution: kept, as it
    # decides the published widths.
    b = 9 * EMBEDDING_CHANNELS
    c = max(parameters - embeddings, 0)
    stem = max(int((sqrt(b**2 + 4 * a * c) - b) / (2 * a)), 1)
    return Shape(geometry, widths(stem, len(strides)), kernels)


def widths(stem: int, stages: int) -> tuple[int, ...]:
    """Channels of embedding, stem and stages for a stem width (`fc_dim` in the paper)."""
    channels = [EMBEDDING_CHANNELS, stem]
    for _ in range(stages):
        channels.append(max(round(channels[-1] / REDUCTION), LOWER_WIDTH))
    return tuple(channels)
