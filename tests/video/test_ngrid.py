"""ngrid: its solver, its configuration, the network in torch, and files."""

import os
from itertools import pairwise
from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import TINY, film

import ncodec
from ncodec.device import Device, resolve_device
from ncodec.errors import DamagedFile, Interrupted, NcodecError
from ncodec.files.verify import verify
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.jobs import EncodeRequest, Progressed, run_encode
from ncodec.registry import load_codec
from ncodec.video.inr.optim import Muon
from ncodec.video.inr.pictures import PACKED, RGB
from ncodec.video.inr.recipe import default_values
from ncodec.video.inr.shape import Geometry
from ncodec.video.ngrid.codec import NGrid
from ncodec.video.ngrid.network import interpolated
from ncodec.video.ngrid.shape import NGridShape, solve_shape, unpack_shape

SIZES = [(80, 160), (15, 17), (144, 176), (160, 320), (360, 640), (1080, 1920)]
OPTIONS = TINY | {"codec": "ngrid", "epochs": 6}


def solved(size, values, frames=100, pictures=PACKED):
    return solve_shape(*size, frames, values, pictures)


@pytest.mark.parametrize("pictures", [PACKED, RGB])
@pytest.mark.parametrize("frames", [1, 9, 132, 250])
@pytest.mark.parametrize("size", SIZES)
def test_no_network_takes_more_than_5000_macs_a_pixel(size, frames, pictures):
    for values in (0, 10_000, 200_000, 2_000_000, 20_000_000):
        assert solved(size, values, frames, pictures).macs_per_pixel <= 5000


def test_a_network_to_hold_on_to():
    shape = solved((80, 160), 220_000, 132)
    assert shape.channels == (25, 20, 16, 12)
    assert shape.grids == [(67, 5, 10, 20), (20, 4, 20, 40), (8, 2, 40, 80)]
    assert shape.every == (2, 7, 20)
    assert (shape.parameters, round(shape.macs_per_pixel)) == (223_796, 939)


@pytest.mark.parametrize("size", [size for size in SIZES if prod(size) > 1000])
def test_a_budget_is_nearly_filled(size):
    default = default_values(4 * prod(size) * 100)
    for factor in (0.5, 1, 2, 8):
        values = round(factor * default)
        if values > 2 * solved(size, 0).parameters:
            assert 0.85 * values <= solved(size, values).parameters <= 1.15 * values


