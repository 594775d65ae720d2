"""Tiles of photographs: exact round trips, the same bytes anywhere, damage."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.photo.kernel import decode_tile, encode_tile
from ncodec.photo.model import PhotoModel, load_model

EFFORTS = ("fast", "medium", "best")


@pytest.fixture(scope="module")
def model() -> PhotoModel:
    return load_model()


def scene(height: int, width: int, channels: int = 3, depth: int = 8) -> NDArray[Any]:
    """Waves with grain: correlated channels that a predictor can follow."""
    rng = np.random.default_rng(height * 1000 + width)
    y, x = np.arange(height)[:, None, None], np.arange(width)[None, :, None]
    wave = np.sin(x / 9 + np.arange(channels)) * np.cos(y / 7)
    wave += rng.normal(0, 0.03, wave.shape)
    levels = (1 << depth) - 1
    return (
        np.rint((wave + 1.5) / 3 * levels)
        .clip(0, levels)
        .astype(np.uint8 if depth == 8 else np.uint16)
    )


def round_trip(pixels: NDArray[Any], depth: int, model: PhotoModel, effort: str) -> bytes:
    data = encode_tile(pixels, depth, model, effort)
    back = decode_tile(data, pixels.shape, depth, model, effort)
    assert back.dtype == pixels.dtype
    np.testing.assert_array_equal(back, pixels)
    return data


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (17, 15), (40, 33)])
def test_any_size(size: tuple[int, int], channels: int, effort: str, model: PhotoModel) -> None:
    round_trip(scene(*size, channels), 8, model, effort)


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("value", [0, 128, 255])
def test_constant(value: int, effort: str, model: PhotoModel) -> None:
    data = round_trip(np.full((24, 24, 3), value, np.uint8), 8, model, effort)
    assert len(data) < 24 * 24 * 3 // 8


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("depth", [8, 16])
def test_noise(depth: int, effort: str, model: PhotoModel) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    pixels = np.random.default_rng(1).integers(0, 1 << depth, (24, 24, 3)).astype(kind)
    data = round_trip(pixels, depth, model, effort)
    assert len(data) < 1.25 * pixels.nbytes


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_deep_samples(channels: int, effort: str, model: PhotoModel) -> None:
    pixels = scene(40, 33, channels, 16)
    data = round_trip(pixels, 16, model, effort)
    assert len(data) < pixels.nbytes


def test_unused_values_cost_little(model: PhotoModel) -> None:
    pixels = scene(60, 60, 3, 8)
    shallow = round_trip(pixels, 8, model, "medium")
    deep = round_trip(pixels.astype(np.uint16) * 257, 16, model, "medium")
    assert len(deep) < 1.1 * len(shallow)


def test_extremes_beside_each_other(model: PhotoModel) -> None:
    pixels = np.zeros((16, 16, 1), np.uint16)
    pixels[::3, ::5] = 65535
    round_trip(pixels, 16, model, "medium")
    round_trip((pixels >> 8).astype(np.uint8), 8, model, "medium")


def test_predicts(model: PhotoModel) -> None:
    pixels = scene(64, 64)
    sizes = [len(round_trip(pixels, 8, model, effort)) for effort in EFFORTS]
    assert max(sizes) < 0.8 * pixels.nbytes


@pytest.mark.parametrize(
    ("effort", "expected"),
    [("fast", "37c01f336599a4ab"), ("medium", "019d058ca2e00fdd"), ("best", "f5685418b5dd3075")],
)
def test_bytes_do_not_depend_on_the_machine(effort: str, expected: str, model: PhotoModel) -> None:
    y, x = np.mgrid[:48, :56]
    waves = (x * x // 9 + y * y // 7 + x * y // 11) % 256
    noise = x * 7919 + y * 104729
    pixels = np.stack([(waves + k * (x // 3) + noise % (5 + k)) // 2 for k in range(3)], axis=2)
    data = encode_tile(pixels.astype(np.uint8), 8, model, effort)
    assert sha256(data).hexdigest()[:16] == expected


def test_same_bytes_from_any_number_of_threads(model: PhotoModel) -> None:
    tiles = [scene(24, 20 + i) for i in range(6)]

    def digest(threads: int) -> str:
        with ThreadPoolExecutor(threads) as pool:
            coded = pool.map(lambda tile: encode_tile(tile, 8, model, "medium"), tiles)
            return sha256(b"".join(coded)).hexdigest()

    assert digest(1) == digest(3)


@pytest.mark.parametrize("size", [(1, 30), (17, 24), (40, 20)])
def test_planes_side_by_side(size: tuple[int, int], model: PhotoModel) -> None:
    pixels = scene(*size)
    data = encode_tile(pixels, 8, model, "medium")
    assert encode_tile(pixels, 8, model, "medium", threads=2) == data
    back = decode_tile(data, pixels.shape, 8, model, "medium", threads=2)
    np.testing.assert_array_equal(back, pixels)


def test_decodes_in_another_process(model: PhotoModel) -> None:
    pixels = scene(24, 24)
    data = encode_tile(pixels, 8, model, "medium")
    code = (
        "import sys; from ncodec.photo.kernel import decode_tile;"
        "from ncodec.photo.model import load_model;"
        "data = sys.stdin.buffer.read();"
        "pixels = decode_tile(data, (24, 24, 3), 8, load_model(), 'medium');"
        "sys.stdout.buffer.write(pixels.tobytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout == pixels.tobytes()


@pytest.mark.parametrize("depth", [8, 16])
def test_damage_is_an_error_or_other_pixels(depth: int, model: PhotoModel) -> None:
    pixels = scene(24, 24, 3, depth)
    data = encode_tile(pixels, depth, model, "medium")
    rng = np.random.default_rng(2)
    noise = [rng.bytes(size) for size in (0, 1, 2, 3, 6, 402)]
    cut = [data[:size] for size in (1, 2, 10, len(data) - 4)]
    flipped = []
    for place in rng.integers(0, len(data), 20):
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        flipped.append(bytes(changed))
    for hostile in noise + cut + flipped + [b"\0\0" + b"\xff" * 400]:
        try:
            back = decode_tile(hostile, pixels.shape, depth, model, "medium")
        except DamagedFile:
            continue
        assert back.shape == pixels.shape
        assert not np.array_equal(back, pixels)
