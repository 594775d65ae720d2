"""Small films that a network can learn: smooth waves that move, in any format, with scene cuts."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from ncodec.formats import VideoInfo
from ncodec.media import Frame, open_sink, open_source, scan
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, sample_type

TINY = {"codec": "hnerv", "preset": "ultrafast", "epochs": 2, "model_size": 0.003, "threads": 1}
"""Options of an encode that takes a fraction of a second."""

TINY_FLAGS = [
    "--preset",
    "ultrafast",
    "--epochs",
    "2",
    "--model-size",
    "0.003",
    "--threads",
    "1",
    "--codec",
    "hnerv",
]


def film(path, frames=10, size=(32, 24), pixel_format="yuv420p", cuts=(), times=None, **fields):
    """Writes a film to `path` (.mkv and .y4m keep every sample) and returns the path."""
    family, depth = PIXEL_FORMATS[pixel_format]
    info = VideoInfo(
        width=size[0],
        height=size[1],
        frames=frames,
        time_base=Fraction(1, 25),
        pixel_format=pixel_format,
        bit_depth=depth,
        matrix=0 if family == "gbrp" else 1,
        full_range=family in ("gbrp", "gray"),
    )
    with open_sink(path, replace(info, **fields), times) as sink:
        for index in range(frames):
            scene = sum(cut <= index for cut in cuts)
            planes = waves(info, index, 70 if scene % 2 == 0 else 170)
            sink.write(Frame(planes, index if times is None else times[index]))
    return path


def waves(info, index, level):
    planes = []
    for number, shape in enumerate(plane_shapes(info.pixel_format, info.width, info.height)):
        rows, columns = np.indices(shape) / max(shape)
        wave = np.sin(5 * rows + 0.2 * index + number) + np.cos(4 * columns - 0.1 * index)
        samples = (level + 20 * wave) * (1 << info.bit_depth) / 256
        planes.append(np.rint(samples).astype(sample_type(info.pixel_format)))
    return tuple(planes)


def read(path):
    """The frames of a film with the clip's description: (info, frames)."""
    with open_source(path) as source:
        found = scan(source, scene_threshold=None)
        return found.info, list(source.frames())


def seconds(info, frames):
    """When each frame is shown."""
    return [frame.pts * info.time_base for frame in frames]


def same_planes(left, right):
    """Whether two runs of frames have equal samples."""
    return len(left) == len(right) and all(
        len(a.planes) == len(b.planes) and all(map(np.array_equal, a.planes, b.planes))
        for a, b in zip(left, right, strict=True)
    )
