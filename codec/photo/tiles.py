"""How an image is cut into tiles that decode on their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from ncodec.errors import DamagedFile
from ncodec.plugin import Region

__all__ = ["SIDES", "Grid"]

SIDES = (512, 1024, 2048, 1 << 24)
"""The largest sides that a tile may have, in pixels. They are part of the format: decoders lay the
same grids (docs/photo.md, "File")."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of as few equal tiles as keep each side within `side`, in raster order."""

    width: int
    height: int
    side: int

    @classmethod
    def of_count(cls, width: int, height: int, tiles: int) -> Grid:
        """The grid with so many tiles; sides that give the same number give the same grid.

        Raises:
            DamagedFile: there is none.
        """
        for side in SIDES:
            grid = cls(width, height, side)
            if len(grid) == tiles:
                return grid
        raise DamagedFile(
            f"an image of {width}x{height} in {tiles} tiles is none that pc-photo makes: get "
            "another copy of the file"
        )

    @property
    def columns(self) -> int:
        return ceil(self.width / self.side)

    @property
    def rows(self) -> int:
        return ceil(self.height / self.side)

    def __len__(self) -> int:
        return self.columns * self.rows

    def __getitem__(self, index: int) -> Region:
        """x, y, width and height of tile `index`; IndexError beyond the last."""
        if index >= len(self):
            raise IndexError(index)
        row, column = divmod(index, self.columns)
        x, end_x = (self.width * (column + i) // self.columns for i in (0, 1))
        y, end_y = (self.height * (row + i) // self.rows for i in (0, 1))
        return x, y, end_x - x, end_y - y

    def overlapping(self, region: Region) -> Iterator[tuple[int, Region]]:
        """Index of each tile that has pixels in `region`, and which of the image's these are."""
        left, top, width, height = region
        for index in range(len(self)):
            x, y, w, h = self[index]
            x0, x1 = max(x, left), min(x + w, left + width)
            y0, y1 = max(y, top), min(y + h, top + height)
            if x0 < x1 and y0 < y1:
                yield index, (x0, y0, x1 - x0, y1 - y0)
