"""A .nc file that holds pictures of any shapes and kinds, each a .nc file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from ncodec.errors import DamagedFile, UnsupportedFormat
from ncodec.files.album import Album
from ncodec.files.stored import StoredFile
from ncodec.formats import Header, Reader, VideoInfo
from ncodec.media.image import Image
from ncodec.plugin import ImageCodec, Region
from ncodec.registry import ALBUM, codec_for
from ncodec.threads import in_order, thread_count

__all__ = ["NestedAlbum", "inner_file"]

Decoded = TypeVar("Decoded")


class NestedAlbum(Album):
    """An open .nc file of files as a sequence of images; as `Album`.

    Attributes:
        info: the description of the first picture; `picture_info` has each one's.
    """

    def _load(self, codec: Any, stored: StoredFile) -> None:
        self._stored = stored
        self._records = stored.records()
        self.layout = self._records.layout
        self._places = {first: index for index, first, _ in stored.present}
        self._held: tuple[int, Album] | None = None
        self._reading = Lock()

    def __len__(self) -> int:
        return self.info.frames

    def close(self) -> None:
        super().close()
        self._held = None

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Image]:
        def decode(index: int) -> Image:
            return self._named_image(index, self._opened(index, 1), region)

        return self._side_by_side(decode, list(map(self._index, indices)))

    def originals(self, indices: Sequence[int]) -> Iterator[bytes | Image]:
        def decode(index: int) -> bytes | Image:
            picture = self._opened(index, 1)
            return picture.file() if picture.holds_file() else self._named_image(index, picture)

        return self._side_by_side(decode, list(map(self._index, indices)))

    def _side_by_side(
        self, decode: Callable[[int], Decoded], indices: Sequence[int]
    ) -> Iterator[Decoded]:
        """Pictures in turn, a thread each: all that takes long releases the interpreter's lock."""
        self._check_open()
        threads = min(self._context.threads or thread_count(), max(len(indices), 1))
        yield from in_order(decode, indices, threads)

    def holds_file(self, index: int = 0) -> bool:
        return self._picture(self._index(index)).holds_file()

    def file(self, index: int = 0) -> bytes:
        return self._picture(self._index(index)).file()

    def file_name(self, index: int = 0) -> str:
        # A name that the file has is the one that comes back, whatever it ends in.
        named = self._index(index) < len(self._records.names)
        return self.name(index) if named else super().file_name(index)

    def picture_info(self, index: int = 0) -> VideoInfo:
        position = self._index(index)
        return self._picture(position).info if position in self._places else self.info

    def lost(self, index: int = 0, region: Region | None = None) -> Sequence[Region]:
        position = self._index(index)
        if position not in self._places:
            return [region or (0, 0, self.info.width, self.info.height)]
        return self._picture(position).lost(0, region)

    def _about(self) -> str:
        return ""

    def _image(self, index: int, region: Region | None) -> Image:
        return self._named_image(index, self._picture(index), region)

    def _named_image(self, index: int, picture: Album, region: Region | None = None) -> Image:
        image = picture[0] if region is None else picture.region(*region)
        return Image(image.pixels, self._records.name(index), image.metadata)

    def _picture(self, index: int) -> Album:
        """Picture `index` as a file of its own; the last one stays open; errors as `_opened`."""
        self._check_open()
        if self._held is None or self._held[0] != index:
            self._held = index, self._opened(index, self._context.threads)
        return self._held[1]

    def _opened(self, index: int, threads: int) -> Album:
        """Picture `index` as a file of its own.

        Raises:
            DamagedFile: it is lost, or no file of one picture.
            VerificationFailed: its bytes are not what was encoded.
        """
        place = self._places.get(index)
        if place is None:
            raise DamagedFile(
                f"image {index} of {self._reader.name} is lost: get another copy of the file"
            )
        with self._reading:
            segment = self._stored.segment(place)
        data = inner_file(segment.sections)
        segment.check([np.frombuffer(data, dtype=np.uint8)])
        reader = Reader(data)
        check_inner(reader.header)
        album = Album(
            reader,
            device=self._context.device,
            threads=threads,
            models=self._stored.models,
        )
        if len(album) != 1:
            raise DamagedFile(
                f"image {index} of {self._reader.name} is a file of {len(album)} images: get "
                "another copy of the file"
            )
        return album


def inner_file(sections: Sequence[bytes]) -> bytes:
    """The file that a segment holds.

    Raises:
        DamagedFile: it holds none.
    """
    if not sections:
        raise DamagedFile("a picture of the file has no data: get another copy of the file")
    return sections[0]


def check_inner(header: Header) -> None:
    """Raises UnsupportedFormat where a file inside a file is none of one picture."""
    if header.codec_id == ALBUM or not isinstance(codec_for(header), ImageCodec):
        raise UnsupportedFormat(
            f"the file holds a file of {header.codec_id}, this version reads pictures there: "
            "upgrade ncodec"
        )
