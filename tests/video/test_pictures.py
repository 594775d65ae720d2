"""What networks show: 4:2:0 planes go in and out of their packed form unchanged."""

import numpy as np
import pytest
from synthetic import film, read

from ncodec.formats import VideoInfo
from ncodec.media import Frame
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, sample_type
from ncodec.video.inr.pictures import PACKED, PICTURES, RGB, source_pictures


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuv420p16le"])
@pytest.mark.parametrize("size", [(32, 24), (17, 15), (1, 1)])
def test_packed_planes_come_back(pixel_format, size):
    depth = PIXEL_FORMATS[pixel_format][1]
    info = VideoInfo(*size, 1, 1, pixel_format, bit_depth=depth)
    random = np.random.default_rng(0)
    planes = tuple(
        random.integers(0, 1 << depth, shape).astype(sample_type(pixel_format))
        for shape in plane_shapes(pixel_format, *size)
    )
    packed = PACKED.pack(Frame(planes, 0), info)
    assert packed.shape == (*PACKED.size(info), 6)
    unit = packed.astype(np.float32) / (255 if depth == 8 else 1)
    assert all(map(np.array_equal, PACKED.unpack(unit, info), planes))


def test_rgb_comes_back(tmp_path):
    info, frames = read(film(tmp_path / "a.mkv", frames=1, pixel_format="gbrp"))
    unit = RGB.pack(frames[0], info).astype(np.float32) / 255
    assert all(map(np.array_equal, RGB.unpack(unit, info), frames[0].planes))


def test_only_420_is_packed():
    for name, (family, depth) in PIXEL_FORMATS.items():
        info = VideoInfo(16, 16, 1, 1, name, bit_depth=depth)
        assert source_pictures(info) is (PACKED if family == "yuv420p" else RGB)


def test_weights_of_the_loss_sum_to_one():
    for code, pictures in PICTURES.items():
        assert pictures.code == code
        weights = pictures.weights(chroma=0.2)
        assert len(weights) == pictures.channels
        assert sum(weights) == pytest.approx(1)


def test_a_chroma_plane_counts_what_it_is_told():
    assert PACKED.weights(chroma=1 / 8) == (6 / 32,) * 4 + (1 / 8,) * 2
