"""NeRV++: the published sizes, its solver, its configuration, and the network in torch."""

from itertools import pairwise
from math import pi, prod

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import ncodec
from ncodec.errors import DamagedFile, NcodecError
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.registry import load_codec, resolve_options
from ncodec.video.inr.pictures import PACKED, RGB
from ncodec.video.inr.shape import Geometry, choose_geometry
from ncodec.video.nervpp.codec import NeRVpp
from ncodec.video.nervpp.network import encode_times
from ncodec.video.nervpp.shape import NeRVppShape, solve_shape, unpack_shape

HD = (720, 1280)
SIZES = [(15, 17), (1, 1), (90, 160), (144, 176), (320, 640)]
PAPER = {"width": 80, "hidden": 512}


def solved(size, values, pictures=RGB, frames=100, **options):
    return solve_shape(choose_geometry(*size), frames, values, pictures, **options)


def stem(shape):
    return sum(prod(s) for name, s in shape.tensors.items() if name.startswith("stem"))


@pytest.mark.parametrize(
    ("variant", "grid", "parameters", "macs"),
    [
        ("public", 8, 1_902_725, 114_440),
        ("public", 26, 3_379_541, 114_475),
        ("public", 58, 6_382_533, 114_608),
        ("public", 112, 12_546_111, 115_039),
        ("paper", 8, 1_702_851, 103_212),
        ("paper", 26, 3_175_647, 103_246),
        ("paper", 58, 6_161_951, 103_376),
        ("paper", 112, 12_269_459, 103_798),
    ],
)
def test_published_sizes(variant, grid, parameters, macs):
    """1.90, 3.38, 6.38 and 12.55 M are the public code's, whose grids these are."""
    shape = solved(HD, parameters, frames=132, variant=variant, **PAPER)
    assert (shape.geometry.strides, shape.geometry.grid) == ((5, 2, 2, 2, 2), (9, 16))
    assert shape.channels == (512, grid, grid, 80, 80, 80, 80)
    assert shape.parameters == parameters
    assert round(shape.macs_per_pixel) == macs
    others = {"paper": 1_070_403, "public": 1_228_805}
    if grid == 8:
        assert shape.parameters - stem(shape) == others[variant]


def test_the_published_preset_is_about_the_smallest_published_network():
    codec = NeRVpp()
    options = resolve_options(codec, {"preset": "paper"})
    shape = codec.architecture.solve(choose_geometry(*HD), 132, 1_840_000, RGB, options)
    assert shape.channels == (512, 9, 9, 80, 80, 80, 80)
    slim = codec.architecture.solve(
        choose_geometry(*HD), 132, 1_840_000, RGB, {**options, "width": 16}
    )
    assert min(slim.channels) == 16
    assert slim.macs_per_pixel < shape.macs_per_pixel / 4


@pytest.mark.parametrize("pictures", [RGB, PACKED])
@pytest.mark.parametrize("frames", [8, 132])
@pytest.mark.parametrize("size", [*SIZES, HD, (1080, 1920)])
def test_a_budget_is_nearly_filled(size, frames, pictures):
    least = solved(size, 0, pictures, frames).parameters
    assert least < 20_000
    for values in (50_000, 100_000, 300_000, 1_000_000, 3_000_000):
        shape = solved(size, values, pictures, frames)
        # One channel more or less is worth a lot in a narrow network.
        assert (0.95 if values > 100_000 else 0.85) * values <= shape.parameters <= values
        assert shape.channels[0] <= max(frames, 16)
        assert stem(shape) < 0.5 * shape.parameters
        assert min(shape.channels[2:]) >= min(shape.channels[1], 80)


@given(st.integers(1, 300), st.integers(0, 5_000_000))
@settings(max_examples=50)
def test_more_values_make_no_smaller_network(frames, values):
    small, large = (solved((144, 176), n, frames=frames) for n in (values, values + 50_000))
    assert small.parameters <= large.parameters


@pytest.mark.parametrize("variant", ["paper", "public"])
@pytest.mark.parametrize("pictures", [RGB, PACKED])
@pytest.mark.parametrize("size", SIZES)
def test_the_network_is_what_its_shape_says(size, pictures, variant):
    shape = solved(size, 30_000, pictures, variant=variant)
    encoder, decoder = NeRVpp.architecture.networks(shape)
    assert encoder is None
    found = {name: tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}
    assert list(found.items()) == list(shape.tensors.items())
    assert sum(p.numel() for p in decoder.parameters()) == shape.parameters
    macs = []

    def count(module, _, output):
        macs.append(module.weight.numel() * prod(output.shape[2:]))

    for module in decoder.modules():
        if hasattr(module, "weight"):
            module.register_forward_hook(count)
    with torch.no_grad():
        picture = decoder(torch.tensor([0.25]))
    assert picture.shape == (1, pictures.channels, *shape.geometry.padded)
    assert picture.dtype == torch.float32
    pixels = prod(size) * pictures.factor**2
    assert sum(macs) / pixels == pytest.approx(shape.macs_per_pixel)


