from dataclasses import replace

import numpy as np
import pytest
from clips import clip

from ncodec.media import Frame, from_rgb, to_rgb
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, sample_type

YUV = [name for name in PIXEL_FORMATS if name.startswith("yuv")]


def smooth(pixel_format, size, depth):
    """Planes of colours well inside the RGB cube, so that nothing is clipped."""
    rows, columns = np.indices((size[1], size[0]))
    waves = [np.sin(rows / 5 + k) * np.cos(columns / 7) for k in range(3)]
    unit = 2 ** (depth - 8)
    return tuple(
        np.rint(128 * unit + (40 if k == 0 else 15) * unit * waves[k][:h, :w]).astype(
            sample_type(pixel_format)
        )
        for k, (h, w) in enumerate(plane_shapes(pixel_format, *size))
    )


@pytest.mark.parametrize("pixel_format", YUV)
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("location", [0, 2, 3])
def test_yuv_survives_rgb(pixel_format, full_range, location):
    size = (37, 23)
    info, _ = clip(pixel_format, size, full_range=full_range, chroma_location=location)
    planes = smooth(pixel_format, size, info.bit_depth)
    back = from_rgb(to_rgb(Frame(planes, 0), info), info, 5)
    assert back.pts == 5
    for old, new in zip(planes, back.planes, strict=True):
        assert np.abs(old.astype(int) - new).max() <= 1


@pytest.mark.parametrize("matrix", [1, 2, 4, 5, 6, 7, 8, 9])
def test_matrices_have_an_inverse(matrix):
    info, _ = clip("yuv444p12le", (16, 16), matrix=matrix)
    planes = smooth("yuv444p12le", (16, 16), 12)
    back = from_rgb(to_rgb(Frame(planes, 0), info), info, 0)
    assert all(np.array_equal(a, b) for a, b in zip(planes, back.planes, strict=True))


@pytest.mark.parametrize("pixel_format", ["gbrp", "gbrp10le", "gbrp16le", "gray16le", "gray"])
def test_rgb_and_grey_survive_rgb(pixel_format):
    info, frames = clip(pixel_format, (17, 15))
    back = from_rgb(to_rgb(frames[0], info), info, 0)
    assert all(np.array_equal(a, b) for a, b in zip(frames[0].planes, back.planes, strict=True))


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p10le", "gray", "gray12le"])
def test_black_and_white_are_the_ends_of_the_range(pixel_format, full_range):
    info, _ = clip(pixel_format, full_range=full_range)
    unit = 2 ** (info.bit_depth - 8)
    ends = (0, 2**info.bit_depth - 1) if full_range else (16 * unit, 235 * unit)
    for dtype in (np.uint8, np.uint16):
        for end, value in zip(ends, (0, np.iinfo(dtype).max), strict=True):
            frame = from_rgb(np.full((16, 16, 3), value, dtype), info, 0)
            assert (frame.planes[0] == end).all()
            assert all((plane == 128 * unit).all() for plane in frame.planes[1:])


def test_bt709_red_has_its_published_code_values():
    info, _ = clip("yuv444p", matrix=1)
    red = np.broadcast_to(np.array([255, 0, 0], np.uint8), (16, 16, 3))
    assert [int(p.flat[0]) for p in from_rgb(red, info, 0).planes] == [63, 102, 240]


def test_an_unspecified_matrix_goes_by_height():
    rgb = np.zeros((578, 2, 3), np.uint8)
    rgb[..., 0] = 255
    tall, _ = clip("yuv444p", (2, 578))
    short = replace(tall, height=576)
    assert from_rgb(rgb, tall, 0).planes[0].flat[0] == 63
    assert from_rgb(rgb[:576], short, 0).planes[0].flat[0] == 81


def test_depth_decides_the_type_of_rgb():
    for pixel_format, dtype in (("yuv420p", np.uint8), ("yuv420p10le", np.uint16)):
        info, frames = clip(pixel_format)
        assert to_rgb(frames[0], info).dtype == dtype
