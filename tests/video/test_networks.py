"""The networks in torch are what the sizes without torch say."""

import pytest
import torch
from torch.nn import functional as F

from ncodec.video.hnerv.codec import HNeRV
from ncodec.video.hnerv.shape import solve_shape
from ncodec.video.inr.shape import choose_geometry
from ncodec.video.inr.upsampling import enlarging_kernel

CLIPS = [((640, 1280), 132, 350_000), ((15, 17), 3, 2000), ((1, 1), 1, 10), ((90, 160), 9, 40_000)]


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize(("size", "frames", "values"), CLIPS)
def test_tensors_are_the_state_dict_in_its_order(size, frames, values, skips):
    shape = solve_shape(choose_geometry(*size), frames, values, skips=skips)
    _, decoder = HNeRV.architecture.networks(shape)
    found = {name: tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}
    assert list(found.items()) == list(shape.tensors.items())
    assert sum(p.numel() for p in decoder.parameters()) == shape.parameters


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize(("size", "frames", "values"), CLIPS[1:])
def test_frame_to_embedding_to_frame(size, frames, values, skips):
    shape = solve_shape(choose_geometry(*size), frames, values, skips=skips)
    encoder, decoder = HNeRV.architecture.networks(shape)
    with torch.no_grad():
        embedding = encoder(torch.rand(2, 3, *shape.geometry.padded))
        picture = decoder(embedding)
    assert embedding.shape == (2, *shape.embedding)
    assert picture.shape == (2, 3, *shape.geometry.padded)
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.parametrize(
    ("channels", "out", "stride"), [(3, 2, 2), (2, 3, 5), (4, 4, 3), (2, 2, 1)]
)
def test_a_skip_enlarges_bilinearly_inside_the_picture(channels, out, stride):
    x = torch.rand(1, channels, 6, 7)
    y = F.conv2d(x, enlarging_kernel(channels, out, 3, stride), padding=1)
    found = F.pixel_shuffle(y, stride)
    expected = F.interpolate(x, scale_factor=stride, mode="bilinear")
    both, inside = min(channels, out), slice(stride, -stride)
    assert torch.allclose(
        found[:, :both, inside, inside], expected[:, :both, inside, inside], atol=1e-6
    )
    assert not found[:, both:].any()
