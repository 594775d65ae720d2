"""A codec of somebody else's: planes through zlib. All that ncodec asks of one."""

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
    Option,
    Planes,
    VideoCodec,
    Window,
    plane_shapes,
    sample_type,
)


class RawPlanes(VideoCodec):
    """Samples as they are, deflated."""

    codec_id = "rawplanes"
    bitstream_version = 2
    media = frozenset({"video"})
    sections = ("samples",)
    options = (
        Option("deflate_level", int, 6, "0 to 9, more is smaller", choices=tuple(range(10))),
        Option("coarseness", int, 1, "samples are multiples of this", minimum=1),
    )

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        size = sum(w.info.width * w.info.height * w.frame_count for w in windows)
        return Estimate(seconds=1e-7 * size, size=size)

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        planes = []
        for done, frame in enumerate(window.frames(), 1):
            planes += [p // options["coarseness"] * options["coarseness"] for p in frame.planes]
            context.report(fraction=done / window.frame_count)
        samples = b"".join(plane.tobytes() for plane in planes)
        segment = Segment(
            window.index,
            window.first_frame,
            window.frame_count,
            (zlib.compress(samples, options["deflate_level"]),),
            integer_hash(planes),
        )
        if context.target_size is not None and len(segment.pack()) > context.target_size:
            raise TargetUnreachable(
                f"segment {window.index} has more than {context.target_size} bytes: raise "
                "--coarseness or --target-size"
            )
        return segment

    def rate_points(
        self, windows: Sequence[Window], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        return [{"coarseness": 2**power} for power in reversed(range(1, count + 1))]

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        shapes = plane_shapes(info.pixel_format, info.width, info.height)
        kind = sample_type(info.pixel_format)
        frame_bytes = sum(map(prod, shapes)) * kind.itemsize
        expected = segment.frame_count * frame_bytes
        inflater = zlib.decompressobj()
        try:
            samples = inflater.decompress(segment.sections[0], expected + 1)
        except (zlib.error, IndexError) as error:
            raise DamagedFile(f"segment {segment.index} cannot be inflated: {error}") from None
        if len(samples) != expected:
            raise DamagedFile(f"segment {segment.index} has {len(samples)} bytes of samples")
        frames, position = [], 0
        for _ in range(segment.frame_count):
            planes = []
            for shape in shapes:
                plane = np.frombuffer(samples, kind, prod(shape), position).reshape(shape)
                position += plane.nbytes
                planes.append(plane)
            frames.append(tuple(planes))
        segment.check(plane for planes in frames for plane in planes)
        return frames
