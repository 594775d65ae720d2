"""The grids and widths of `ngrid` from a budget, and its configuration section; without torch."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from math import ceil, log2, prod

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.video.inr.pictures import RGB, Pictures
from ncodec.video.inr.recipe import default_values
from ncodec.video.inr.shape import GRIDS, Geometry, Shape, check_shape, read_configuration, stages

__all__ = ["MOST_MACS", "NGridShape", "solve_shape", "unpack_shape"]

MOST_MACS = 5000
"""The most multiply-accumulates a pixel of a network, except for pictures of a few pixels."""

NETWORK = 0.2
"""The share of a budget that goes into convolutions: with 0.15 or 0.26 files were worse
(docs/ngrid.md, "Against others")."""

SHARES = (0.3, 0.3, 0.2)
DEPTHS, AT_WIDTH = (5, 4, 2), 24
"""The shares of a budget that the coarsest grids get, and their channels in a network whose first
convolution has `AT_WIDTH`: they grow together. What is left decides how far apart slices are
(docs/ngrid.md, "Network")."""

DEEPENED = 4
"""The factor that a grid's channels grow by at most, where it has a slice a frame already."""

LEAST_WIDTH, MOST_WIDTH = 6, 128
ROUNDED_DOWN = 0.3
"""The share of a stage that may be missing where the number of stages is rounded down."""

FILLED = 0.85
"""The share of a budget that a network should reach: where the best has less, smaller budgets are
tried, too, and the largest network of all is taken."""

LEAST_STAGES, MOST_STAGES = len(SHARES) - 1, 6
STRIDE = 2

_STRIDES, _CHANNELS, _EVERY, _DEPTHS, _PICTURES = range(5)
_MAX_DEPTH, _MAX_EVERY = 1 << 12, 1 << 20


@dataclass(frozen=True)
class NGridShape(Shape):
    """Everything that fixes the decoder's tensors.

    Attributes:
        frames: the segment's.
        channels: those of the first convolution, then of each stage.
        every: the frames from slice to slice of the grids, which the first stages have.
        depths: the channels of each grid.
    """

    frames: int
    channels: tuple[int, ...]
    every: tuple[int, ...]
    depths: tuple[int, ...]

    @property
    def embedding(self) -> None:
        """None: the network knows a frame by its time."""
        return None

    @property
    def grids(self) -> list[tuple[int, ...]]:
        """The shape of each grid: slices, channels, rows, columns."""
        shapes: list[tuple[int, ...]] = []
        (rows, columns), scale = self.geometry.grid, 1
        for every, depth, stride in zip(
            self.every, self.depths, self.geometry.strides, strict=False
        ):
            slices = _slices(self.frames, every)
            shapes.append((slices, depth, rows * scale, columns * scale))
            scale *= stride
        return shapes

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of each tensor of `NGridDecoder`, in its state dict's order."""
        shapes: dict[str, tuple[int, ...]] = {}

        def conv(name: str, channels: int, out: int) -> None:
            shapes[f"{name}.weight"] = (out, channels, 3, 3)
            shapes[f"{name}.bias"] = (out,)

        conv("stem", self.depths[0], self.channels[0])
        joining = [0, *self.depths[1:]]
        for i, stride in enumerate(self.geometry.strides):
            channels = self.channels[i] + sum(joining[i : i + 1])
            conv(f"stages.{i}.conv", channels, self.channels[i + 1] * stride**2)
        conv("head", self.channels[-1], self.pictures.channels)
        return shapes | {f"{GRIDS}{i}": shape for i, shape in enumerate(self.grids)}

    def positions(self, name: str) -> int:
        part, strides = name.split("."), self.geometry.strides
        passed = {"stem": 0, "head": len(strides)}.get(part[0])
        if passed is None:
            passed = int(part[1])
        return prod(self.geometry.grid) * prod(strides[:passed]) ** 2

    def pack(self) -> bytes:
        return cbor.dumps(
            {
                _STRIDES: list(self.geometry.strides),
                _CHANNELS: list(self.channels),
                _EVERY: list(self.every),
                _DEPTHS: list(self.depths),
                _PICTURES: self.pictures.code,
            }
        )


