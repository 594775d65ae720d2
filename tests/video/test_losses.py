"""The losses of published recipes against independent ones."""

import numpy as np
import pytest
import pytorch_msssim
import torch

from ncodec.video.inr.distortion import l1_ssim, ssim


def pair(height, width, channels=3, frames=2):
    random = np.random.default_rng(0)
    clean = random.random((frames, channels, height, width), dtype=np.float32)
    noise = 0.1 * random.standard_normal(clean.shape, dtype=np.float32)
    return torch.from_numpy(clean), torch.from_numpy(np.clip(clean + noise, 0, 1))


@pytest.mark.parametrize("channels", [3, 6])
@pytest.mark.parametrize("size", [(11, 11), (32, 48), (17, 90)])
def test_ssim_is_that_of_pytorch_msssim(size, channels):
    clean, noisy = pair(*size, channels)
    expected = pytorch_msssim.ssim(clean, noisy, data_range=1, size_average=False)
    assert torch.allclose(ssim(clean, noisy), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(10, 40), (40, 3), (5, 5)])
@pytest.mark.filterwarnings("ignore:Skipping Gaussian Smoothing")
def test_ssim_of_small_pictures(size):
    clean, noisy = pair(*size)
    expected = pytorch_msssim.ssim(clean, noisy, data_range=1, size_average=False)
    assert torch.allclose(ssim(clean, noisy), expected, atol=1e-5)


def test_the_loss_is_its_parts():
    clean, noisy = pair(32, 48)
    loss = l1_ssim(noisy, clean)
    l1 = np.abs(noisy.numpy() - clean.numpy()).mean(axis=(1, 2, 3))
    similar = pytorch_msssim.ssim(noisy, clean, data_range=1, size_average=False).numpy()
    assert loss.shape == (2,)
    assert np.allclose(loss.numpy(), 0.7 * l1 + 0.3 * (1 - similar), atol=1e-5)
    assert torch.allclose(l1_ssim(clean, clean), torch.zeros(2), atol=1e-6)


def test_the_loss_is_taken_in_float32_and_has_a_gradient():
    clean, noisy = pair(32, 48)
    with torch.autocast("cpu", torch.bfloat16):
        inside = l1_ssim(noisy.requires_grad_(), clean)
    assert torch.equal(inside, l1_ssim(noisy, clean))
    inside.sum().backward()
    assert noisy.grad.isfinite().all()
