"""Widths, strides and padding: the published ones, and what any other clip gets."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile, NcodecError
from ncodec.files.probing import probe
from ncodec.formats import Limits, VideoInfo, cbor
from ncodec.registry import resolve_options
from ncodec.video.hnerv.codec import HNeRV
from ncodec.video.hnerv.shape import HNeRVShape, solve_shape, unpack_shape
from ncodec.video.inr.pictures import PACKED, RGB
from ncodec.video.inr.recipe import Recipe
from ncodec.video.inr.shape import PUBLISHED, STAGES, choose_geometry

BUNNY = (640, 1280)
BUNNY_FRAMES = 132


@pytest.mark.parametrize(
    ("millions", "stem", "decoder"),
    [(0.35, 32, 312_830), (0.75, 48, 719_256), (1.5, 68, 1_488_276), (3, 97, 3_012_686)],
)
def test_published_widths_and_sizes(millions, stem, decoder):
    shape = solve_shape(choose_geometry(*BUNNY), BUNNY_FRAMES, round(millions * 1e6))
    assert shape.channels[1] == stem
    assert shape.parameters == decoder
    assert BUNNY_FRAMES * prod(shape.embedding) == 16_896
    assert shape.kernels == (1, 3, 5, 5, 5)


@pytest.mark.parametrize(
    ("size", "strides", "grid"),
    [
        ((640, 1280), (5, 4, 4, 2, 2), (2, 4)),
        ((480, 960), (5, 4, 3, 2, 2), (2, 4)),
        ((960, 1920), (5, 4, 4, 3, 2), (2, 4)),
        ((720, 1280), (5, 2, 2, 2, 2), (9, 16)),
        ((1080, 1920), (5, 3, 2, 2, 2), (9, 16)),
    ],
)
def test_published_strides_divide_their_frames(size, strides, grid):
    geometry = choose_geometry(*size)
    assert (PUBLISHED[size], geometry.strides) == (strides, strides)
    assert (geometry.grid, geometry.padded) == (grid, size)


def valid(height, width):
    geometry = choose_geometry(height, width)
    rows, columns = geometry.padded
    total = prod(geometry.strides)
    assert rows >= height
    assert columns >= width
    assert (rows % total, columns % total) == (0, 0)
    assert all(1 <= stride <= 5 for stride in geometry.strides)
    shape = solve_shape(geometry, 10, 50_000)
    info = VideoInfo(width, height, 10, 1, "yuv420p")
    assert unpack_shape(shape.pack(), info, 10, Limits()) == shape
    return rows * columns / (height * width)


@pytest.mark.parametrize("size", [(1, 1), (15, 17), (2160, 3840), (1, 4096), (4320, 7680)])
def test_extreme_sizes_have_a_geometry(size):
    valid(*size)


@settings(max_examples=40)
@given(st.integers(16, 4500), st.integers(16, 8200))
def test_any_size_has_a_geometry_with_little_padding(height, width):
    assert valid(height, width) <= 1.6


@given(st.integers(1, 300), st.integers(0, 5_000_000))
def test_more_values_make_no_narrower_network(frames, values):
    geometry = choose_geometry(*BUNNY)
    small, large = (solve_shape(geometry, frames, n) for n in (values, values + 100_000))
    assert small.parameters <= large.parameters
    assert min(large.channels[2:]) >= 12


@pytest.mark.parametrize("preset", HNeRV.architecture.presets)
def test_the_learning_rate_rises_to_its_peak_and_ends_at_zero(preset):
    recipe = HNeRV.architecture.presets[preset].recipe
    rates = [recipe.rate(step / 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    peak = rates.index(max(rates))
    assert rates == [*sorted(rates[:peak]), *sorted(rates[peak:], reverse=True)]


def test_a_schedule_without_warmup_starts_at_its_peak():
    assert Recipe(epochs=1, adam_rate=1, muon_rate=None, warmup=0.0).rate(0) == 1


SHAPE = solve_shape(choose_geometry(24, 32), 8, 5000)
INFO = VideoInfo(32, 24, 8, 1, "yuv420p")


@pytest.mark.parametrize(
    "change",
    [
        {0: []},
        {0: [0] * 5},
        {0: [17] + [1] * 4},
        {0: [2] * 9},
        {1: [16]},
        {1: [0] * 7},
        {1: [1 << 15] * 7},
        {2: [2, 3, 5, 5, 5]},
        {2: [17] * 5},
        {2: "kernels"},
        {0: [True] * 5},
        {3: 2},
        {3: True},
        {4: 0},
        {4: True},
        {5: 1},
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


def test_a_shape_counts_its_macs():
    tiny = HNeRVShape(choose_geometry(1, 1), RGB, SHAPE.channels, SHAPE.kernels)
    assert tiny.geometry.padded == (1, 1)
    assert tiny.macs_per_pixel == sum(
        prod(shape) for name, shape in tiny.tensors.items() if name.endswith("weight")
    )


@dataclass
class Clip:
    info: VideoInfo
    frame_count: int


@pytest.mark.parametrize("size", [(176, 144), (1280, 640)])
def test_rate_points_are_networks_of_doubling_size(size):
    codec = HNeRV()
    clip = Clip(VideoInfo(*size, 120, 1, "yuv420p"), 120)
    options = resolve_options(codec, {"preset": "fast"})
    points = codec.rate_points([clip], options, 4)
    values = [
        codec.architecture.shape_for(clip, {**options, **point}, None).values(120)
        for point in points
    ]
    assert all(1.5 < b / a < 2.5 for a, b in pairwise(values))


def test_a_file_says_what_its_decoder_costs(nc_file):
    found = probe(nc_file)
    shape = solve_shape(choose_geometry(12, 16, STAGES - 1), 8, 3000, PACKED, skips=True)
    assert found.macs_per_pixel == pytest.approx(shape.macs_per_pixel)
