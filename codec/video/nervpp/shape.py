"""NeRV++'s widths from a parameter budget, and its configuration section; without torch."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from math import prod

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.video.inr.pictures import RGB, Pictures
from ncodec.video.inr.shape import Geometry, Shape, check_shape, read_configuration, stages

__all__ = ["HIDDEN", "VARIANTS", "WIDTH", "NeRVppShape", "solve_shape", "unpack_shape"]

ENCODING = 80
"""The number of values of a time's positional encoding, see `ncodec.video.nervpp.network`."""

HIDDEN = 512
WIDTH = 80
"""The published hidden width of the stem, and the least width of all stages but the first."""

LEAST_HIDDEN, LEAST_WIDTH = 16, 4
STEM_SHARE = 3
"""The share of a solved stem is at most about one part in so many of all weights (docs/nervpp.md,
"Network")."""

VARIANTS = ("paper", "public")
"""The networks by their code in the file: the paper's, and that of the authors' repository."""

_STRIDES, _CHANNELS, _VARIANT, _PICTURES = range(4)
_MAX_CHANNELS = 1 << 12


@dataclass(frozen=True)
class NeRVppShape(Shape):
    """Everything that fixes the decoder's tensors.

    Attributes:
        channels: the hidden width of the stem, the channels of its grid, then of each stage.
        variant: a name of `VARIANTS`.
    """

    channels: tuple[int, ...]
    variant: str = VARIANTS[0]

    @property
    def embedding(self) -> None:
        """None: the network knows a frame by its time."""
        return None

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of each tensor of `NeRVppDecoder`, in its state dict's order."""
        shapes: dict[str, tuple[int, ...]] = {}
        public = self.variant == "public"

        def layer(name: str, *weight: int) -> None:
            shapes[f"{name}.weight"] = weight
            shapes[f"{name}.bias"] = weight[:1]

        def separable(name: str, width: int) -> None:
            layer(f"{name}.depthwise", width, 1, 3, 3)
            layer(f"{name}.expand", width, width, 1, 1)
            layer(f"{name}.project", width, width, 1, 1)

        def gated(name: str, width: int) -> None:
            inner = 8 * width // 3
            layer(f"{name}.expand", 2 * inner, width, 1, 1)
            layer(f"{name}.depthwise", width, 1, 5, 5)
            layer(f"{name}.project", width, inner, 1, 1)

        hidden, *channels = self.channels
        layer("stem.hidden", 2 * hidden if public else hidden, ENCODING)
        layer("stem.grid", channels[0] * prod(self.geometry.grid), hidden)
        for i, stride in enumerate(self.geometry.strides):
            width = channels[i + 1]
            layer(f"stages.{i}.enter", width, channels[i], 1, 1)
            (gated if public else separable)(f"stages.{i}.before", width)
            layer(f"stages.{i}.up", width * stride**2, width, 3, 3)
            separable(f"stages.{i}.after", width)
        kernel = 1 if public else 3
        layer("head", self.pictures.channels, channels[-1], kernel, kernel)
        return shapes

    def positions(self, name: str) -> int:
        part, strides = name.split("."), self.geometry.strides
        if part[0] == "stem":
            return 1
        passed = len(strides)
        if part[0] == "stages":
            passed = int(part[1]) + (part[2] == "after")
        return prod(self.geometry.grid) * prod(strides[:passed]) ** 2

    def pack(self) -> bytes:
        return cbor.dumps(
            {
                _STRIDES: list(self.geometry.strides),
                _CHANNELS: list(self.channels),
                _VARIANT: [VARIANTS.index(self.variant)],
                _PICTURES: self.pictures.code,
            }
        )


def unpack_shape(section: bytes, info: VideoInfo, frames: int, limits: Limits) -> NeRVppShape:
    """Reads the shape that `NeRVppShape.pack` packed, checked before anything is allocated for it.

    `limits` are what a file may ask for; else arguments and errors as of `Architecture.unpack`.
    """
    lists, pictures, _ = read_configuration(section, 3, _PICTURES, limits)
    strides, channels, variant = lists
    known = len(variant) == 1 and 0 <= variant[0] < len(VARIANTS)
    if not (stages(strides, channels, extra=2) and known):
        raise DamagedFile(
            f"a network of strides {strides}, channels {channels}, variant {variant} cannot be"
        )
    geometry = Geometry(*pictures.size(info), strides)
    shape = NeRVppShape(geometry, pictures, channels, VARIANTS[variant[0]])
    check_shape(shape, frames, limits)
    return shape


def solve_shape(
    geometry: Geometry,
    frames: int,
    parameters: int,
    pictures: Pictures = RGB,
    width: int | None = None,
    hidden: int | None = None,
    variant: str = VARIANTS[0],
) -> NeRVppShape:
    """The widest decoder of at most about `parameters` weights, or the narrowest.

    The published networks grow by the channels of the stem's grid alone, over stages of 80
    channels that cost 1.1 M weights whatever the size. Where `width` is None all stages get
    the width of the grid instead, up to 80, and from there on the grid alone grows.

    The published stem has 512 hidden values, up to two thirds of all weights. Where `hidden`
    is None it gets no more than a third of them, and no more hidden values than there are
    frames: so many suffice for features of its own for every frame. The last few per cent of
    the budget are filled with hidden values, as far as there may be more.

    Args:
        geometry: picture size and strides.
        frames: the number that the decoder shows.
        parameters: weights of the decoder.
        pictures: what the decoder shows.
        width: least width of the stages after the first; 80 in the paper.
        hidden: of the stem; 512 in the paper.
        variant: a name of `VARIANTS`.
    """
    most = max(LEAST_HIDDEN, min(HIDDEN, frames))

    def count(hidden: int, channels: tuple[int, ...]) -> int:
        return NeRVppShape(geometry, pictures, (hidden, *channels), variant).parameters

    def fill(values: int, channels: tuple[int, ...]) -> int:
        """The number of hidden values of a stem of about so many weights."""
        each = count(2, channels) - count(1, channels)
        return max(LEAST_HIDDEN, min(most, values // each))

    def channels(step: int) -> tuple[int, ...]:
        # Without a given width first the later stages widen by one, then the grid.
        grid, floor = (step, width) if width else (step // 2, min((step + 1) // 2, WIDTH))
        later = accumulate(geometry.strides[1:], lambda c, _: max(c // 2, floor), initial=grid)
        return (grid, *later)

    def at(step: int) -> int:
        widths = channels(step)
        if hidden is not None:
            return count(hidden, widths)
        others = count(1, widths)
        return count(fill(others // (STEM_SHARE - 1), widths), widths)

    first = 1 if width else 2 * LEAST_WIDTH
    steps = range(first, _MAX_CHANNELS)
    step = steps[max(bisect_right(steps, parameters, key=at) - 1, 0)]
    widths = channels(step)
    if hidden is None:
        hidden = fill(parameters - count(1, widths), widths)
    return NeRVppShape(geometry, pictures, (hidden, *widths), variant)
