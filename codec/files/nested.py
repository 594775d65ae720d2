"""A .nc file that holds pictures of any shapes and kinds, each a .nc file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile, UnsupportedFormat
from ncodec.files.album import Album
from ncodec.files.stored import StoredFile
from ncodec.formats import Header, Reader, VideoInfo
from ncodec.media.image import Image
from ncodec.plugin import ImageCodec, Region
from ncodec.registry import ALBUM, codec_for

__all__ = ["NestedAlbum", "inner_file"]


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

    def __len__(self) -> int:
        return self.info.frames

    def close(self) -> None:
        super().close()
        self._held = None

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Image]:
        self._check_open()
        for index in indices:
            if region is not None:
                self._check(index, region)
            yield self._image(index, region)

    def originals(self, indices: Sequence[int]) -> Iterator[bytes | Image]:
        for index in indices:
            yield self.file(index) if self.holds_file(index) else self[index]

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
        picture = self._picture(index)
        image = picture[0] if region is None else picture.region(*region)
        return Image(image.pixels, self._records.name(index), image.metadata)

    def _picture(self, index: int) -> Album:
        """Picture `index` as a file of its own; the last one stays open.

        Raises:
            DamagedFile: it is lost, or no file of one picture.
            VerificationFailed: its bytes are not what was encoded.
        """
        self._check_open()
        if self._held is not None and self._held[0] == index:
            return self._held[1]
        place = self._places.get(index)
        if place is None:
            raise DamagedFile(
                f"image {index} of {self._reader.name} is lost: get another copy of the file"
            )
        segment = self._stored.segment(place)
        data = inner_file(segment.sections)
        segment.check([np.frombuffer(data, dtype=np.uint8)])
        reader = Reader(data)
        check_inner(reader.header)
        album = Album(
            reader,
            device=self._context.device,
            threads=self._context.threads,
            models=self._stored.models,
        )
        if len(album) != 1:
            raise DamagedFile(
                f"image {index} of {self._reader.name} is a file of {len(album)} images: get "
                "another copy of the file"
            )
        self._held = index, album
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
