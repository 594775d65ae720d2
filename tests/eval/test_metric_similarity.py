import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim, ssim

from ncodec.eval.metrics.similarity import similarity


def planes(size, depth, noise):
    """A source with texture, edges and flat parts, and the same with noise."""
    width, height = size
    rng = np.random.default_rng(3)
    peak = (1 << depth) - 1
    y, x = np.mgrid[:height, :width]
    clean = (
        0.5 + 0.2 * np.sin(x / 9) + 0.15 * np.cos(y / 5 + x / 31) + 0.1 * ((x // 40 + y // 30) % 2)
    )
    clean[: height // 4] = 0.1
    source = np.clip(peak * clean, 0, peak)
    decoded = np.clip(source + rng.normal(0, noise * peak, source.shape), 0, peak)
    dtype = np.uint8 if depth == 8 else np.uint16
    return decoded.astype(dtype), source.astype(dtype), peak


def reference(function, decoded, source, peak):
    left, right = (torch.from_numpy(p.astype(np.float64))[None, None] for p in (decoded, source))
    return function(left, right, data_range=peak).item()


@pytest.mark.parametrize("noise", [0.002, 0.03, 0.3])
@pytest.mark.parametrize("depth", [8, 10, 16])
@pytest.mark.parametrize("size", [(320, 176), (163, 201), (162, 161), (175, 250)])
def test_as_pytorch_msssim(size, depth, noise):
    pair = planes(size, depth, noise)
    found = similarity(*pair)
    assert found.ssim == pytest.approx(reference(ssim, *pair), abs=1e-5)
    assert found.ms_ssim == pytest.approx(reference(ms_ssim, *pair), abs=1e-5)


def test_equal_planes_are_one():
    _, source, peak = planes((170, 170), 8, 0)
    found = similarity(source, source, peak)
    assert (found.ssim, found.ms_ssim) == pytest.approx((1, 1), abs=1e-12)


def test_opposite_structure_has_no_ms_ssim_below_zero():
    _, source, peak = planes((170, 170), 8, 0)
    found = similarity(peak - source, source, peak)
    assert found.ssim < 0
    assert found.ms_ssim == 0


@pytest.mark.parametrize(
    ("size", "has"), [((10, 400), (0, 0)), ((11, 12), (1, 0)), ((160, 161), (1, 0))]
)
def test_small_planes_lack_what_has_no_room(size, has):
    pair = planes(size, 8, 0.02)
    found = similarity(*pair)
    assert (found.ssim is not None, found.ms_ssim is not None) == has
    if found.ssim is not None:
        assert found.ssim == pytest.approx(reference(ssim, *pair), abs=1e-5)


def test_planes_that_are_not_contiguous():
    decoded, source, peak = planes((170, 170), 8, 0.02)
    rgb = np.stack([decoded, source, source], axis=2)
    assert similarity(rgb[..., 0], rgb[..., 1], peak) == similarity(decoded, source, peak)
