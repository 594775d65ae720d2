"""Photograph models: files, hostile files, training."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from ncodec.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.formats import Model
from ncodec.photo.kernel import decode_tile, encode_tile
from ncodec.photo.learn import learn
from ncodec.photo.model import FAMILY, PhotoModel, load_model


def grain(size: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    steps = rng.integers(-3, 4, (size, size, 3)).cumsum(axis=0).cumsum(axis=1)
    return (128 + steps // 8).clip(0, 255).astype(np.uint8)


def test_shipped_model_is_small_and_packs_to_itself() -> None:
    model = load_model()
    data = model.pack()
    assert len(data) < 1 << 20
    again = PhotoModel.unpack(data)
    assert again.digest == model.digest
    np.testing.assert_array_equal(again.sets[0][0].table, model.sets[0][0].table)


def test_leaves_ascend_to_the_whole() -> None:
    for planes in load_model().sets:
        for circuit in planes:
            _, leaves = circuit.running()
            assert (np.diff(leaves, axis=0) >= 0).all()
            assert (leaves[0] == 0).all()
            assert (leaves[-1] == 65535).all()


@pytest.mark.parametrize(
    "data", [b"", b"\0", zlib.compress(b""), zlib.compress(b"\2abc"), zlib.compress(b"\0") + b"x"]
)
def test_damaged_circuits(data: bytes) -> None:
    with pytest.raises(DamagedFile):
        PhotoModel.of(Model(FAMILY, 1, data))


def test_leaves_over_the_whole_are_damage() -> None:
    model = load_model().model
    raw = bytearray(zlib.decompress(model.data))
    raw[-2:] = b"\xff\xff"
    with pytest.raises(DamagedFile):
        PhotoModel.of(Model(FAMILY, 1, zlib.compress(bytes(raw))))


def test_other_families_are_refused() -> None:
    with pytest.raises(UnsupportedFormat):
        PhotoModel.of(Model("pc-hclt", 1, b""))


def test_training_is_repeatable_and_helps() -> None:
    images = [grain(48, seed) for seed in range(3)]
    passes: list[float] = []
    rates = ((0.1, 0.05), (0.05, 0.01), (0.02, 0.005))
    model = learn(images, 7, lambda step, steps, bits: passes.append(bits), rates)
    assert learn(images, 7, rates=rates).digest == model.digest
    assert len(passes) == 2 * 3 * len(rates)
    assert passes[2] < passes[0]
    pixels = grain(40, 9)
    data = encode_tile(pixels, 8, model, "medium")
    assert len(data) < pixels.nbytes
    np.testing.assert_array_equal(decode_tile(data, pixels.shape, 8, model, "medium"), pixels)


def test_training_needs_rgb() -> None:
    with pytest.raises(UsageError):
        learn([], 0)
    with pytest.raises(UsageError):
        learn([np.zeros((8, 8, 1), np.uint8)], 0)
