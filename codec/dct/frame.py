"""The components of a picture and where their blocks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ZIGZAG", "Component", "Frame"]


def _zigzag() -> NDArray[Any]:
    places = [(u + v, v if (u + v) % 2 else u, 8 * v + u) for v in range(8) for u in range(8)]
    return np.array([natural for _, _, natural in sorted(places)], dtype=np.int64)


ZIGZAG = _zigzag()
"""The place in natural order, 8 v + u, of each coefficient in zigzag order."""


@dataclass(frozen=True)
class Component:
    """A component of the frame, and its array of blocks.

    Attributes:
        name: the identifier in the file.
        across, down: sampling factors.
        quantiser: number of the table of quantisers.
        columns, rows: blocks that hold samples of the picture.
        stride, padded: blocks a row and rows of blocks, with those that only fill MCUs.
        first: the number of the blocks of the components before.
    """

    name: int
    across: int
    down: int
    quantiser: int
    columns: int
    rows: int
    stride: int
    padded: int
    first: int


@dataclass(frozen=True)
class Frame:
    """What SOF says: size in samples, components, and whether scans are progressive."""

    width: int
    height: int
    progressive: bool
    components: tuple[Component, ...]
    mcus: tuple[int, int]

    @property
    def blocks(self) -> int:
        """The blocks of all components, padding included."""
        last = self.components[-1]
        return last.first + last.stride * last.padded