@given(st.integers(1, 300), st.integers(0, 5_000_000))
@settings(max_examples=30)
def test_more_values_make_no_smaller_network(frames, values):
    small, large = (solved((72, 88), n, frames) for n in (values, values + values // 4 + 20_000))
    assert small.parameters <= large.parameters


@pytest.mark.parametrize("pictures", [PACKED, RGB])
@pytest.mark.parametrize(("size", "frames"), [((15, 17), 9), ((1, 1), 1), ((80, 90), 31)])
def test_the_network_is_what_its_shape_says(size, frames, pictures):
    shape = solved(size, 30_000, frames, pictures)
    encoder, decoder = NGrid.architecture.networks(shape)
    assert encoder is None
    found = {name: tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}
    assert list(found.items()) == list(shape.tensors.items())
    assert len(found) == shape.weights + len(shape.grids)
    macs = []

    def count(module, _, output):
        # A stage's convolution is one before its pixel shuffle.
        stride = getattr(module, "stride", 1)
        side = stride if isinstance(stride, int) else 1
        weight = module.conv.weight if hasattr(module, "conv") else module.weight
        macs.append(weight.numel() * prod(output.shape[2:]) // side**2)

    for module in (decoder.stem, decoder.head, *decoder.stages):
        module.register_forward_hook(count)
    with torch.no_grad():
        picture = decoder(torch.tensor([0.0]))
    assert picture.shape == (1, pictures.channels, *shape.geometry.padded)
    assert 0 <= picture.min() <= picture.max() <= 1
    pixels = prod(size) * pictures.factor**2
    assert sum(macs) / pixels == pytest.approx(shape.macs_per_pixel)


def test_slices_are_those_of_their_frames_and_linear_in_between():
    grid = torch.arange(4.0)[:, None, None, None] ** 2
    at = interpolated(grid, torch.arange(10), every=3).flatten()
    expected = [0, 1 / 3, 2 / 3, 1, 2, 3, 4, 4 + 5 / 3, 4 + 10 / 3, 9]
    assert at.tolist() == pytest.approx(expected)
    assert torch.equal(interpolated(grid, torch.tensor([0, 2]), every=1), grid[[0, 2]])
    assert interpolated(grid, torch.tensor([11]), every=3).item() == 9


@pytest.mark.parametrize("frames", [1, 2, 7, 239, 240])
def test_every_frame_finds_its_slices(frames):
    shape = solved((15, 17), 5000, frames)
    _, decoder = NGrid.architecture.networks(shape)
    with torch.no_grad():
        assert len(decoder(torch.arange(frames) / frames)) == frames
    for (slices, *_), every in zip(shape.grids, shape.every, strict=True):
        assert (slices - 1) * every >= frames - 1 > (slices - 2) * every - 1


@pytest.mark.parametrize("pictures", [PACKED, RGB])
@pytest.mark.parametrize("size", SIZES)
def test_a_configuration_comes_back(size, pictures):
    info = VideoInfo(size[1], size[0], 9, 1, "yuv420p")
    shape = solved(pictures.size(info), 50_000, 9, pictures)
    assert unpack_shape(shape.pack(), info, 9, Limits()) == shape


def test_a_configuration_byte_by_byte():
    shape = NGridShape(Geometry(12, 16, (2, 2)), PACKED, 9, (8, 7, 6), (1, 4), (3, 2))
    assert shape.pack() == bytes(
        [0xA5, 0, 0x82, 2, 2, 1, 0x83, 8, 7, 6, 2, 0x82, 1, 4, 3, 0x82, 3, 2, 4, 1]
    )


SHAPE = solved((12, 16), 5000, 8)
INFO = VideoInfo(32, 24, 8, 1, "yuv420p")


@pytest.mark.parametrize(
    "change",
    [
        {0: []},
        {0: [0] * 2},
        {0: [2] * 9},
        {0: [16] * 8, 1: [1] * 9},
        {1: [6]},
        {1: [0] * 3},
        {1: [1 << 15] * 3},
        {2: []},
        {2: [0, 1]},
        {2: [1]},
        {2: [1, 1, 1], 3: [1, 1, 1]},
        {2: [1 << 21, 1]},
        {2: "every"},
        {3: [0, 1]},
        {3: [1 << 13, 1]},
        {3: [True, 1]},
        {4: 2},
        {5: 1},
    ],
)
def test_networks_that_cannot_be_are_refused_before_anything_is_allocated(change):
    found = {**cbor.loads(SHAPE.pack(), "shape"), **change}
    with pytest.raises(NcodecError):
        unpack_shape(cbor.dumps(found), INFO, 8, Limits())


@given(st.binary(max_size=40))
def test_any_bytes_as_a_configuration(data):
    with pytest.raises(DamagedFile):
        unpack_shape(data, INFO, 8, Limits())


def test_grids_are_moved_by_adam_and_matrices_by_muon():
    shape = solved((12, 16), 5000, 8)
    frames = torch.zeros(8, 6, *shape.geometry.padded, dtype=torch.uint8)
    fit = NGrid.architecture.begin_fit(
        shape, frames, NGrid.architecture.presets["fast"].recipe, resolve_device("cpu"), 0
    )
    owners = {id(p): o for o in fit.optimizers for p in o.param_groups[0]["params"]}
    for name, parameter in fit.decoder.named_parameters():
        muon = name.endswith("weight")
        assert isinstance(owners[id(parameter)], Muon) == muon
        rate = owners[id(parameter)].param_groups[0]["lr"]
        assert (rate == fit.recipe.grids_rate) == name.startswith("grids")


def test_a_file_decodes_in_a_process_of_its_own(clip_file, tmp_path, fresh):
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **OPTIONS)
    assert (done.frames, done.segments) == (16, 2)
    process = fresh("verify", "a.nc", "--source", clip_file, "--threads", "1")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = verify(tmp_path / "a.nc", source=clip_file, threads=1)
    assert f"{found.rgb:.2f} dB RGB-PSNR (recorded {found.recorded:.2f})".encode() in out
    # A file has thousandths of dB, which may round to another hundredth.
    assert found.recorded == pytest.approx(done.psnr, abs=0.001)
    assert ncodec.probe(tmp_path / "a.nc").breakdown()["grids"] > 0


@pytest.mark.parametrize(
    ("size", "pixel_format", "frames"),
    [
        ((17, 15), "yuv420p", 3),
        ((16, 16), "yuv420p", 1),
        ((33, 1), "gray", 2),
        ((31, 22), "yuv420p10le", 3),
    ],
)
def test_odd_sizes_depths_and_single_frames(size, pixel_format, frames, tmp_path):
    source = film(tmp_path / "a.mkv", frames=frames, size=size, pixel_format=pixel_format)
    assert ncodec.encode(source, tmp_path / "a.nc", **OPTIONS).frames == frames
    assert verify(tmp_path / "a.nc", source=source, threads=1).frames == frames


@pytest.mark.parametrize("stop", [1, 4])
def test_a_resumed_encode_writes_the_very_same_bytes(clip_file, tmp_path, stop):
    options = {name: value for name, value in OPTIONS.items() if name not in ("threads", "codec")}

    def request(name, **changes):
        values = {"codec": "ngrid", "options": options, "threads": 1, "max_segment": 8}
        return EncodeRequest(str(clip_file), str(tmp_path / name), **values, **changes)

    run_encode(request("whole.nc"))
    events = []

    def stopping():
        return sum(isinstance(event, Progressed) for event in events) >= stop

    with pytest.raises(Interrupted):
        run_encode(request("a.nc"), events.append, stopping)
    run_encode(request("a.nc", resume=True))
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "whole.nc").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.nc", "whole.nc"]


def test_a_target_size_is_nearly_filled_and_never_exceeded(clip_file, tmp_path):
    options = {name: value for name, value in OPTIONS.items() if name != "model_size"}
    done = ncodec.encode(
        clip_file, tmp_path / "a.nc", **options | {"epochs": 12}, target_size=14_000
    )
    assert 0.98 * 14_000 <= done.size <= 14_000


def test_a_target_psnr_is_reached(clip_file, tmp_path):
    options = OPTIONS | {"epochs": 40, "model_size": 0.01, "preset": "fast"}
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **options, target_psnr=42)
    assert 42 <= done.psnr < 45


