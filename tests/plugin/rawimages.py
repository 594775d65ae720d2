"""An image codec of somebody else's: samples through zlib, an image a segment."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile
from ncodec.formats import Conf, Segment, VideoInfo, integer_hash
from ncodec.media.image import Image
from ncodec.plugin import Coded, Context, ImageCodec, Option, Region, Stored


class RawImages(ImageCodec):
    """Images of one shape, deflated one by one."""

    codec_id = "rawimages"
    bitstream_version = 1
    media = frozenset({"image", "collection"})
    sections = ("samples",)
    options = (Option("dictionary", str, "", "zlib's preset dictionary, kept in the file"),)

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        words = options["dictionary"].encode()

        def segments():
            for index, image in enumerate(images):
                deflater = zlib.compressobj(zdict=words)
                data = deflater.compress(image.pixels.tobytes()) + deflater.flush()
                yield Segment(index, index, 1, (data,), integer_hash([image.pixels]))

        first = images[0]
        info = VideoInfo(
            first.width,
            first.height,
            len(images),
            Fraction(1),
            first.pixel_format,
            first.bit_depth,
            full_range=True,
        )
        return Coded(info, segments(), (Conf(words),))

    def open_images(self, stored: Stored, context: Context) -> _Opened:
        return _Opened(stored)


class _Opened:
    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._present = {first: index for index, first, _ in stored.present}

    def __len__(self) -> int:
        return self._stored.info.frames

    def pixels(self, index: int, region: Region | None = None) -> np.ndarray:
        info = self._stored.info
        if index not in self._present:
            raise DamagedFile(f"image {index} is lost")
        data = self._stored.segment(self._present[index]).sections[0]
        samples = zlib.decompressobj(zdict=self._stored.shared[0]).decompress(data)
        kind = np.uint8 if info.bit_depth == 8 else np.uint16
        pixels = np.frombuffer(samples, kind).reshape(info.height, info.width, -1)
        x, y, width, height = region or (0, 0, info.width, info.height)
        return pixels[y : y + height, x : x + width]

    def stream(self, indices, region=None):
        return (self.pixels(index, region) for index in indices)

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        return ()
