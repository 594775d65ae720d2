from fractions import Fraction
from math import inf, log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from synthetic import waves

from ncodec.eval.metrics.frames import frame_scores
from ncodec.eval.metrics.planes import mean, mean_squared_error, pooled_psnr, psnr
from ncodec.formats import VideoInfo
from ncodec.media import Frame
from ncodec.media.frame import PIXEL_FORMATS
from ncodec.media.quality import plane_psnr, rgb_psnr


def clip(pixel_format, size=(24, 20)):
    family, depth = PIXEL_FORMATS[pixel_format]
    matrix = 0 if family == "gbrp" else 1
    return VideoInfo(*size, 0, Fraction(1, 25), pixel_format, depth, matrix=matrix)


GREY = clip("gray")


def test_the_two_poolings_of_the_same_errors():
    errors = [1.0, 1.0, 1.0, 100.0]
    assert mean([psnr(mse, 255) for mse in errors]) == pytest.approx(43.1, abs=0.05)
    assert pooled_psnr({"y": errors}, GREY)["y"] == pytest.approx(34.0, abs=0.05)


def test_no_error_is_the_cap_and_little_error_no_more():
    assert psnr(0, 255, 60) == psnr(1e-3, 255, 60) == 60
    assert psnr(1, 255, 60) == 10 * log10(255**2)
    assert psnr(0, 255) == inf
    assert pooled_psnr({"y": [0.0, 0.0]}, GREY) == {"y": 60}
    assert pooled_psnr({"y": [0.0, 2.0]}, GREY)["y"] == psnr(1.0, 255)
    assert pooled_psnr({"y": [0.0]}, clip("gray10le"))["y"] == 72


def test_planes_are_combined_after_they_are_pooled():
    errors = {"y": [1.0, 3.0], "u": [4.0, 4.0], "v": [0.5, 1.5], "rgb": [9.0, 1.0]}
    found = pooled_psnr(errors, clip("yuv420p"))
    y, u, v = (psnr(mse, 255) for mse in (2, 4, 1))
    assert found["yuv"] == pytest.approx((6 * y + u + v) / 8)
    assert found["rgb"] == psnr(5, 255)


@given(
    arrays(np.uint16, (3, 5), elements=st.integers(0, 65535)),
    arrays(np.uint16, (3, 5), elements=st.integers(0, 65535)),
)
def test_errors_of_16_bits_do_not_overflow(decoded, source):
    exact = sum((int(a) - int(b)) ** 2 for a, b in zip(decoded.flat, source.flat, strict=True))
    assert mean_squared_error(decoded, source) == exact / 15


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "yuv444p12le", "gbrp", "gray"])
def test_as_the_encoder_measures(pixel_format):
    info = clip(pixel_format)
    decoded, source = waves(info, 0, 70), waves(info, 1, 72)
    found = frame_scores(Frame(decoded, 0), Frame(source, 0), info)
    peak = (1 << info.bit_depth) - 1
    if pixel_format == "gbrp":
        assert set(found) == {"mse_rgb", "psnr_rgb"}
    else:
        planes = dict(zip("yuv", zip(decoded, source, strict=True), strict=False))
        for name, pair in planes.items():
            assert found[f"psnr_{name}"] == pytest.approx(plane_psnr(*pair, peak))
            assert found[f"mse_{name}"] == pytest.approx(
                peak**2 / 10 ** (plane_psnr(*pair, peak) / 10)
            )
    if pixel_format != "gray":
        assert found["psnr_rgb"] == pytest.approx(rgb_psnr(decoded, source, info))
        assert ("psnr_yuv" in found) == (pixel_format != "gbrp")
