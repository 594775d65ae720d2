"""What a clip is, as the container's HEAD box and the media layer both describe it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["VideoInfo"]

UNSPECIFIED = 2
"""The CICP code point "unspecified" of primaries, transfer and matrix (ISO/IEC 23091-2)."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Geometry, sample format, colour and time base of a clip.

    Attributes:
        width, height: coded size in luma samples, before `rotation`.
        frames: number of frames, 0 when unknown.
        time_base: seconds a tick. Where a file has no TIME box the rate is constant and
            frame i is shown at tick i.
        pixel_format: FFmpeg's name of a planar format, e.g. ``yuv420p10le`` or ``gbrp``.
        bit_depth: significant bits a sample, 8 to 16.
        primaries, transfer, matrix: CICP code points (ISO/IEC 23091-2), 2 = unspecified.
        full_range: whether samples use the whole code range.
        chroma_location: FFmpeg's AVChromaLocation, 0 = unspecified.
        sample_aspect_ratio: width over height of a sample.
        rotation: degrees clockwise that a player turns the picture: 0, 90, 180 or 270.
        mirrored: whether a player swaps left and right, before it turns the picture.
        field_order: FFmpeg's AVFieldOrder: 0 unknown, 1 progressive, 2 and 3 coded and shown top
            or bottom field first, 4 coded top and shown bottom first, 5 the other way round.
    """

    width: int
    height: int
    frames: int
    time_base: Fraction
    pixel_format: str
    bit_depth: int = 8
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    full_range: bool = False
    chroma_location: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    rotation: int = 0
    mirrored: bool = False
    field_order: int = 0
