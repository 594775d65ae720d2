"""A .nc file that holds an array: an album of sheets, each with several of its images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from ncodec.errors import DamagedFile
from ncodec.files.nested import NestedAlbum
from ncodec.files.stored import StoredFile
from ncodec.formats import VideoInfo
from ncodec.media.image import Image
from ncodec.media.sheets import SheetGrid
from ncodec.plugin import Region

__all__ = ["SheetAlbum"]


class SheetAlbum(NestedAlbum):
    """An open .nc file of an array as a sequence of its images; as `Album`."""

    def _load(self, codec: Any, stored: StoredFile) -> None:
        super()._load(codec, stored)
        self._grid = grid = SheetGrid.from_record(self._records.count, self.layout["sheets"])
        self._tall, rest = divmod(self.info.height, grid.down * grid.height)
        size = (self.info.frames, self.info.width, rest)
        if size != (grid.sheets, grid.across * grid.width, 0) or not self._tall:
            raise DamagedFile(
                f"{self._reader.name} has {self.info.frames} sheets of {self.info.width}x"
                f"{self.info.height}, which {grid} does not make: get another copy of the file"
            )
        self._decoded: tuple[int, Image] | None = None

    def __len__(self) -> int:
        return self._grid.count

    def close(self) -> None:
        super().close()
        self._decoded = None

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Image]:
        positions = list(map(self._index, indices))
        runs = [list(run) for _, run in groupby(positions, lambda index: self._place(index)[0])]
        if region is not None:
            self._check(0, region)

        def decode(run: int) -> list[Image]:
            sheet = self._opened(self._place(runs[run][0])[0], 1)[0]
            return [self._cut(index, sheet, region) for index in runs[run]]

        for images in self._side_by_side(decode, range(len(runs))):
            yield from images

    def originals(self, indices: Sequence[int]) -> Iterator[bytes | Image]:
        return self.stream(indices)

    def holds_file(self, index: int = 0) -> bool:
        self._index(index)
        return False

    def picture_info(self, index: int = 0) -> VideoInfo:
        self._index(index)
        return replace(self.info, width=self._grid.width, height=self._tall * self._grid.height)

    def lost(self, index: int = 0, region: Region | None = None) -> Sequence[Region]:
        place, x, y = self._place(self._index(index))
        left, top, width, height = region or (0, 0, self._grid.width, self._grid.height)
        if place not in self._places:
            return [(left, top, width, height)]
        found = self._picture(place).lost(0, (x + left, y + top, width, height))
        return [(a - x, b - y, w, h) for a, b, w, h in found]

    def _place(self, index: int) -> tuple[int, int, int]:
        return self._grid.place(index)

    def _planes(self, index: int) -> int:
        return self._tall

    def _image(self, index: int, region: Region | None) -> Image:
        place = self._place(index)[0]
        if self._decoded is None or self._decoded[0] != place:
            self._decoded = place, self._picture(place)[0]
        return self._cut(index, self._decoded[1], region)

    def _cut(self, index: int, sheet: Image, region: Region | None) -> Image:
        _, x, y = self._place(index)
        left, top, width, height = region or (0, 0, self._grid.width, self._grid.height)
        image = sheet.crop(x + left, y + top, width, height)
        return Image(image.pixels, self._records.name(index), image.metadata)
