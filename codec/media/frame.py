"""Frames as NumPy planes, and the pixel formats that ncodec carries.

A decoder hands out dozens of layouts (semi-planar, packed, big-endian, palettes). Inside ncodec
there is one a sampling and depth: FFmpeg's planar little-endian format. Everything else is
mapped to it at the door by `canonical_format`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64

from ncodec.errors import InputError
from ncodec.formats.info import VideoInfo

if TYPE_CHECKING:
    import av

__all__ = [
    "EXACT_SCALER",
    "PIXEL_FORMATS",
    "Frame",
    "bit_depth",
    "canonical_format",
    "fingerprint",
    "from_av",
    "plane_shapes",
    "sample_type",
    "to_av",
]

_DEPTHS = (8, 9, 10, 12, 14, 16)
_FAMILIES = ("gray", "yuv420p", "yuv422p", "yuv444p", "gbrp")
_SUBSAMPLING = {"yuv420p": (2, 2), "yuv422p": (1, 2)}
"""The luma rows and columns of a chroma sample; (1, 1) for every other family."""

PIXEL_FORMATS: dict[str, tuple[str, int]] = {
    family + (f"{depth}le" if depth > 8 else ""): (family, depth)
    for family in _FAMILIES
    for depth in _DEPTHS
}
"""The formats that ncodec carries, by name: (family, bits a sample)."""

EXACT_SCALER = 4 | 0x2000 | 0x4000 | 0x40000 | 0x80000
"""swscale's BICUBIC, FULL_CHR_H_INT, FULL_CHR_H_INP, ACCURATE_RND and BITEXACT for a change of
layout: without them it takes faster roads that round. PyAV before 18 has no names for them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        planes: 2-D uint8 (8 bits a sample) or uint16 arrays, C-contiguous, in the order of the
            planar format: Y, U, V; G, B, R; or one grey plane. Shapes are `plane_shapes`.
        pts: presentation time in ticks of the clip's time base.
        seconds: the same in seconds; None where the frame does not know its clip.
        duration: seconds until the next frame; None as above.
    """

    planes: tuple[NDArray[Any], ...]
    pts: int
    seconds: float | None = None
    duration: float | None = None

    def __repr__(self) -> str:
        shapes = ", ".join(f"{rows}x{columns}" for rows, columns in (p.shape for p in self.planes))
        time = "" if self.seconds is None else f", seconds={self.seconds:g}"
        return f"Frame(planes=({shapes}) {self.planes[0].dtype}, pts={self.pts}{time})"


def fingerprint(frame: Frame) -> int:
    """The XXH3-64 of a frame's samples."""
    state = xxh3_64()
    for plane in frame.planes:
        state.update(plane.data)
    return state.intdigest()


def bit_depth(pixel_format: str) -> int:
    """The significant bits of a sample in a canonical format."""
    return PIXEL_FORMATS[pixel_format][1]


def sample_type(pixel_format: str) -> np.dtype[Any]:
    """The type of a canonical format's samples: uint8 for 8 bits, little-endian uint16 above."""
    return np.dtype(np.uint8) if bit_depth(pixel_format) == 8 else np.dtype("<u2")


def plane_shapes(pixel_format: str, width: int, height: int) -> tuple[tuple[int, int], ...]:
    """The (rows, columns) of each plane; the chroma of odd sizes rounds up."""
    family, _ = PIXEL_FORMATS[pixel_format]
    if family == "gray":
        return ((height, width),)
    rows, columns = _SUBSAMPLING.get(family, (1, 1))
    chroma = (-(-height // rows), -(-width // columns))
    return ((height, width), chroma, chroma)


def canonical_format(ffmpeg_name: str) -> str:
    """The carried format that holds every sample of FFmpeg's format `ffmpeg_name`.

    Alpha is dropped. Depths between two carried ones take the next one up, and 4:1:1, 4:1:0 and
    4:4:0 take 4:4:4: these are the only mappings that resample.

    Raises:
        InputError: no pixel format of FFmpeg has this name, or its pixels live on a device.
    """
    import av  # heavy, and not needed to open a .nc file

    try:
        described = av.VideoFormat(ffmpeg_name, 16, 16)
    except ValueError:
        raise InputError(
            f"pixel format {ffmpeg_name!r} is unknown: convert the source to yuv420p first"
        ) from None
    colours = [part for part in described.components if not part.is_alpha]
    if not colours:
        raise InputError(
            f"pixel format {ffmpeg_name!r} keeps its pixels on a device: decode the source in"
            " software, for example to yuv420p"
        )
    if described.is_rgb or described.has_palette or described.is_bayer or "xyz" in ffmpeg_name:
        family = "gbrp"
    elif len(colours) == 1:
        family = "gray"
    else:
        ratio = (16 // described.chroma_height(16), 16 // described.chroma_width(16))
        family = {(2, 2): "yuv420p", (1, 2): "yuv422p"}.get(ratio, "yuv444p")
    bits = 8 if described.has_palette else max(part.bits for part in colours)
    depth = next((depth for depth in _DEPTHS if depth >= bits), _DEPTHS[-1])
    return family + (f"{depth}le" if depth > 8 else "")


def from_av(picture: av.VideoFrame, pixel_format: str, pts: int) -> Frame:
    """Copies `picture` into planes of `pixel_format`, which must be its canonical format.

    Colour is not touched: a change of layout moves the code values as they are.
    """
    name = picture.format.name
    # With alpha, or with "full range" in its name, the first planes are the ones we carry.
    planar = name.replace("yuva", "yuv").replace("yuvj", "yuv").replace("gbrap", "gbrp")
    if planar != pixel_format:
        # FFmpeg's scaler of several threads writes a few bytes past rows into those of another.
        picture = picture.reformat(
            format=pixel_format,
            threads=1,
            interpolation=EXACT_SCALER,
            src_colorspace=5,
            dst_colorspace=5,
            src_color_range=2,
            dst_color_range=2,
        )
    shapes = plane_shapes(pixel_format, picture.width, picture.height)
    dtype = sample_type(pixel_format)
    return Frame(
        tuple(
            _view(plane, dtype)[:rows, :columns].copy()
            for plane, (rows, columns) in zip(picture.planes, shapes, strict=False)
        ),
        pts,
    )


def to_av(frame: Frame, info: VideoInfo) -> av.VideoFrame:
    """`frame` as a PyAV picture with the matrix and range of `info`.

    Those are what swscale goes by; an encoder takes all its colour tags from its own context.
    """
    import av

    picture = av.VideoFrame(info.width, info.height, info.pixel_format)
    for target, plane in zip(picture.planes, frame.planes, strict=True):
        _view(target, plane.dtype)[:, : plane.shape[1]] = plane
    picture.pts = frame.pts
    picture.time_base = info.time_base
    picture.colorspace = info.matrix
    picture.color_range = 2 if info.full_range else 1
    return picture


def _view(plane: av.video.plane.VideoPlane, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The plane's memory as (rows, padded columns), top row first."""
    stride = plane.line_size
    memory: NDArray[Any] = np.frombuffer(cast(memoryview, plane), dtype)
    rows = memory.reshape(-1, abs(stride) // dtype.itemsize)
    return rows if stride > 0 else rows[::-1]
