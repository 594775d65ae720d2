"""Batches and patches: every picture is seen whole, a part at a time or some at a time."""

from dataclasses import replace
from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ncodec.device import resolve_device
from ncodec.video.inr.batches import Batches, patches
from ncodec.video.inr.distortion import Distortion
from ncodec.video.inr.pictures import PACKED
from ncodec.video.inr.recipe import Recipe
from ncodec.video.ngrid.codec import NGrid
from ncodec.video.ngrid.shape import solve_shape

RECIPE = Recipe(epochs=1, adam_rate=1e-2, muon_rate=1e-2, batch=16, positions=1000)


class Cells(nn.Module):
    """A decoder that shows patches."""

    cells = (6, 9)


def decoder_of(size, values=4000, frames=12):
    torch.manual_seed(0)
    shape = solve_shape(*size, frames, values, PACKED)
    _, decoder = NGrid.architecture.networks(shape)
    for parameter in decoder.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return shape, decoder


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5000), st.integers(1, 5000))
def test_patches_cover_a_picture_once(rows, columns, positions, most):
    found = patches(rows, columns, positions, most)
    seen = torch.zeros(rows, columns)
    for patch in found:
        seen[patch.part(1)] += 1
        assert patch.cells >= 1
    assert (seen == 1).all()
    assert positions <= most * len(found) or len(found) == rows * columns


@pytest.mark.parametrize("size", [(128, 160), (110, 150)])
def test_a_patch_is_a_part_of_the_picture(size):
    shape, decoder = decoder_of(size)
    times = torch.tensor([1, 7]) / 12
    scale = shape.geometry.padded[0] // decoder.cells[0]
    with torch.no_grad():
        whole = decoder(times)
        for patch in patches(*decoder.cells, prod(size), 6000):
            shown, expected = decoder(times, patch), whole[patch.part(scale)]
            assert shown.shape == expected.shape
            # What is left out beyond the margin reaches its edge weakly, and no farther than
            # two cells.
            assert (shown - expected).abs().mean() < 0.02 * whole.std()
            inner = (..., slice(2 * scale, -2 * scale), slice(2 * scale, -2 * scale))
            assert expected[inner].numel()
            assert torch.allclose(shown[inner], expected[inner], atol=1e-5)


@pytest.mark.parametrize(("frames", "batch"), [(1, 1), (8, 1), (16, 2), (32, 4), (250, 4)])
def test_short_segments_get_small_batches(frames, batch):
    recipe = NGrid.architecture.presets["medium"].recipe
    assert recipe.frames_a_step(frames, 80 * 160) == batch
    assert recipe.frames_a_step(frames, 160 * 320) == min(batch, 2)


@pytest.mark.parametrize(
    ("decoder", "size", "count"),
    [(Cells(), (48, 72), 4), (Cells(), (12, 18), 1), (nn.Module(), (48, 72), 1)],
)
def test_each_part_of_each_frame_is_taken_once_a_pass(decoder, size, count):
    batches = Batches(RECIPE, decoder, 40, size, seed=3)
    taken = []
    for step in range(len(batches)):
        frames, patch = batches.at(step)
        assert patch is None or len(frames) == 1
        taken += [(int(frame), patch) for frame in frames]
    assert len(set(taken)) == len(taken) == 40 * count
    later = batches.at(len(batches) + 2)
    again = Batches(RECIPE, decoder, 40, size, seed=3).at(len(batches) + 2)
    assert torch.equal(later[0], again[0])
    assert later[1] == again[1]


def test_parts_have_the_errors_of_the_whole():
    torch.manual_seed(0)
    frames = torch.randint(0, 256, (2, 6, 24, 32), dtype=torch.uint8)
    distortion = Distortion(frames, (21, 30), [1 / 6] * 6, torch.device("cpu"))
    output = torch.rand(2, 6, 24, 32)
    everything = torch.arange(2)
    whole = distortion.errors(output, distortion.pictures(everything))
    total = torch.zeros(2)
    for patch in patches(3, 4, 24 * 32, 200):
        part = patch.part(8)
        errors = distortion.errors(output[part], distortion.pictures(everything, part), part)
        (_, rows, columns) = part
        area = (min(rows.stop, 21) - rows.start) * (min(columns.stop, 30) - columns.start)
        total += errors * area / (21 * 30)
    assert torch.allclose(total, whole, atol=1e-6)


def test_a_fit_of_patches_learns_the_whole_picture():
    size = (96, 128)
    shape = solve_shape(*size, 4, 6000, PACKED)
    rows, columns = torch.meshgrid(*map(torch.arange, shape.geometry.padded), indexing="ij")
    waves = [torch.sin(rows / 9 + i) + torch.cos(columns / 11 - i) for i in range(4)]
    frames = (128 + 50 * torch.stack(waves)).byte()[:, None].repeat(1, 6, 1, 1)
    recipe = replace(
        NGrid.architecture.presets["fast"].recipe, positions=prod(size) // 4, warmup=0.0
    )
    torch.manual_seed(0)
    fit = NGrid.architecture.begin_fit(shape, frames, recipe, resolve_device("cpu"), seed=0)
    assert fit.steps_per_epoch == 16
    before = fit.errors(fit.inputs()).mean()
    for _ in range(10 * fit.steps_per_epoch):
        fit.step()
    assert fit.errors(fit.inputs()).mean() < 0.2 * before
