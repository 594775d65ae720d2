"""What a decoded picture says of the clip that it begins."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import atan2, degrees
from typing import Any

import av
from av.video.stream import VideoStream

from ncodec.errors import InputError
from ncodec.formats.hdr import Hdr
from ncodec.formats.info import UNSPECIFIED, VideoInfo
from ncodec.media.fields import field_order_of
from ncodec.media.frame import bit_depth, canonical_format

__all__ = ["check_same", "described", "hdr_of", "left_out"]

_FULL_RANGE = 2
_RGB_MATRIX = 0

_LEFT_OUT = {
    "A53_CC": "closed captions inside the picture",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "DYNAMIC_HDR_VIVID": "HDR Vivid metadata",
    "DOVI_RPU_BUFFER": "Dolby Vision metadata",
    "DOVI_METADATA": "Dolby Vision metadata",
    "STEREO3D": "the arrangement of a stereo pair",
    "SPHERICAL": "the projection of a spherical video",
    "S12M_TIMECODE": "timecodes of the frames",
}
"""What pictures carry beside their samples that no .nc file has a place for."""


def described(picture: av.VideoFrame, stream: VideoStream, time_base: Fraction) -> VideoInfo:
    """The clip that `picture` begins; the decoder knows more than the container's header."""
    name = picture.format.name
    pixel_format = canonical_format(name)
    rgb, grey = pixel_format.startswith("gbrp"), pixel_format.startswith("gray")
    # FFmpeg takes grey without a stated range for full, and YUV for limited.
    unstated = grey and picture.color_range == 0
    matrix = _RGB_MATRIX if rgb else int(picture.colorspace)
    context = stream.codec_context
    rotation, mirrored = _orientation(picture)
    return VideoInfo(
        width=picture.width,
        height=picture.height,
        frames=0,
        time_base=time_base,
        pixel_format=pixel_format,
        bit_depth=bit_depth(pixel_format),
        # Pictures have these from PyAV 18 on.
        primaries=getattr(picture, "color_primaries", context.color_primaries) or UNSPECIFIED,
        transfer=getattr(picture, "color_trc", context.color_trc) or UNSPECIFIED,
        matrix=UNSPECIFIED if matrix == _RGB_MATRIX and not rgb else matrix,
        full_range=rgb or unstated or "yuvj" in name or picture.color_range == _FULL_RANGE,
        sample_aspect_ratio=Fraction(
            stream.sample_aspect_ratio or context.sample_aspect_ratio or 1
        ),
        rotation=rotation,
        mirrored=mirrored,
        field_order=field_order_of(picture, int(getattr(context, "field_order", 0))),
    )


def check_same(picture: av.VideoFrame, info: VideoInfo, name: str) -> None:
    """Refuse a picture whose size or format differs from the first one's."""
    layout = (picture.width, picture.height, canonical_format(picture.format.name))
    if layout != (info.width, info.height, info.pixel_format):
        raise InputError(
            f"{name} is {layout[0]}x{layout[1]} {layout[2]}, but the first one is"
            f" {info.width}x{info.height} {info.pixel_format}: convert them to one size and"
            f" format, as `ffmpeg -i INPUT -vf scale={info.width}:{info.height} -pix_fmt"
            f" {info.pixel_format} -c:v ffv1 OUTPUT.mkv` does"
        )


def hdr_of(picture: av.VideoFrame) -> Hdr | None:
    """The mastering display and content light level that come with a picture.

    FFmpeg's structures: AVMasteringDisplayMetadata is ten AVRational and two int of which are
    known, AVContentLightMetadata two unsigned.
    """
    mastering, light = None, None
    if data := _side_data(picture, "MASTERING_DISPLAY_METADATA"):
        *values, has_primaries, has_luminance = struct.unpack_from("=20i2i", data)
        pairs = list(zip(values[::2], values[1::2], strict=True))
        if has_primaries and has_luminance and all(n >= 0 and d > 0 for n, d in pairs):
            mastering = tuple(Fraction(n, d) for n, d in pairs)
    if data := _side_data(picture, "CONTENT_LIGHT_LEVEL"):
        peak, average = struct.unpack_from("=2I", data)
        light = (peak, average)
    return Hdr(mastering, light) if mastering or light else None


def left_out(picture: av.VideoFrame) -> list[str]:
    """What comes with a picture and cannot be kept."""
    kinds = [what for kind, what in _LEFT_OUT.items() if _side_data(picture, kind)]
    matrix = _side_data(picture, "DISPLAYMATRIX")
    if matrix and abs((_degrees(matrix) + 45) % 90 - 45) > 1:
        kinds.append(f"a rotation by {_degrees(matrix):.0f} degrees, of which quarters are kept")
    return list(dict.fromkeys(kinds))


def _degrees(matrix: bytes) -> float:
    """The degrees clockwise by which a display matrix turns, after it has mirrored."""
    _, _, _, c, d, *_ = struct.unpack_from("=9i", matrix)
    return degrees(atan2(-c, d))


def _side_data(picture: av.VideoFrame, kind: str) -> bytes:
    """What comes with a picture, of the kind that FFmpeg calls AV_FRAME_DATA_`kind`, or b"".

    PyAV keeps a picture that was asked for it until the garbage collector runs: ask few.
    """
    try:
        data: Any = picture.side_data.get(kind)
    except ValueError:  # there is a kind that this PyAV has no name for
        return b""
    return bytes(data) if data is not None else b""


def _orientation(picture: av.VideoFrame) -> tuple[int, bool]:
    """The degrees clockwise by which a player turns a picture, and whether it mirrors it before.

    The display matrix [a b u; c d v; x y w] takes (p, q) to (ap + cq, bp + dq), q downwards.
    """
    data = _side_data(picture, "DISPLAYMATRIX")
    if not data:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack_from("=9i", data)
    return round(_degrees(data) / 90) * 90 % 360, a * d < b * c
