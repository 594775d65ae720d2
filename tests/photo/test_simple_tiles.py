from contextlib import suppress
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import DamagedFile
from ncodec.photo.simple.coding import decode_simple, encode_simple, looks_synthetic

RAW, CONSTANT, PACKED, MODELLED, SHORT = range(5)


def check(pixels):
    data = encode_simple(pixels)
    back = decode_simple(data, pixels.shape, pixels.dtype)
    assert back.dtype == pixels.dtype
    assert np.array_equal(back, pixels)
    return data


def noise(shape, dtype=np.uint8, below=None):
    top = below or np.iinfo(dtype).max + 1
    return np.random.default_rng(7).integers(0, top, shape).astype(dtype)


def text(height, width, channels=3):
    """Glyphs of 5 x 7 in two colours and a shade between, in lines."""
    rng = np.random.default_rng(3)
    glyphs = rng.choice([20, 120, 250], (12, 7, 5), p=[0.4, 0.1, 0.5])
    page = np.full((height, width), 250)
    for y, x in product(range(2, height - 9, 10), range(2, width - 7, 6)):
        page[y : y + 7, x : x + 5] = glyphs[rng.integers(12)]
    tints = np.array([1.0, 0.5, 0.25, 1.0])[:channels]
    return (page[..., None] * tints).astype(np.uint8)


def ramp(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x // 2, y // 2, (x + y) // 4], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("below", [2, 5, 40, None])
def test_every_kind_of_pixel_comes_back(channels, dtype, below):
    check(noise((9, 23, channels), dtype, below))


@pytest.mark.parametrize("shape", [(1, 1, 4), (1, 40, 3), (40, 1, 1), (2, 2, 2)])
def test_small_tiles(shape):
    check(noise(shape))
    check(noise(shape, below=3))


@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=40)
def test_patterns(seed, height, width, channels):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, rng.integers(1, 200) + 1, (height, width, channels)).astype(np.uint8)
    pixels[rng.random((height, width)) < 0.5] = pixels[0, 0]
    check(np.tile(pixels, (3, 4, 1)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_noise_costs_a_byte(dtype):
    pixels = noise((64, 64, 3), dtype)
    data = check(pixels)
    assert data[0] == RAW
    assert len(data) == pixels.nbytes + 1


def test_noise_of_few_colours_is_packed():
    data = check(noise((60, 60, 1), below=4))
    assert data[0] == PACKED
    assert len(data) <= 60 * 60 // 4 + 6


def test_a_constant_is_one_pixel():
    pixels = np.full((300, 200, 4), 77, np.uint16)
    assert len(check(pixels)) == 9


def test_planes_that_say_nothing_cost_next_to_nothing():
    grey = text(80, 120, 1)
    alone = len(encode_simple(grey))
    several = np.concatenate([grey, grey, grey, np.full_like(grey, 255)], axis=2)
    assert len(check(several)) <= alone + 8


def test_text_is_small():
    pixels = text(160, 240)
    data = check(pixels)
    assert data[0] == MODELLED
    assert len(data) < pixels.nbytes // 60


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_icons_have_short_headers(dtype):
    y, x = np.mgrid[:16, :16]
    alpha = 255 * (np.hypot(x - 8, y - 8) < 6)
    zeros, flat = np.zeros_like(alpha), np.full_like(alpha, 190)
    for planes in ([flat, zeros, flat, alpha], [alpha, alpha, alpha], [alpha]):
        data = check(np.stack(planes, axis=2).astype(dtype))
        assert data[0] == SHORT
        assert len(data) < 36


def test_a_copy_of_a_later_channel_has_a_long_header():
    a, b = noise((20, 30, 1), below=40), text(20, 30)[:, :, :1]
    assert check(np.concatenate([b, a // 2 + b // 2, a // 2 + b // 2], axis=2))[0] == MODELLED


def test_a_soft_mask_is_small():
    y, x = np.mgrid[:128, :128]
    mask = np.clip(300 - 3 * np.hypot(x - 64, y - 64), 0, 255).astype(np.uint8)[..., None]
    assert len(check(mask)) < mask.size // 10


def test_a_ramp_of_many_colours_is_tiny():
    assert len(check(ramp(160, 160))) < 600


def test_the_plan_of_a_large_tile_comes_from_a_sample():
    pixels = text(200, 220)
    pixels[:, :, 0] += (np.arange(200) // 8).astype(np.uint8)[:, None]
    assert len(check(pixels)) < pixels.nbytes // 30


def test_equal_tiles_have_equal_bytes():
    pixels = text(40, 60)
    assert encode_simple(pixels) == encode_simple(np.asfortranarray(pixels))


TILES = [noise((20, 30, 3)), noise((20, 30, 1), below=4), text(40, 60), ramp(60, 60)[:, :, :1]]


@pytest.mark.parametrize("pixels", TILES)
def test_damage_is_an_error_or_other_pixels(pixels):
    data = bytearray(encode_simple(pixels))
    for place in range(0, len(data), max(1, len(data) // 40)):
        hurt = data.copy()
        hurt[place] ^= 0x55
        try:
            back = decode_simple(bytes(hurt), pixels.shape, pixels.dtype)
        except DamagedFile:
            continue
        assert back.shape == pixels.shape


@given(st.binary(max_size=60))
def test_any_bytes_are_an_error_or_pixels(data):
    modelled = bytes([MODELLED, 0, 1, 9, 2, 8])
    for head in (b"", bytes([PACKED]), modelled, bytes([MODELLED, 0]), bytes([SHORT, 0])):
        with suppress(DamagedFile):
            assert decode_simple(head + data, (7, 9, 3), np.uint8).shape == (7, 9, 3)


@pytest.mark.parametrize("end", [0, 1, 5, -1])
def test_a_short_tile_is_damaged(end):
    pixels = text(40, 60)
    data = encode_simple(pixels)
    with pytest.raises(DamagedFile, match="fetch the file again"):
        decode_simple(data[:end], pixels.shape, pixels.dtype)


def test_photographs_and_drawings_are_told_apart():
    y, x = np.mgrid[:256, :256]
    soft = 128 + 90 * np.sin(x / 31) * np.cos(y / 17)
    photo = soft[..., None] + np.random.default_rng(0).normal(0, 4, (256, 256, 3))
    assert not looks_synthetic(np.clip(photo, 0, 255).astype(np.uint8))
    assert not looks_synthetic(np.clip(256 * photo, 0, 65535).astype(np.uint16)[..., :1])
    assert looks_synthetic(text(200, 200))
    assert looks_synthetic(ramp(200, 200))
    assert looks_synthetic(noise((100, 100, 4), below=3))
    assert looks_synthetic((257 * x + y).astype(np.uint16)[..., None])
