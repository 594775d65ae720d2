"""The rate that a fit follows is what the coder takes, and its roundings are the file's."""

import numpy as np
import pytest
import torch

from ncodec.formats.entropy.tensor import encode_arrays
from ncodec.weights import step_index, stepped
from ncodec.weights.rate import LearnedSteps, bits

SHAPES = {
    "laplace": lambda random, scale: random.laplace(0, scale, 60_000),
    "gauss": lambda random, scale: random.normal(0, scale, 60_000),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [0.1, 0.4, 1, 3, 20, 200])
def test_bits_are_those_of_the_coder(shape, scale):
    values = torch.from_numpy(SHAPES[shape](np.random.default_rng(1), scale)).float()
    coded = 8 * len(encode_arrays([values.round().int().numpy()]))
    assert bits(values.round(), values).item() == pytest.approx(coded, rel=0.01, abs=80)


def test_zeros_cost_next_to_nothing():
    assert bits(torch.zeros(1000), torch.zeros(1000)) < 1


@pytest.mark.parametrize("scale", [0.0, 1e-6, 0.3, 5.0, 1e5])
def test_bits_have_a_finite_slope_towards_zero(scale):
    values = (scale * torch.randn(200)).requires_grad_()
    bits(values, values).backward()
    assert torch.isfinite(values.grad).all()
    if scale >= 0.3:
        assert (values.grad * values).sum() > 0


def test_rounding_in_the_fit_is_the_rounding_of_the_file():
    steps = LearnedSteps(1, torch.device("cpu"))
    with torch.no_grad():
        steps.octaves[0] = -3.1415
    tensor = torch.randn(500)
    values, integers, _ = steps.quantize(0, tensor, None)
    written = stepped(tensor.numpy(), step_index(steps.values()[0]))
    assert np.array_equal(integers.detach().numpy(), written.values)
    assert np.allclose(values.detach().numpy(), written.dequantize(), rtol=1e-6)


def test_gradients_pass_through_rounding_and_reach_the_step():
    steps = LearnedSteps(1, torch.device("cpu"))
    tensor = torch.full((10,), 0.4, requires_grad=True)
    values, *_ = steps.quantize(0, tensor, None)
    values.sum().backward()
    assert torch.allclose(tensor.grad, torch.ones(10))
    assert steps.octaves.grad[0] < 0


def test_noise_is_that_of_rounding_and_repeats():
    steps = LearnedSteps(1, torch.device("cpu"))
    tensor = torch.zeros(20_000)
    first, again = (steps.quantize(0, tensor, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first[0], again[0])
    assert first[0].abs().max() <= 0.5
    assert first[0].var().item() == pytest.approx(1 / 12, rel=0.05)
