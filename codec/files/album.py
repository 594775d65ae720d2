"""A .nc file's images, decoded as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, overload

from numpy.typing import NDArray

from ncodec.errors import UnsupportedFormat, UsageError
from ncodec.files.stored import StoredFile
from ncodec.formats import Reader, VideoInfo
from ncodec.media.image import Image
from ncodec.plugin import Context, ImageCodec, Region
from ncodec.registry import codec_for
from ncodec.threads import thread_count

__all__ = ["Album"]


class Album(Sequence[Image]):
    """An open .nc file as a sequence of images; a context manager.

    Args:
        source: a path, bytes, a binary stream, or an open `Reader`, which is closed with this.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; coding is the same on all.
        threads: CPU threads, 0 for all.
        models: model files to look into before the store.

    Attributes:
        info: the description in the file's header; `frames` counts images or tiles.
        layout: of the source file, for writing the same file again.

    Raises:
        NcodecError: the file cannot be read, or its codec or its model is not there.
    """

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO | Reader,
        *,
        device: str = "auto",
        threads: int = 0,
        models: Iterable[str | Path] = (),
    ) -> None:
        self._reader = source if isinstance(source, Reader) else Reader(source)
        try:
            codec = codec_for(self._reader.header)
            if not isinstance(codec, ImageCodec):
                raise UnsupportedFormat(
                    f"{self._reader.name} holds frames of {codec.codec_id}, not images: open it "
                    "with ncodec.open"
                )
            stored = StoredFile.of(self._reader, models)
            self._records = stored.records()
            context = Context(device=device, threads=threads or thread_count())
            self._pictures = codec.open_images(stored, context)
        except BaseException:
            self._reader.close()
            raise
        self.info: VideoInfo = self._reader.header.info
        self.layout = self._records.layout

    def __enter__(self) -> Album:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; images already returned stay valid."""
        self._reader.close()

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
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._image(self._checked(index), None)

    def region(self, x: int, y: int, width: int, height: int, index: int = 0) -> Image:
        """A part of image `index`: only what covers it is decoded.

        Raises:
            UsageError: it is not inside the image.
            DamagedFile: all of it is lost, or what covers it is damaged.
        """
        self._check((x, y, width, height))
        return self._image(self._checked(index), (x, y, width, height))

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Image]:
        """Several images in turn, decoded ahead on all threads; errors as of `region`."""
        if region is not None:
            self._check(region)
        pixels = self._pictures.stream(indices, region)
        for index, found in zip(indices, pixels, strict=True):
            yield self._named(index, found)

    def __iter__(self) -> Iterator[Image]:
        return self.stream(range(len(self)))

    def lost(self, index: int = 0, region: Region | None = None) -> Sequence[Region]:
        """Parts of image `index` that a repaired file has lost; their samples decode to 0."""
        return self._pictures.lost(self._checked(index), region)

    def _check(self, region: Region) -> None:
        x, y, width, height = region
        if not (0 <= x < x + width <= self.info.width and 0 <= y < y + height <= self.info.height):
            raise UsageError(
                f"region {x},{y},{width},{height} is not inside the image, which is "
                f"{self.info.width}x{self.info.height}: give x,y,width,height in pixels"
            )

    def _checked(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"image {index} of a file of {len(self)}")
        return index % len(self)

    def _image(self, index: int, region: Region | None) -> Image:
        return self._named(index, self._pictures.pixels(index, region))

    def _named(self, index: int, pixels: NDArray[Any]) -> Image:
        return Image(pixels, self._records.name(index), self._records.metadata_of(index))
