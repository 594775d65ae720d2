"""Fitting: it learns, ends its schedule, and continues where it stopped."""

from dataclasses import replace
from math import log10

import numpy as np
import pytest
import torch

from ncodec.device import Device, resolve_device
from ncodec.errors import Interrupted
from ncodec.jobs.plan import FileCheckpoints
from ncodec.plugin import Context
from ncodec.video.hnerv.codec import HNeRV
from ncodec.video.hnerv.shape import solve_shape
from ncodec.video.inr.optim import orthogonalize
from ncodec.video.inr.schedule import run_fit
from ncodec.video.inr.shape import choose_geometry

SIZE = (36, 64)
FRAMES = 6


@pytest.fixture(autouse=True)
def _one_thread():
    before, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_rng_state(state)


def picture(index):
    rows, columns = np.indices(SIZE) / SIZE[1]
    waves = [np.sin(6 * rows + 0.3 * index), np.cos(7 * columns - 0.2 * index), np.sin(5 * columns)]
    return torch.tensor(np.rint(128 + 60 * np.stack(waves))).byte()


def make(preset="ultrafast", epochs=4, values=4000):
    torch.manual_seed(0)
    shape = solve_shape(choose_geometry(*SIZE), FRAMES, values)
    frames = torch.zeros(FRAMES, 3, *shape.geometry.padded).byte()
    for index in range(FRAMES):
        frames[index, :, : SIZE[0], : SIZE[1]] = picture(index)
    recipe = replace(HNeRV.architecture.presets[preset].recipe, epochs=epochs)
    return HNeRV.architecture.begin_fit(shape, frames, recipe, resolve_device("cpu"), seed=0)


def psnr(fit):
    return -10 * log10(fit.errors(fit.inputs()).mean().item())


@pytest.mark.parametrize(("preset", "epochs"), [("medium", 30), ("paper", 60)])
def test_a_fit_learns(preset, epochs):
    fit = make(preset, epochs, values=8000)
    clip = torch.stack([picture(index) for index in range(FRAMES)]).float() / 255
    constant = -10 * log10(clip.var(dim=(0, 2, 3), unbiased=False).mean().item())
    run_fit(fit, Context())
    assert psnr(fit) > constant + 6


def test_epochs_are_counted_and_reported(monkeypatch):
    # On a busy machine a pass takes longer than a fit is silent.
    monkeypatch.setattr("ncodec.video.inr.schedule.REPORT_SECONDS", float("inf"))
    fit, reports = make(epochs=4), []
    run_fit(fit, Context(report=lambda **values: reports.append(values)))
    assert fit.progress == 1
    assert fit.step_count == 4 * fit.steps_per_epoch
    assert [(r["epoch"], r["epochs"]) for r in reports] == [(i, 4) for i in (1, 2, 3, 4)]
    assert [r["fraction"] for r in reports] == [0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("seconds", [0, 0.5])
def test_a_time_budget_ends_with_the_schedule(seconds):
    fit, reports = make(epochs=10_000), []
    run_fit(fit, Context(seconds=seconds, report=lambda **values: reports.append(values)))
    assert fit.progress == 1
    assert fit.recipe.rate(fit.progress) == pytest.approx(0, abs=1e-9)
    assert reports[-1]["fraction"] == 1
    assert fit.step_count >= 1


@pytest.mark.parametrize("stop", [1, 2, 5, 11])
def test_a_fit_that_stopped_at_any_step_ends_with_the_same_weights(tmp_path, stop):
    whole = make()
    run_fit(whole, Context())
    store = FileCheckpoints(tmp_path / "fit.npz")
    part = make()
    with pytest.raises(Interrupted):
        run_fit(part, Context(checkpoints=store, stopping=lambda: part.step_count == stop))
    torch.manual_seed(99)
    resumed = make()
    run_fit(resumed, Context(checkpoints=store))
    assert resumed.step_count == whole.step_count
    for a, b in zip(whole.decoder.parameters(), resumed.decoder.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(whole.inputs(), resumed.inputs())
    assert whole.finish()[1] == resumed.finish()[1]


def test_a_stop_without_a_checkpoint_store_is_interrupted_too():
    with pytest.raises(Interrupted):
        run_fit(make(), Context(stopping=lambda: True))


def test_padding_does_not_count():
    fit = make()
    embeddings = fit.inputs()
    before = fit.errors(embeddings)
    fit.distortion.frames[..., SIZE[0] :, :] = 255
    after = fit.errors(embeddings)
    assert torch.allclose(before, after)


@pytest.mark.parametrize("shape", [(8, 8), (4, 50), (60, 3), (1, 9)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape):
    values = torch.linalg.svdvals(orthogonalize(torch.randn(shape), steps=10))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_nothing_of_a_fit_stays_behind_on_the_cpu(monkeypatch):
    # Tensors of the meta device have no values, but mix with the CPU's as little as a GPU's do.
    adam = torch.optim.Adam
    monkeypatch.setattr(torch.optim, "Adam", lambda *a, fused=False, **options: adam(*a, **options))
    codec, geometry = HNeRV(), choose_geometry(*SIZE)
    shape = solve_shape(geometry, FRAMES, 4000, skips=True)
    frames = torch.zeros(FRAMES, 3, *geometry.padded).byte()
    device = Device(torch.device("meta"), None)
    fit = codec.architecture.begin_fit(
        shape, frames, HNeRV.architecture.presets["medium"].recipe, device, seed=0
    )
    for rated, progress in ((False, 0.2), (True, 0.9)):
        fit.rated, fit.progress = rated, progress
        fit.step()
        assert fit.error.device.type == "meta"
        assert fit.errors(fit.inputs()).device.type == "meta"
