"""The codec `pc-photo`: tiles, a choice of coder for each, and the file's parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Conf, Model, Segment, VideoInfo, integer_hash, read_model
from ncodec.media.image import PIXEL_FORMATS, Image
from ncodec.photo.tiles import Grid
from ncodec.plugin import Coded, Context, ImageCodec, Option, Region, Stored
from ncodec.threads import in_order

__all__ = ["PcPhoto"]

_LAYOUTS = {name: layout for layout, name in PIXEL_FORMATS.items()}
"""The channels and the bits a sample of each pixel format."""

Pixels = NDArray[Any]


class PcPhoto(ImageCodec):
    """Lossless still images of any size, by a probabilistic circuit over neighbouring samples."""

    codec_id = "pc-photo"
    bitstream_version = 1
    media = frozenset({"image"})
    sections = ("samples", "alpha")
    options = (
        Option(
            "effort",
            str,
            "medium",
            "how hard to try, in time either way",
            choices=("fast", "medium", "best"),
        ),
        Option("model", Path, None, "a model of `ncodec train pc-photo`, kept in the file"),
    )

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Codes one image, a segment for each tile.

        Raises:
            UsageError: there are more images than one.
        """
        if len(images) != 1:
            raise UsageError(
                f"pc-photo takes one image, not {len(images)}: encode them one by one, or "
                "together with --codec album, which has the same options"
            )
        image = images[0]
        # The kernels are compiled when they are imported; listing options must not wait for that.
        from ncodec.photo.coder import TileCoder, side_for
        from ncodec.photo.model import PhotoModel

        model = read_model(options["model"]) if options["model"] else None
        grid = Grid(image.width, image.height, side_for(image.pixels))
        circuits = PhotoModel.of(model) if model else None
        # What tiles leave of the threads, their planes share.
        threads = max(1, context.threads // len(grid))
        coder = TileCoder(circuits, image.bit_depth, threads)

        def coded(index: int) -> Segment:
            x, y, width, height = grid[index]
            pixels = np.ascontiguousarray(image.pixels[y : y + height, x : x + width])
            sections = coder.encode(pixels, options["effort"])
            return Segment(index, index, 1, sections, integer_hash([pixels]))

        info = VideoInfo(
            image.width,
            image.height,
            len(grid),
            Fraction(1),
            image.pixel_format,
            image.bit_depth,
            full_range=True,
        )
        segments = in_order(coded, range(len(grid)), context.threads)
        return Coded(info, segments, (Conf(model.pack()),) if model else ())

    def describe_segment(self, segment: Segment) -> str:
        from ncodec.photo.describing import describe

        return describe(segment.sections)

    def open_images(self, stored: Stored, context: Context) -> _Photo:
        return _Photo(stored, context)


class _Photo:
    """The one image of a file."""

    def __init__(self, stored: Stored, context: Context) -> None:
        from ncodec.photo.coder import TileCoder
        from ncodec.photo.model import PhotoModel

        info = stored.info
        self._channels, depth = _LAYOUTS.get(info.pixel_format, (0, 0))
        if depth != info.bit_depth or any(count != 1 for _, _, count in stored.present):
            raise DamagedFile(
                f"an image in {info.pixel_format} of {info.bit_depth} bits, or with segments of "
                "several tiles, is none that pc-photo makes: get another copy of the file"
            )
        self._grid = Grid.of_count(info.width, info.height, info.frames)
        self._segments = {first: index for index, first, _ in stored.present}
        self._stored = stored
        self._threads = context.threads
        model = PhotoModel.of(Model.unpack(stored.shared[0])) if stored.shared else None
        threads = max(1, context.threads // len(self._grid))
        self._coder = TileCoder(model, info.bit_depth, threads)

    def __len__(self) -> int:
        return 1

    def pixels(self, index: int, region: Region | None = None) -> Pixels:
        left, top, width, height = region or (
            0,
            0,
            self._stored.info.width,
            self._stored.info.height,
        )
        covering = list(self._grid.overlapping((left, top, width, height)))
        kind = np.uint8 if self._stored.info.bit_depth == 8 else np.uint16
        out = np.zeros((height, width, self._channels), kind)
        there = [(tile, part) for tile, part in covering if tile in self._segments]
        if not there:
            raise DamagedFile("every tile of this part of the image is lost")

        def decoded(item: tuple[int, Region]) -> None:
            tile, (x, y, w, h) = item
            tile_x, tile_y, _, _ = self._grid[tile]
            pixels = self._tile(tile)[y - tile_y :, x - tile_x :][:h, :w]
            out[y - top : y - top + h, x - left : x - left + w] = pixels

        for _ in in_order(decoded, there, self._threads):
            pass
        return out

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Pixels]:
        for index in indices:
            yield self.pixels(index, region)

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        whole = (0, 0, self._stored.info.width, self._stored.info.height)
        return [
            part
            for tile, part in self._grid.overlapping(region or whole)
            if tile not in self._segments
        ]

    def _tile(self, tile: int) -> Pixels:
        segment = self._stored.segment(self._segments[tile])
        _, _, width, height = self._grid[tile]
        pixels = self._coder.decode(segment.sections, (height, width, self._channels))
        segment.check([pixels])
        return pixels