@pytest.mark.parametrize("variant", ["paper", "public"])
def test_pictures_are_within_0_and_1_and_differ_by_time(variant):
    shape = solved((90, 160), 20_000, variant=variant)
    decoder = NeRVpp.architecture.networks(shape)[1]
    with torch.no_grad():
        decoder.head.weight *= 10
        pictures = decoder(torch.tensor([0.0, 0.5]))
        alone = decoder(torch.tensor([0.5]))
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert not torch.equal(pictures[0], pictures[1])
    assert torch.allclose(pictures[1:], alone, atol=1e-5)


def test_the_stem_stays_in_float32_in_a_mixed_fit():
    shape = solved((90, 160), 20_000)
    decoder = NeRVpp.architecture.networks(shape)[1]
    seen = []
    decoder.stem.register_forward_hook(lambda *found: seen.append(found[2].dtype))
    with torch.autocast("cpu", torch.bfloat16):
        picture = decoder(torch.tensor([0.5]))
    assert seen == [torch.float32]
    assert picture.dtype == torch.float32


def test_times_are_encoded_as_the_paper_says():
    times = np.array([0.0, 0.1, 131 / 132])
    phases = times[:, None] * pi * 1.25 ** np.arange(40)
    expected = np.stack([np.sin(phases), np.cos(phases)], axis=2).reshape(3, 80)
    found = encode_times(torch.from_numpy(times))
    assert found.dtype == torch.float32
    assert np.allclose(found.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("variant", ["paper", "public"])
@pytest.mark.parametrize("pictures", [RGB, PACKED])
@pytest.mark.parametrize("size", SIZES)
def test_a_configuration_comes_back(size, pictures, variant):
    info = VideoInfo(size[1], size[0], 9, 1, "yuv420p")
    shape = solved(pictures.size(info), 50_000, pictures, variant=variant)
    assert unpack_shape(shape.pack(), info, 9, Limits()) == shape


def test_a_configuration_byte_by_byte():
    shape = NeRVppShape(Geometry(24, 32, (4, 2)), PACKED, (16, 6, 6, 5), "public")
    assert shape.pack() == bytes([0xA4, 0, 0x82, 4, 2, 1, 0x84, 16, 6, 6, 5, 2, 0x81, 1, 3, 1])


SHAPE = solved((24, 32), 5000, frames=8)
INFO = VideoInfo(32, 24, 8, 1, "yuv420p")


@pytest.mark.parametrize(
    "change",
    [
        {0: []},
        {0: [0] * 5},
        {0: [17] + [1] * 4},
        {0: [2] * 9},
        {0: [True] * 5},
        {1: [16]},
        {1: [0] * 7},
        {1: [1 << 15] * 7},
        {1: "channels"},
        {2: []},
        {2: [2]},
        {2: [-1]},
        {2: [0, 0]},
        {2: 0},
        {3: 2},
        {3: True},
        {4: 1},
        {1: [1 << 14] * 7},
        {0: [16] * 5},
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


def test_presets_grow():
    codec = load_codec("nervpp")
    assert (codec.codec_id, codec.bitstream_version) == ("nervpp", 1)
    assert codec.sections == ("configuration", "weights")
    quick = [codec.architecture.presets[name] for name in ("ultrafast", "fast", "medium", "slow")]
    assert all(a.recipe.epochs < b.recipe.epochs and a.size < b.size for a, b in pairwise(quick))
    paper = codec.architecture.presets["paper"].recipe
    assert (paper.epochs, paper.adam_rate, paper.batch, paper.warmup) == (300, 5e-4, 1, 0.2)
    assert (paper.betas, paper.loss, paper.muon_rate) == ((0.5, 0.999), "l1-ssim", None)


def test_codecs_lists_nervpp_with_its_options():
    (nervpp,) = (codec for codec in ncodec.codecs() if codec.name == "nervpp")
    assert {"preset", "width", "variant"} <= {option.name for option in nervpp.options}
    assert (nervpp.bitstream_version, nervpp.media) == (1, ("video",))
