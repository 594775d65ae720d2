"""HNeRV's widths from a parameter budget, and its configuration section; without torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.video.inr.pictures import RGB, Pictures
from ncodec.video.inr.shape import (
    MAX_KERNEL,
    Geometry,
    Shape,
    check_shape,
    read_configuration,
    stages,
)

__all__ = ["HNeRVShape", "solve_shape", "unpack_shape"]

EMBEDDING_CHANNELS = 16
REDUCTION = 1.2
LOWER_WIDTH = 12
KERNEL_MIN, KERNEL_MAX = 1, 5
ENCODER_WIDTH = 64
"""The paper's settings (HNeRV, section 4.1): d, r, and the kernels 1, 3, 5, 5, 5."""

SMALL_KERNEL = 3
"""The largest kernel of a decoder with skips: both together spare bits and time (docs/hnerv.md,
"Network")."""

_STRIDES, _CHANNELS, _KERNELS, _PICTURES, _SKIPS = range(5)


@dataclass(frozen=True)
class HNeRVShape(Shape):
    """Everything that fixes the decoder's tensors.

    Attributes:
        channels: those of the embedding, of the stem, then of each stage.
        kernels: the side of each stage's convolution.
        skips: whether each stage adds its input, enlarged, which the paper's does not.
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    skips: bool = False

    @property
    def encoder_dims(self) -> tuple[int, ...]:
        """The widths of the encoder's stages, the last being the embedding's."""
        return (ENCODER_WIDTH,) * (len(self.kernels) - 1) + (self.channels[0],)

    @property
    def embedding(self) -> tuple[int, int, int]:
        """The shape of one frame's embedding: channels, rows, columns."""
        return (self.channels[0], *self.geometry.grid)

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of each tensor of `HNeRVDecoder`, in its state dict's order."""
        shapes: dict[str, tuple[int, ...]] = {}

        def conv(name: str, channels: int, out: int, kernel: int) -> None:
            shapes[f"{name}.weight"] = (out, channels, kernel, kernel)
            shapes[f"{name}.bias"] = (out,)

        conv("stem", self.channels[0], self.channels[1], 1)
        for i, (stride, kernel) in enumerate(zip(self.geometry.strides, self.kernels, strict=True)):
            out = self.channels[i + 2] * stride**2
            conv(f"stages.{i}.conv", self.channels[i + 1], out, kernel)
        conv("head", self.channels[-1], self.pictures.channels, 3)
        return shapes

    def positions(self, name: str) -> int:
        stage, strides = name.split("."), self.geometry.strides
        above = {"stem": 0, "head": len(strides)}.get(stage[0])
        passed = int(stage[1]) if above is None else above
        return prod(self.geometry.grid) * prod(strides[:passed]) ** 2

    def pack(self) -> bytes:
        fields: dict[int, int | list[int]] = {
            _STRIDES: list(self.geometry.strides),
            _CHANNELS: list(self.channels),
            _KERNELS: list(self.kernels),
        }
        if self.pictures is not RGB:  # as version 1 wrote it
            fields[_PICTURES] = self.pictures.code
        if self.skips:
            fields[_SKIPS] = 1
        return cbor.dumps(fields)


def unpack_shape(section: bytes, info: VideoInfo, frames: int, limits: Limits) -> HNeRVShape:
    """Reads the shape that `HNeRVShape.pack` packed, checked before anything is allocated for it.

    `limits` are what a file may ask for; else arguments and errors as of `Architecture.unpack`.
    """
    lists, pictures, skips = read_configuration(section, 3, _PICTURES, limits, _SKIPS)
    strides, channels, kernels = lists
    plausible = (
        stages(strides, channels, extra=2)
        and len(kernels) == len(strides)
        and all(1 <= k <= MAX_KERNEL and k % 2 for k in kernels)
    )
    if not plausible:
        raise DamagedFile(
            f"a network of strides {strides}, channels {channels}, kernels {kernels} cannot be"
        )
    geometry = Geometry(*pictures.size(info), strides)
    shape = HNeRVShape(geometry, pictures, channels, kernels, skips)
    check_shape(shape, frames, limits)
    return shape


def solve_shape(
    geometry: Geometry,
    frames: int,
    parameters: int,
    pictures: Pictures = RGB,
    skips: bool = False,
) -> HNeRVShape:
    """The widest decoder whose weights and embeddings come to about `parameters` values.

    The paper's solver: embeddings are counted first, then the stem's width is the larger root
    of the quadratic that approximates the decoder's weights. The true count differs a little,
    because widths are rounded and never under `LOWER_WIDTH`.

    Args:
        geometry: frame size and strides.
        frames: frames that get an embedding.
        parameters: decoder weights plus embedding values.
        pictures: what the decoder shows.
        skips: with skips and small kernels instead of the paper's.
    """
    strides, q = geometry.strides, 1 / REDUCTION
    largest = SMALL_KERNEL if skips else KERNEL_MAX
    kernels = tuple(min(KERNEL_MIN + 2 * i, largest) for i in range(len(strides)))
    embeddings = EMBEDDING_CHANNELS * prod(geometry.grid) * frames
    a = q * sum(
        q ** (2 * i) * s**2 * k**2 for i, (s, k) in enumerate(zip(strides, kernels, strict=True))
    )
    # 9d is the authors' count of the stem, although it is a 1x1 convolution: kept, as it
    # decides the published widths.
    b = 9 * EMBEDDING_CHANNELS
    c = max(parameters - embeddings, 0)
    stem = max(int((sqrt(b**2 + 4 * a * c) - b) / (2 * a)), 1)
    return HNeRVShape(geometry, pictures, widths(stem, len(strides)), kernels, skips)


def widths(stem: int, stages: int) -> tuple[int, ...]:
    """The channels of embedding, stem and stages for a stem width (`fc_dim` in the paper)."""
    channels = [EMBEDDING_CHANNELS, stem]
    for _ in range(stages):
        channels.append(max(round(channels[-1] / REDUCTION), LOWER_WIDTH))
    return tuple(channels)
