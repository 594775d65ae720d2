"""Tiny synthetic clips: random planes, any format, any size, any times."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from ncodec.formats.info import VideoInfo
from ncodec.media import Frame, Reading, Scan, open_sink, open_source, scan
from ncodec.media.frame import bit_depth, plane_shapes, sample_type


def clip(
    pixel_format: str = "yuv420p",
    size: tuple[int, int] = (16, 16),
    frames: int = 3,
    times: Sequence[int] | None = None,
    seed: int = 0,
    **fields: object,
) -> tuple[VideoInfo, list[Frame]]:
    """Noise of `size` (width, height) in `pixel_format`, 30000/1001 frames a second."""
    rng = np.random.default_rng(seed)
    depth = bit_depth(pixel_format)
    rgb, grey = pixel_format.startswith("gbrp"), pixel_format.startswith("gray")
    info = VideoInfo(
        width=size[0],
        height=size[1],
        frames=frames,
        time_base=Fraction(1001, 30000),
        pixel_format=pixel_format,
        bit_depth=depth,
        matrix=0 if rgb else 2,
        full_range=rgb or grey,
    )
    pictures = [
        Frame(
            tuple(
                rng.integers(0, 2**depth, shape).astype(sample_type(pixel_format))
                for shape in plane_shapes(pixel_format, *size)
            ),
            i if times is None else times[i],
        )
        for i in range(frames)
    ]
    return replace(info, **fields), pictures


def write(
    spec: str | Path, info: VideoInfo, frames: Iterable[Frame], times: Sequence[int] | None = None
) -> None:
    with open_sink(spec, info, times) as sink:
        for frame in frames:
            sink.write(frame)


def read(
    spec: str | Path, *, stdin: BinaryIO | None = None, **reading: Any
) -> tuple[Scan, list[Frame]]:
    """What a scan finds, and the frames of a second pass; `reading` are fields of `Reading`."""
    with open_source(spec, Reading(**reading), stdin=stdin) as source:
        seen = scan(source, scene_threshold=None)
        return seen, list(source.frames())


def same(left: Sequence[Frame], right: Sequence[Frame]) -> bool:
    """Equal times, and equal planes of equal type."""
    return len(left) == len(right) and all(
        a.pts == b.pts
        and all(
            p.dtype == q.dtype and np.array_equal(p, q)
            for p, q in zip(a.planes, b.planes, strict=True)
        )
        for a, b in zip(left, right, strict=True)
    )


def h264(path: Path, frames: int, options: dict[str, str]) -> None:
    """Moving waves as 25 H.264 frames a second, with options of the encoder."""
    rows, columns = np.indices((48, 64))
    with av.open(str(path), "w") as container:
        track = container.add_stream("libx264", rate=25, options=options)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for i in range(frames):
            wave = np.sin((rows + 2 * i) / 5) + np.cos((columns - i) / 7)
            grey = np.rint(128 + 60 * wave).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, "gray").reformat(format="yuv420p")
            picture.pts, picture.time_base = i, Fraction(1, 25)
            container.mux(track.encode(picture))
        container.mux(track.encode(None))