def unpack_shape(section: bytes, info: VideoInfo, frames: int, limits: Limits) -> NGridShape:
    """Reads the shape that `NGridShape.pack` packed, checked before anything is allocated for it.

    `limits` are what a file may ask for; else arguments and errors as of `Architecture.unpack`.
    """
    lists, pictures, _ = read_configuration(section, 4, _PICTURES, limits)
    strides, channels, every, depths = lists
    plausible = (
        stages(strides, channels, extra=1)
        and 1 <= len(every) == len(depths) <= len(strides)
        and all(1 <= e <= _MAX_EVERY for e in every)
        and all(1 <= d <= _MAX_DEPTH for d in depths)
    )
    if not plausible:
        raise DamagedFile(
            f"a network of strides {strides}, channels {channels}, grids of {depths} channels "
            f"every {every} frames cannot be"
        )
    geometry = Geometry(*pictures.size(info), strides)
    shape = NGridShape(geometry, pictures, frames, channels, every, depths)
    check_shape(shape, frames, limits)
    return shape


def solve_shape(
    height: int, width: int, frames: int, values: int, pictures: Pictures = RGB
) -> NGridShape:
    """Grids and network of about so many values, or the smallest.

    The number of stages is such that, at the default number of values, slices of the coarsest
    grid follow each other every few frames. The network is the widest that takes no more than
    `NETWORK` of the values and `MOST_MACS`; the rest goes to the three coarsest grids, whose
    slices are set as far apart as that needs, and which get more channels where even one a frame
    is too few.

    Args:
        height, width: a picture's.
        frames: the segment's.
        values: weights and grid values in all.
        pictures: what the decoder shows.
    """
    samples = height * width
    default = default_values(samples * pictures.factor**2 * frames)
    octaves = log2(samples * frames / (SHARES[0] / 2 * default)) / 2
    count = min(max(ceil(octaves - ROUNDED_DOWN), LEAST_STAGES), MOST_STAGES)
    geometry = Geometry(height, width, (STRIDE,) * count)

    def at(first: int) -> NGridShape:
        return _narrowest(geometry, frames, pictures, first)

    def network(first: int) -> int:
        shape = at(first)
        return sum(prod(s) for n, s in shape.tensors.items() if not n.startswith(GRIDS))

    widths = range(LEAST_WIDTH, MOST_WIDTH)
    most = max(bisect_right(widths, NETWORK * values, key=network) - 1, 0)
    for first in reversed(widths[: most + 1]):
        shape = _filled(at(first), values - network(first))
        if shape.macs_per_pixel <= MOST_MACS:
            break
    else:
        return at(LEAST_WIDTH)
    reached = shape.values(frames)
    if reached >= FILLED * values:
        return shape
    # Deeper grids leave less work to the network: a smaller budget may come to more.
    budgets = [round(reached * share) for share in (0.99, 0.97, 0.95)]
    others = [solve_shape(height, width, frames, budget, pictures) for budget in budgets]
    return max(shape, *others, key=lambda each: each.values(frames))


def _filled(shape: NGridShape, values: float) -> NGridShape:
    """The network with grids of about so many values."""
    every, depths = [], []
    for i, (_, depth, rows, columns) in enumerate(shape.grids):
        share = values * SHARES[i] / sum(SHARES[i : len(shape.depths)])
        step, channels = _fill(share / (rows * columns), depth, shape.frames)
        every.append(step)
        depths.append(channels)
        values -= _slices(shape.frames, step) * channels * rows * columns
    return replace(shape, every=tuple(every), depths=tuple(depths))


def _narrowest(geometry: Geometry, frames: int, pictures: Pictures, first: int) -> NGridShape:
    """A network whose first convolution has `first` channels and whose last stage has half of
    them, with grids of few slices."""
    count = len(geometry.strides)
    channels = tuple(max(round(first * 0.5 ** (i / count)), LEAST_WIDTH) for i in range(count + 1))
    depths = tuple(max(round(depth * first / AT_WIDTH), 1) for depth in DEPTHS[:count])
    every = (max(frames - 1, 1),) * len(depths)
    return NGridShape(geometry, pictures, frames, channels, every, depths)


def _fill(values: float, depth: int, frames: int) -> tuple[int, int]:
    """The frames a slice covers, and the channels, of a grid of about `values` values a place."""
    fewest = _slices(frames, frames)
    slices = max(values / depth, fewest)
    every = min(max(round((frames - 1) / max(slices - 1, 1)), 1), max(frames - 1, 1))
    channels = max(round(values / _slices(frames, every)), 1)
    return every, min(channels, DEEPENED * depth)


def _slices(frames: int, every: int) -> int:
    """The number of slices of a grid: the last frame lies at or before the last one."""
    return -(-(frames - 1) // every) + 1
