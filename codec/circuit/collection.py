"""What codecs of collections share: their models, chunks of images as segments, reading them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, InputError
from ncodec.formats import Conf, Model, Segment, VideoInfo, integer_hash
from ncodec.media.image import PIXEL_FORMATS
from ncodec.plugin import Context, ImageCodec, Option, Region, Stored
from ncodec.threads import in_order

if TYPE_CHECKING:
    from ncodec.media.image import Image

__all__ = [
    "CHUNK",
    "Chunks",
    "CollectionCodec",
    "chunk_segments",
    "collection_info",
    "model_conf",
    "model_options",
    "stored_model",
]

CHUNK = 1 << 19
"""The most variables of a chunk, unless it is one image: what has to be decoded for any of its
images, and what threads share. Part of the formats: readers refuse longer chunks."""

Pixels = NDArray[Any]


class CollectionCodec(ImageCodec):
    """A codec of images of one shape, in chunks, with a model for such images."""

    media: ClassVar[frozenset[str]] = frozenset({"image", "collection"})
    sections: ClassVar[Sequence[str]] = ("images",)


def model_options(description: str) -> tuple[Option, Option]:
    """The options of a `CollectionCodec`; `description` says which models it takes."""
    return (
        Option("model", Path, None, description),
        Option("embed_model", bool, False, "keep the model in the file instead of its BLAKE3"),
    )


def model_conf(model: Model, embed: bool) -> Conf:
    """What a file has of its model: all of it, or its digest alone."""
    return Conf(model.pack()) if embed else Conf(model.digest, reference=True)


def collection_info(images: Sequence[Image]) -> VideoInfo:
    """The header's description of images like the first."""
    first = images[0]
    return VideoInfo(
        first.width,
        first.height,
        len(images),
        Fraction(1),
        first.pixel_format,
        first.bit_depth,
        full_range=True,
    )


def stored_model(stored: Stored) -> Model:
    """The model that the file's images need.

    Raises:
        DamagedFile: the file neither has nor names one.
    """
    if not stored.shared:
        raise DamagedFile("the file neither holds nor names its model: get another copy of it")
    return Model.unpack(stored.shared[0])


def chunk_segments(
    images: Sequence[Image], code: Callable[[Pixels], bytes], size: int, context: Context
) -> Iterator[Segment]:
    """A segment for every `size` images: `code` of their pixels (n, height, width, channels).

    Raises:
        InputError: an image's shape or type differs from the first one's.
    """

    def coded(start: int) -> Segment:
        pixels = _stacked(images, range(start, min(start + size, len(images))))
        return Segment(start // size, start, len(pixels), (code(pixels),), integer_hash([pixels]))

    return in_order(coded, range(0, len(images), size), context.threads)


def _stacked(images: Sequence[Image], indices: range) -> Pixels:
    first = images[0]
    arrays = []
    for index in indices:
        image = images[index]
        if (image.pixels.shape, image.bit_depth) != (first.pixels.shape, first.bit_depth):
            raise InputError(
                f"{image.name or f'image {index}'} is {_described(image)}, "
                f"{first.name or 'image 0'} is {_described(first)}: a collection has images of "
                "one shape and type, encode the others apart"
            )
        arrays.append(image.pixels)
    return np.stack(arrays)


def _described(image: Image) -> str:
    return f"{image.width}x{image.height} {image.pixel_format}"


class Chunks:
    """The images of a file of chunks, as `ncodec.plugin.Pictures`.

    Args:
        stored: the file.
        decode: pixels of a chunk from its section and the number of its images.
        shape: (height, width, channels) that the model is for.
        bit_depth: the model's.
        threads: for decoding several chunks.

    Raises:
        DamagedFile: the header describes other images than the model is for.
    """

    def __init__(
        self,
        stored: Stored,
        decode: Callable[[bytes, int], Pixels],
        shape: tuple[int, int, int],
        bit_depth: int,
        threads: int,
    ) -> None:
        info = stored.info
        expected = PIXEL_FORMATS.get((shape[2], bit_depth), info.pixel_format)
        said = (info.height, info.width, info.bit_depth, info.pixel_format)
        if said != (*shape[:2], bit_depth, expected):
            raise DamagedFile(
                f"the file has images of {info.width}x{info.height} {info.pixel_format} of "
                f"{info.bit_depth} bits, its model is for {shape[1]}x{shape[0]} {expected} of "
                f"{bit_depth}: get another copy"
            )
        most = max(1, CHUNK // prod(shape))
        if any(count > most for _, _, count in stored.present):
            raise DamagedFile(
                f"a segment has more than the {most} images of {info.width}x{info.height} that "
                "fit in a chunk: get another copy of the file"
            )
        self._stored = stored
        self._starts = [first for _, first, _ in stored.present]
        self._decode = decode
        self._threads = threads
        self._kept: tuple[int, Pixels] | None = None

    def __len__(self) -> int:
        return self._stored.info.frames

    def pixels(self, index: int, region: Region | None = None) -> Pixels:
        segment, first = self._chunk_of(index)
        if self._kept is None or self._kept[0] != segment:
            self._kept = None
            self._kept = segment, self._decoded(segment)
        return _part(self._kept[1][index - first], region)

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Pixels]:
        runs: list[tuple[int, list[int]]] = []
        for index in indices:
            segment, first = self._chunk_of(index)
            if not runs or runs[-1][0] != segment:
                runs.append((segment, []))
            runs[-1][1].append(index - first)

        def decoded(run: tuple[int, list[int]]) -> list[Pixels]:
            pixels = self._decoded(run[0])
            return [_part(pixels[place], region) for place in run[1]]

        for images in in_order(decoded, runs, self._threads):
            yield from images

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        if self._position(index) is not None:
            return ()
        return [region or (0, 0, self._stored.info.width, self._stored.info.height)]

    def _chunk_of(self, index: int) -> tuple[int, int]:
        """The number and the first image of the segment that has image `index`."""
        position = self._position(index)
        if position is None:
            raise DamagedFile(f"image {index} is in a segment that this file has lost")
        return self._stored.present[position][:2]

    def _position(self, index: int) -> int | None:
        position = bisect_right(self._starts, index) - 1
        if position < 0:
            return None
        _, first, count = self._stored.present[position]
        return position if index < first + count else None

    def _decoded(self, index: int) -> Pixels:
        segment = self._stored.segment(index)
        if len(segment.sections) != 1:
            raise DamagedFile(f"segment {index} has {len(segment.sections)} sections, not one")
        pixels = self._decode(segment.sections[0], segment.frame_count)
        segment.check([pixels])
        return pixels


def _part(pixels: Pixels, region: Region | None) -> Pixels:
    """A copy of a part, so that it keeps no chunk in memory."""
    x, y, width, height = region or (0, 0, pixels.shape[1], pixels.shape[0])
    return pixels[y : y + height, x : x + width].copy()
