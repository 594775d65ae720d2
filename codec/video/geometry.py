"""Upsampling strides and padding: which embedding grid a frame size gets. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2, prod

__all__ = ["STAGES", "Geometry", "choose_geometry"]

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