def test_a_fit_estimates_its_file_within_a_percent(clip_file, tmp_path):
    events = []
    options = OPTIONS | {"model_size": 0.06, "epochs": 20, "preset": "fast", "max_segment": 8}
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **options, watch=events.append)
    last = [event for event in events if isinstance(event, Progressed)][-1]
    assert last.size == pytest.approx(done.size, rel=0.01)


def test_presets_grow():
    codec = load_codec("ngrid")
    assert (codec.codec_id, codec.bitstream_version) == ("ngrid", 2)
    assert codec.sections == ("configuration", "weights", "grids")
    found = [codec.architecture.presets[name] for name in ("ultrafast", "fast", "medium", "slow")]
    assert all(a.recipe.epochs < b.recipe.epochs and a.size < b.size for a, b in pairwise(found))


def test_nothing_of_a_fit_stays_behind_on_the_cpu(monkeypatch):
    adam = torch.optim.Adam
    monkeypatch.setattr(torch.optim, "Adam", lambda *a, fused=False, **options: adam(*a, **options))
    shape = solved((12, 16), 5000, 8)
    frames = torch.zeros(8, 6, *shape.geometry.padded).byte()
    device = Device(torch.device("meta"), None)
    fit = NGrid.architecture.begin_fit(
        shape, frames, NGrid.architecture.presets["medium"].recipe, device, seed=0
    )
    for rated, progress in ((False, 0.2), (True, 0.9)):
        fit.rated, fit.progress = rated, progress
        fit.step()
        assert fit.error.device.type == "meta"
