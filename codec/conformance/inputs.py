"""What codecs are tried on: small clips and images, and files that are not what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np

from ncodec.formats import Reader, Segment, VideoInfo, Writer
from ncodec.media import Frame, open_sink
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, sample_type
from ncodec.media.image import Image
from ncodec.media.image_sink import write_image

__all__ = ["Input", "clips", "collections", "damaged", "pictures", "with_false_hashes"]

_CLIPS = (("yuv420p", 17, 15, 3), ("yuv420p10le", 16, 16, 2), ("gray", 17, 15, 1))
"""Pixel format, width, height, frames."""

_PICTURES = (((15, 17, 3), 8), ((16, 16, 1), 8), ((15, 17, 3), 16), ((16, 16, 4), 8))
"""Shape and bits a sample."""

_COUNT = 5
"""Images of a collection."""


@dataclass(frozen=True, slots=True)
class Input:
    """A source, and what messages call it."""

    name: str
    path: Path


def clips(folder: Path) -> Iterator[Input]:
    """Clips of moving waves: an odd size, 10 bits, one grey frame."""
    for pixel_format, width, height, frames in _CLIPS:
        path = folder / f"{pixel_format}.mkv"
        family, depth = PIXEL_FORMATS[pixel_format]
        info = VideoInfo(
            width,
            height,
            frames,
            Fraction(1, 25),
            pixel_format,
            depth,
            full_range=family == "gray",
        )
        shapes = plane_shapes(pixel_format, width, height)
        with open_sink(path, info, None) as sink:
            for index in range(frames):
                planes = [
                    _waves(shape, depth, index + number) for number, shape in enumerate(shapes)
                ]
                kind = sample_type(pixel_format)
                sink.write(Frame(tuple(plane.astype(kind) for plane in planes), index))
        yield Input(f"a clip of {frames} frames of {width}x{height} {pixel_format}", path)


def pictures(folder: Path) -> Iterator[Input]:
    """Single images: odd sizes, grey, 16 bits, alpha."""
    for number, (shape, depth) in enumerate(_PICTURES):
        yield _picture(folder / f"{number}.png", _waves(shape, depth, number))


def collections(folder: Path, images: Sequence[np.ndarray] | None) -> Iterator[Input]:
    """Collections of small images of one shape, or the one of `images`."""
    stacks = (
        [images]
        if images is not None
        else [
            [_waves(shape, depth, index) for index in range(_COUNT)] for shape, depth in _PICTURES
        ]
    )
    for number, pixels in enumerate(stacks):
        path = folder / f"{number}.npy"
        np.save(path, np.stack(pixels))
        yield Input(f"{len(pixels)} images of {_described(pixels[0])}", path)


def with_false_hashes(data: bytes) -> bytes:
    """A file again, with wrong hashes of the integers under CRCs that hold."""
    return _rewritten(data, lambda s: replace(s, integer_hash=s.integer_hash ^ 1))


def damaged(data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file again with sections cut, emptied, changed and lost, under CRCs that hold.

    Yields:
        What was done, and the file.
    """
    with Reader(data) as reader:
        sections = reader.read_segment(0).sections
    for index, section in enumerate(sections):
        middle = len(section) // 2
        flipped = (
            section[:middle] + bytes(b ^ 16 for b in section[middle:][:1]) + section[middle + 1 :]
        )
        for what, changed in (
            ("cut to half", section[:middle]),
            ("emptied", b""),
            ("changed by a bit", flipped),
        ):
            if changed != section:
                yield f"section {index} {what}", _with_section(data, index, changed)
    yield "all sections lost", _rewritten(data, lambda s: replace(s, sections=()))


def _with_section(data: bytes, index: int, section: bytes) -> bytes:
    def change(segment: Segment) -> Segment:
        if segment.index:
            return segment
        sections = list(segment.sections)
        sections[index] = section
        return replace(segment, sections=tuple(sections))

    return _rewritten(data, change)


def _rewritten(data: bytes, change: Callable[[Segment], Segment]) -> bytes:
    out = BytesIO()
    with Reader(data) as reader:
        writer = Writer(out, reader.header)
        for conf in reader.confs():
            writer.conf(conf)
        for entry in reader.segments:
            writer.segment(change(reader.read_segment(entry.index)))
        if reader.times is not None:
            writer.times(reader.times)
        writer.meta(reader.meta)
        writer.finish()
    return out.getvalue()


def _picture(path: Path, pixels: np.ndarray) -> Input:
    write_image(path, Image(pixels))
    return Input(f"an image of {_described(pixels)}", path)


def _described(pixels: np.ndarray) -> str:
    height, width, channels = pixels.shape
    return f"{width}x{height}, {channels} channels, {8 * pixels.itemsize} bits"


def _waves(shape: tuple[int, ...], depth: int, phase: int) -> np.ndarray:
    """Smooth samples with some texture, of any number of dimensions."""
    places = np.indices(shape).astype(np.float64)
    steps = np.arange(1, len(shape) + 1).reshape(-1, *[1] * len(shape))
    waves = np.sin(0.4 * steps * places + 0.5 * phase).sum(0) / len(shape)
    samples = np.rint((0.5 + 0.4 * waves) * ((1 << depth) - 1))
    whole: np.ndarray = samples.astype(np.uint8 if depth == 8 else np.uint16)
    return whole
