"""Small images of one shape as sheets: several in one picture, which learn from each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile
from ncodec.media.collection import ArrayCollection, Collection
from ncodec.media.image import Image, Metadata

__all__ = ["SheetGrid", "Sheets"]

SIDE = 512
"""Pixels of a sheet each way at most, unless it has one image: those of a tile of `pc-photo`, so
that an image decodes with one tile."""


@dataclass(frozen=True, slots=True)
class SheetGrid:
    """Where images of one size are in sheets: row by row, as many as fit.

    Attributes:
        count: images in all.
        width, height: of each, in pixels.
        across, down: how many a sheet has each way at most.
    """

    count: int
    width: int
    height: int
    across: int
    down: int

    @classmethod
    def of(cls, count: int, width: int, height: int) -> SheetGrid:
        """The grid of `count` images of this size."""
        across = min(max(1, SIDE // width), count)
        down = min(max(1, SIDE // height), -(-count // across))
        return cls(count, width, height, across, down)

    def to_record(self) -> list[int]:
        return [self.width, self.height, self.across, self.down]

    @classmethod
    def from_record(cls, count: int, record: Any) -> SheetGrid:
        """The grid of which `to_record` made `record`; DamagedFile for anything else."""
        sound = isinstance(record, list | tuple) and len(record) == 4
        if not sound or not all(type(number) is int and number > 0 for number in record):
            raise DamagedFile(f"the file has sheets of the sizes {record!r:.80}: get another copy")
        return cls(count, *record)

    @property
    def together(self) -> int:
        """How many images a sheet has, the last one aside."""
        return self.across * self.down

    @property
    def sheets(self) -> int:
        return -(-self.count // self.together)

    def place(self, index: int) -> tuple[int, int, int]:
        """The sheet of image `index`, and the column and row of its first pixel there."""
        sheet, within = divmod(index, self.together)
        row, column = divmod(within, self.across)
        return sheet, column * self.width, row * self.height


class Sheets(Collection):
    """An array as sheets of its images; what a last row has no images for is zero."""

    kind = "npy"
    names = ()

    def __init__(self, array: ArrayCollection) -> None:
        count, height, width, _ = array.samples.shape
        self.grid = SheetGrid.of(count, width, height)
        self.source, self._array = array.source, array
        self.layout: dict[str, Any] = dict(array.layout) | {"sheets": self.grid.to_record()}

    @property
    def metadata(self) -> tuple[Metadata, ...]:
        return self._array.metadata[: len(self)]

    def __len__(self) -> int:
        return self.grid.sheets

    def _image(self, index: int) -> Image:
        grid, samples = self.grid, self._array.samples
        first = index * grid.together
        images = samples[first : first + grid.together]
        if grid.together == 1:
            return self._array.image(images[0])
        rows = -(-len(images) // grid.across)
        height, width, channels = images.shape[1:]
        whole = np.zeros((rows * grid.across, height, width, channels), samples.dtype)
        whole[: len(images)] = images
        cells = whole.reshape(rows, grid.across, height, width, channels)
        return self._array.image(
            cells.transpose(0, 2, 1, 3, 4).reshape(rows * height, grid.across * width, channels)
        )


def is_array(layout: Mapping[str, Any]) -> bool:
    """Whether images that came with this layout are those of an array."""
    return layout.get("kind") in ("npy", "idx")
