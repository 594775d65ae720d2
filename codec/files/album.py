"""A .nc file's images, decoded as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UnsupportedFormat, UsageError
from ncodec.files.openfile import OpenFile
from ncodec.files.stored import StoredFile
from ncodec.formats import VideoInfo
from ncodec.media.image import Image
from ncodec.plugin import HoldsFiles, ImageCodec, Region

__all__ = ["Album"]


class Album(OpenFile, Sequence[Image]):
    """An open .nc file as a sequence of images; a context manager.

    Args:
        source, device, threads, models: as in `OpenFile`; coding is the same on all devices.

    Attributes:
        info: the description in the file's header; `frames` counts images or tiles.
        layout: the source file's, for writing the same file again.

    Raises:
        NcodecError: as in `OpenFile`.
    """

    unit = "image"

    def _load(self, codec: Any, stored: StoredFile) -> None:
        if not isinstance(codec, ImageCodec):
            raise UnsupportedFormat(
                f"{self._reader.name} holds frames of {codec.codec_id}, not images: open it "
                "with ncodec.open"
            )
        self._records = stored.records()
        self._pictures = codec.open_images(stored, self._context)
        self.layout = self._records.layout

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> list[Image]: ...
    def __getitem__(self, index: int | slice) -> Image | list[Image]:
        """Image `index`, negative ones counting from the end, or the images of a slice.

        Raises:
            IndexError: there is no such image.
            DamagedFile: it was lost, or is damaged.
        """
        if isinstance(index, slice):
            self._check_open()
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._image(self._index(index), None)

    def region(self, x: int, y: int, width: int, height: int, index: int = 0) -> Image:
        """A part of image `index`: only what covers it is decoded.

        Raises:
            UsageError: it is not inside the image.
            DamagedFile: all of it is lost, or what covers it is damaged.
        """
        position = self._index(index)
        self._check(position, (x, y, width, height))
        return self._image(position, (x, y, width, height))

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Image]:
        """Several images in turn, decoded ahead on all threads; errors as of `region`."""
        self._check_open()
        if region is not None:
            self._check(0, region)
        if region is not None and any(self._planes(index) > 1 for index in indices):
            yield from (self._image(index, region) for index in indices)
            return
        images = self._pictures.stream(indices, region)
        for index, pixels in zip(indices, images, strict=True):
            yield self._named(index, pixels)

    def __iter__(self) -> Iterator[Image]:
        return self.stream(range(len(self)))

    def originals(self, indices: Sequence[int]) -> Iterator[bytes | Image]:
        """What several images came as: their files where these are kept, else themselves."""
        if isinstance(self._pictures, HoldsFiles):
            return map(self.file, indices)
        return self.stream(indices)

    def holds_file(self, index: int = 0) -> bool:
        """Whether image `index` is kept as the file that it came in.

        Raises:
            DamagedFile: it was lost, or is damaged.
        """
        self._index(index)
        return isinstance(self._pictures, HoldsFiles)

    def file(self, index: int = 0) -> bytes:
        """The file that image `index` came in, byte for byte.

        Raises:
            UsageError: the codec keeps pixels, not files.
            DamagedFile: a part of it is lost, or is damaged.
        """
        position = self._index(index)
        if not isinstance(self._pictures, HoldsFiles):
            raise UsageError(f"{self!r} holds pixels, not files: decode it to a .png")
        return self._pictures.file(position)

    def name(self, index: int = 0) -> str:
        """The name of image `index`."""
        return self._records.name(self._index(index))

    def file_name(self, index: int = 0) -> str:
        """The name of a file that image `index` is written to, made up where it has none."""
        name = self.name(index)
        return name + ".jpg" * (not Path(name).suffix and self.holds_file(index))

    def modified(self, index: int = 0) -> int | None:
        """When the file of image `index` was changed last, in nanoseconds since 1970; None where
        that is not kept."""
        return self._records.modified_at(self._index(index))

    def page(self, index: int = 0) -> int:
        """Which page of its file image `index` is, from 0 on; those of one file follow each
        other."""
        return self._records.page(self._index(index))

    def picture_info(self, index: int = 0) -> VideoInfo:
        """The description of image `index`."""
        self._index(index)
        return self.info

    def lost(self, index: int = 0, region: Region | None = None) -> Sequence[Region]:
        """Parts of image `index` that a repaired file has lost; their samples decode to 0."""
        position = self._index(index)
        if self._planes(position) == 1:
            return self._pictures.lost(position, region)
        found = [
            (x, y - whole[1] + part[1], width, height)
            for whole, part in self._in_planes(position, region)
            for x, y, width, height in self._pictures.lost(position, whole)
        ]
        return list(dict.fromkeys(found))

    def missing(self) -> Sequence[range]:
        """Runs of images of which a repaired file has nothing."""
        return self._reader.gaps if len(self) == self.info.frames > 1 else ()

    def _check(self, index: int, region: Region) -> None:
        x, y, width, height = region
        info = self.picture_info(index)
        whole = info.height // self._planes(index)
        if not (0 <= x < x + width <= info.width and 0 <= y < y + height <= whole):
            raise UsageError(
                f"region {x},{y},{width},{height} is not inside the image, which is "
                f"{info.width}x{whole}: give x,y,width,height in pixels"
            )

    def _image(self, index: int, region: Region | None) -> Image:
        if region is None or self._planes(index) == 1:
            return self._named(index, self._pictures.pixels(index, region))
        parts = [self._pictures.pixels(index, whole) for whole, _ in self._in_planes(index, region)]
        return self._named(index, np.concatenate(parts))

    def _planes(self, index: int) -> int:
        """How many planes of an image stand one below another in its pixels."""
        return self._records.metadata_of(index).samples.planes

    def _in_planes(self, index: int, region: Region | None) -> Iterator[tuple[Region, Region]]:
        """Where a part of an image is in each of its planes, and the part."""
        info, planes = self.picture_info(index), self._planes(index)
        part = region or (0, 0, info.width, info.height // planes)
        x, y, width, height = part
        for plane in range(planes):
            yield (x, plane * (info.height // planes) + y, width, height), part

    def _named(self, index: int, pixels: NDArray[Any]) -> Image:
        return Image(pixels, self._records.name(index), self._records.metadata_of(index))
