"""The integer arithmetic by which converters make RGB of luma and two chroma samples.

    R = clip((luma[y] + red[c2]) >> 16)
    G = clip((luma[y] + green1[c1] + green2[c2]) >> 16)
    B = clip((luma[y] + blue[c1]) >> 16)          clip to 0 .. 255

Every converter here is such a set of five tables (docs/past.md, "Maps"); they are part of the
format.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = ["MAPS", "Map", "convert", "to_rgb"]

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


class Map(NamedTuple):
    """The tables of a converter, int32 [256] in 2^-16 of a level: `luma`, `red` and `blue` ascend,
    `green1` and `green2` descend."""

    luma: I32
    red: I32
    green1: I32
    green2: I32
    blue: I32


_VALUES = np.arange(256, dtype=np.int64)


def _table(values: NDArray[np.int64]) -> I32:
    return values.astype(np.int32)


def _jfif() -> Map:
    """YCbCr of full range as libjpeg converts it (jdcolor.c): products rounded to nearest."""
    chroma = _VALUES - 128
    return Map(
        luma=_table(_VALUES << 16),
        red=_table(91881 * chroma + 32768),
        green1=_table(-22554 * chroma + 32768),
        green2=_table(-46802 * chroma),
        blue=_table(116130 * chroma + 32768),
    )


def _coarse_jfif() -> Map:
    """The same with the products of green cut to 1/64, of constants in 1/4096: found in chelsea.png
    of scikit-image."""
    chroma = _VALUES - 128
    return _jfif()._replace(
        green1=_table(((-1409 * chroma >> 6) << 10) + 32768),
        green2=_table((-2925 * chroma >> 6) << 10),
    )


def _photo_cd() -> Map:
    """Photo YCC; the constants 1.3584, 2.2179, 1.8215, 0.194 and 0.509 in 16 bits, cut off."""
    c1, c2 = 145352 * (_VALUES - 156), 119374 * (_VALUES - 137)
    return Map(
        luma=_table(89024 * _VALUES),
        red=_table(c2),
        green1=_table(-12714 * (c1 >> 16)),
        green2=_table(-33358 * (c2 >> 16)),
        blue=_table(c1),
    )


def _webp() -> Map:
    """BT.601 of limited range as libwebp converts it (dsp/yuv.h): products cut to 1/64."""
    return Map(
        luma=_table((19077 * _VALUES >> 8) << 10),
        red=_table(((26149 * _VALUES >> 8) - 14234) << 10),
        green1=_table((-(6419 * _VALUES >> 8) + 8708) << 10),
        green2=_table(-(13320 * _VALUES >> 8) << 10),
        blue=_table(((33050 * _VALUES >> 8) - 17685) << 10),
    )


def _video(red: int, green1: int, green2: int, blue: int) -> Map:
    """Limited range as libswscale converts it with vector instructions: constants in 2^-13, each
    product cut to a level."""
    chroma = _VALUES - 128
    return Map(
        luma=_table((9539 * (_VALUES - 16) >> 13) << 16),
        red=_table((red * chroma >> 13) << 16),
        green1=_table((-green1 * chroma >> 13) << 16),
        green2=_table((-green2 * chroma >> 13) << 16),
        blue=_table((blue * chroma >> 13) << 16),
    )


MAPS = (
    _jfif(),
    _coarse_jfif(),
    _photo_cd(),
    _webp(),
    _video(13075, 3209, 6660, 16525),
    _video(14688, 1744, 4363, 17307),
)
"""What the maps' numbers in a file stand for; `names.MAPS` has their names."""


@kernel(inline="always")
def convert(m: Map, y: Any, c1: Any, c2: Any) -> tuple[Any, Any, Any]:
    """R, G and B, not yet cut to 0 .. 255."""
    return (
        (m.luma[y] + m.red[c2]) >> 16,
        (m.luma[y] + m.green1[c1] + m.green2[c2]) >> 16,
        (m.luma[y] + m.blue[c1]) >> 16,
    )


@kernel
def to_rgb(m: Map, luma: I32, chroma: I32, out: U8) -> None:
    """Converts `luma`, int32 (height, width), and `chroma`, c1 and c2, int32 (2, height, width),
    all of 0 .. 255, into `out`, uint8 (height, width, 3)."""
    for i in range(luma.shape[0]):
        for j in range(luma.shape[1]):
            r, g, b = convert(m, luma[i, j], chroma[0, i, j], chroma[1, i, j])
            out[i, j, 0] = min(max(r, 0), 255)
            out[i, j, 1] = min(max(g, 0), 255)
            out[i, j, 2] = min(max(b, 0), 255)
