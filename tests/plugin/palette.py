"""A video codec of somebody else's with a trained model: the levels that samples are rounded to."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile, TargetUnreachable, UsageError
from ncodec.formats import Model, Segment, VideoInfo, integer_hash, read_model
from ncodec.plugin import (
    Context,
    Estimate,
    Option,
    Planes,
    Shared,
    VideoCodec,
    Window,
    plane_shapes,
)

FAMILY = "palette"


class Palette(VideoCodec):
    """Samples of 8 bits as the nearest levels of a model."""

    codec_id = "palette"
    bitstream_version = 1
    media = frozenset({"video"})
    sections = ("levels",)
    options = (
        Option("model", Path, None, "A model with the levels"),
        Option("embed_model", bool, False, "Keep the model in the file instead of its BLAKE3"),
    )

    def shared(self, options: Mapping[str, Any], context: Context) -> Sequence[Shared]:
        if options["model"] is None:
            raise UsageError("palette needs a model: give one with --model")
        return [Shared(read_model(options["model"]).pack(), options["embed_model"])]

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        return Estimate(0.0, sum(len(_levels(context.shared)) for _ in windows))

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        if window.info.bit_depth != 8:
            raise UsageError(f"palette takes 8 bits a sample, not {window.info.bit_depth}")
        levels = _levels(context.shared).astype(np.int16)
        indices = [
            np.abs(plane[..., None] - levels).argmin(-1).astype(np.uint8)
            for frame in window.frames()
            for plane in frame.planes
        ]
        section = zlib.compress(b"".join(plane.tobytes() for plane in indices))
        numbers = window.index, window.first_frame, window.frame_count
        segment = Segment(*numbers, (section,), integer_hash(indices))
        if context.target_size is not None and len(segment.pack()) > context.target_size:
            raise TargetUnreachable("a clip has one size with palette: raise --target-size")
        return segment

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        levels = _levels(shared)
        shapes = plane_shapes(info.pixel_format, info.width, info.height)
        try:
            section = zlib.decompress(segment.sections[0])
            flat = np.frombuffer(section, np.uint8).reshape(segment.frame_count, -1)
        except (zlib.error, IndexError, ValueError) as error:
            raise DamagedFile(f"segment {segment.index} cannot be inflated: {error}") from None
        ends = np.cumsum([prod(shape) for shape in shapes])
        if flat.shape[1] != ends[-1] or flat.max() >= len(levels):
            raise DamagedFile(f"segment {segment.index} has other samples than its clip")
        frames = [
            [
                part.reshape(shape)
                for part, shape in zip(np.split(row, ends[:-1]), shapes, strict=True)
            ]
            for row in flat
        ]
        segment.check(plane for frame in frames for plane in frame)
        return [tuple(levels[plane] for plane in frame) for frame in frames]


def _levels(shared: Sequence[bytes]) -> np.ndarray:
    """The model's levels, uint8 [levels]."""
    if len(shared) != 1:
        raise DamagedFile("a file of palette has one model")
    return np.frombuffer(Model.unpack(shared[0]).expect(FAMILY, 1), np.uint8)
