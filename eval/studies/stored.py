"""A codec that stores samples as they are: for studies of what stands around the picture.

python -m ncodec.eval.studies.stored encode CLIP -o FILE.nc --codec stored

runs the command line of ncodec with this codec installed, in the time that a process takes.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile, TargetUnreachable
from ncodec.formats import Segment, VideoInfo, integer_hash
from ncodec.plugin import (
    Context,
    Estimate,
    Planes,
    VideoCodec,
    Window,
    plane_shapes,
    register,
    sample_type,
)

__all__ = ["Stored"]


class Stored(VideoCodec):
    """Samples as they are, deflated."""

    codec_id = "stored"
    bitstream_version = 1
    media = frozenset({"video"})
    sections = ("samples",)
    options = ()

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        size = sum(w.info.width * w.info.height * w.frame_count for w in windows)
        return Estimate(seconds=1e-7 * size, size=size)

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        planes = [plane for frame in window.frames() for plane in frame.planes]
        samples = zlib.compress(b"".join(plane.tobytes() for plane in planes))
        context.report(fraction=1.0)
        segment = Segment(
            window.index, window.first_frame, window.frame_count, (samples,), integer_hash(planes)
        )
        if context.target_size is not None and len(segment.pack()) > context.target_size:
            raise TargetUnreachable("stored has one size: leave --target-size out")
        return segment

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        shapes = plane_shapes(info.pixel_format, info.width, info.height)
        kind = sample_type(info.pixel_format)
        expected = segment.frame_count * sum(map(prod, shapes)) * kind.itemsize
        try:
            samples = zlib.decompressobj().decompress(segment.sections[0], expected + 1)
        except (zlib.error, IndexError) as error:
            raise DamagedFile(f"segment {segment.index} cannot be inflated: {error}") from None
        if len(samples) != expected:
            raise DamagedFile(f"segment {segment.index} has {len(samples)} bytes of samples")
        frames: list[tuple[np.ndarray, ...]] = []
        position = 0
        for _ in range(segment.frame_count):
            planes = []
            for shape in shapes:
                plane = np.frombuffer(samples, kind, prod(shape), position).reshape(shape)
                position += plane.nbytes
                planes.append(plane)
            frames.append(tuple(planes))
        segment.check(plane for planes in frames for plane in planes)
        return frames


if __name__ == "__main__":
    from ncodec.cli import main

    register(Stored)
    main()
