"""Tiles of deep samples: exact round trips, what is found in them, damage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.eval.data.rendered import scene
from ncodec.photo.coder import TileCoder
from ncodec.photo.deep_tile import decode_deep, encode_deep
from ncodec.photo.model import load_model

MODEL = load_model()


def waves(height: int, width: int, channels: int = 3, grain: float = 300) -> NDArray[np.uint16]:
    """Waves with grain over half of the range, grain in levels."""
    random = np.random.default_rng(height * 1000 + width)
    y, x = np.mgrid[:height, :width]
    wave = [np.sin(x / 9 + c) * np.cos(y / 7) for c in range(channels)]
    levels = 30000 + 15000 * np.stack(wave, axis=2)
    return np.rint(levels + random.normal(0, grain, levels.shape)).astype(np.uint16)


def round_trip(pixels: NDArray[Any], effort: str = "fast", threads: int = 1) -> bytes:
    data = encode_deep(pixels, MODEL, effort, threads)
    back = decode_deep(data, pixels.shape, MODEL, effort, threads)
    assert back.dtype == np.uint16
    np.testing.assert_array_equal(back, pixels)
    return data


@pytest.mark.parametrize("effort", ["fast", "medium", "best"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (40, 33)])
def test_any_size(size: tuple[int, int], channels: int, effort: str) -> None:
    round_trip(waves(*size, channels), effort)


@pytest.mark.parametrize("value", [0, 1000, 65535])
def test_constant(value: int) -> None:
    assert len(round_trip(np.full((24, 24, 3), value, np.uint16))) < 250


def test_noise_costs_little_more_than_it_has() -> None:
    pixels = np.random.default_rng(1).integers(0, 1 << 16, (32, 32, 3)).astype(np.uint16)
    assert len(round_trip(pixels)) < 1.2 * pixels.nbytes


def test_noise_of_many_levels_costs_its_bits() -> None:
    noisy, calm = waves(64, 64, 1, grain=800), waves(64, 64, 1, grain=100)
    difference = 8 * (len(round_trip(noisy)) - len(round_trip(calm))) / noisy.size
    assert difference == pytest.approx(3, abs=0.25)  # log2 of 800 over 100


def test_threads_change_nothing() -> None:
    pixels = waves(40, 33)
    pixels[10:20, 5:12] = 0
    assert round_trip(pixels, threads=2) == round_trip(pixels)


def test_depth_does_not_matter() -> None:
    pixels = waves(48, 48) >> 4
    shallow, stretched = round_trip(pixels), round_trip(pixels << 4)
    assert len(stretched) < 1.02 * len(shallow) + 100
    low_bits = round_trip(pixels + 20000)
    assert len(low_bits) == len(shallow)


def test_negative_samples_lie_beside_the_others() -> None:
    pixels = waves(48, 48, 1) >> 4
    negative = (pixels.astype(np.int32) - int(pixels.mean())).astype(np.int16).view(np.uint16)
    assert len(round_trip(negative)) < 1.01 * len(round_trip(pixels)) + 8


def test_jumps_and_holes() -> None:
    pixels = waves(48, 48, 1, grain=5)
    pixels[:, 20:30] //= 8
    pixels[::7, ::5] = 0
    round_trip(pixels)


def test_repeated_differences_of_channels_are_found() -> None:
    grey = waves(48, 48, 1)
    same = np.concatenate([grey + 400, grey, grey + 900], axis=2)
    assert len(round_trip(same)) < 1.15 * len(round_trip(grey))


def test_rendered_pictures_are_exact() -> None:
    picture, depth = scene(0, 48, 32)
    coder = TileCoder(None, 16)
    for pixels in (picture, depth):
        sections = coder.encode(pixels, "medium")
        np.testing.assert_array_equal(coder.decode(sections, pixels.shape), pixels)


@pytest.mark.parametrize("depth", [0, 7, 17, 255])
def test_depths_that_there_are_not_are_damage(depth: int) -> None:
    data = bytearray(encode_deep(waves(8, 8), MODEL, "fast"))
    data[1] = depth
    with pytest.raises(DamagedFile):
        decode_deep(bytes(data), (8, 8, 3), MODEL, "fast")


def test_damage_is_found_or_gives_samples() -> None:
    data = encode_deep(waves(24, 24), MODEL, "fast")
    random = np.random.default_rng(0)
    for place in random.integers(0, len(data), 40):
        damaged = bytearray(data)
        damaged[place] ^= 1 << random.integers(8)
        try:
            pixels = decode_deep(bytes(damaged), (24, 24, 3), MODEL, "fast")
        except DamagedFile:
            continue
        assert pixels.shape == (24, 24, 3)
