"""Pictures that were JPEG files: what is found of them, and that all pixels come back."""

import io
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from ncodec.errors import DamagedFile
from ncodec.jpeg.rebuild import frame_of, parse
from ncodec.photo.coder import TileCoder, side_for
from ncodec.photo.describing import JPEG
from ncodec.photo.past.jpeg_combs import standard_tables
from ncodec.photo.past.jpeg_finding import find_jpeg
from ncodec.photo.past.jpeg_layout import Layout
from ncodec.photo.past.jpeg_samples import colours
from ncodec.photo.past.jpeg_tile import decode_jpeg, describe_jpeg, encode_jpeg

DIVISORS = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2), "grey": None}


def scene(height=120, width=136):
    """Waves, edges and grain in colour, never black or white."""
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(5)
    waves = np.sin(x / 7 + np.sin(y / 11) * 2) * 40 + np.cos(y / 5) * 20
    planes = [waves + 12 * (x // 23 % 2), waves * 0.6 + y / 4, 30 * np.sin((x + y) / 13)]
    grain = rng.normal(0, 6, (height, width))
    return np.stack([np.clip(128 + p + grain, 20, 235) for p in planes], axis=2).astype(np.uint8)


def jpeg(pixels, sampling, quality):
    """The file, and its pixels as libjpeg-turbo decodes them."""
    stream = io.BytesIO()
    grey = sampling == "grey"
    image = Image.fromarray(pixels[:, :, 1] if grey else pixels)
    image.save(stream, "jpeg", quality=quality, **({} if grey else {"subsampling": sampling}))
    return stream.getvalue(), np.atleast_3d(np.asarray(Image.open(stream)))


@pytest.mark.parametrize("sampling", DIVISORS)
@pytest.mark.parametrize("size", [(48, 64), (41, 53), (9, 5)])
def test_coefficients_give_the_pixels_of_libjpeg_turbo(sampling, size):
    data, pixels = jpeg(scene(*size), sampling, 83)
    file = parse(data)
    frame, quantisers, _ = frame_of(file.headers)
    layout = Layout(pixels.shape[:2], (0, 0), DIVISORS[sampling], (True, True))
    planes = []
    for number, component in enumerate(frame.components):
        count = component.stride * component.padded
        blocks = file.coefficients[component.first : component.first + count].astype(np.int32)
        planes.append(layout.plane(number, blocks * quantisers[component.quantiser]))
    shown = colours(*planes) if len(planes) == 3 else planes[0][:, :, None]
    assert np.array_equal(shown, pixels)


@pytest.mark.parametrize("sampling", DIVISORS)
@pytest.mark.parametrize("quality", [60, 90])
def test_a_picture_shrinks_to_about_its_jpeg_file(sampling, quality):
    data, pixels = jpeg(scene(), sampling, quality)
    past = find_jpeg(pixels)
    assert past.layout.divisors == DIVISORS[sampling]
    assert past.layout.phase == (0, 0)
    tables = [standard_tables(chroma)[quality - 1] for chroma in (False, True)]
    assert np.array_equal(past.tables[0][0], tables[0])
    if sampling != "grey":
        assert np.array_equal(past.tables[0][1], tables[1])
    coded = encode_jpeg(pixels, past)
    assert np.array_equal(decode_jpeg(coded, pixels.shape), pixels)
    assert len(coded) < len(data)
    assert f"quality {quality}" in describe_jpeg(coded)


@pytest.mark.parametrize("sampling", ["4:2:0", "grey"])
def test_a_grid_that_was_cut_is_found(sampling):
    _, pixels = jpeg(scene(), sampling, 80)
    part = np.ascontiguousarray(pixels[5:-7, 11:-2])
    past = find_jpeg(part)
    assert past.layout.phase == (5, 11 if sampling == "4:2:0" else 3)
    coded = encode_jpeg(part, past)
    assert np.array_equal(decode_jpeg(coded, part.shape), part)
    whole = encode_jpeg(pixels, find_jpeg(pixels))
    assert len(coded) < 1.1 * len(whole)


def test_what_was_drawn_on_it_comes_back():
    _, pixels = jpeg(scene(), "4:2:0", 80)
    drawn = pixels.copy()
    drawn[20:50, 30:70] = (250, 120, 20)
    drawn[28:40, 40:44] = 0
    before = len(encode_jpeg(pixels, find_jpeg(pixels)))
    coded = encode_jpeg(drawn, find_jpeg(drawn))
    assert np.array_equal(decode_jpeg(coded, drawn.shape), drawn)
    assert len(coded) < before + 2200


def test_black_and_white_hide_little():
    bright = np.clip(scene().astype(int) * 3 - 220, 0, 255).astype(np.uint8)
    data, pixels = jpeg(bright, "4:4:4", 85)
    assert (pixels == 255).mean() > 0.05
    coded = encode_jpeg(pixels, find_jpeg(pixels))
    assert np.array_equal(decode_jpeg(coded, pixels.shape), pixels)
    assert len(coded) < 1.15 * len(data)


@pytest.mark.parametrize("channels", [1, 3])
def test_other_pictures_have_no_such_past(channels):
    pixels = np.ascontiguousarray(scene()[:, :, :channels])
    assert find_jpeg(pixels) is None
    assert find_jpeg(np.full((40, 40, channels), 7, np.uint8)) is None
    assert find_jpeg(pixels[:12]) is None


def test_tiles_say_so_and_keep_alpha():
    _, pixels = jpeg(scene(), "4:2:0", 75)
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    alpha[:10] = 0
    shown = np.concatenate([pixels, alpha], axis=2)
    assert side_for(shown) > 4096
    coder = TileCoder(None, 8)
    sections = coder.encode(shown, "fast")
    assert sections[0][0] == JPEG
    assert np.array_equal(coder.decode(sections, shown.shape), shown)


def test_damage_is_named_or_seen():
    _, pixels = jpeg(scene(48, 48), "4:2:0", 80)
    coded = encode_jpeg(pixels, find_jpeg(pixels))
    for size in (0, 2, 4, 9, len(coded) - 5):
        with pytest.raises(DamagedFile):
            decode_jpeg(coded[:size], pixels.shape)
    for head in (b"\xff\0\0", b"\x06\x10\0", b"\x06\0\x10"):
        with pytest.raises(DamagedFile):
            decode_jpeg(head + coded[3:], pixels.shape)
    for place in range(0, len(coded), 37):
        wrong = bytearray(coded)
        wrong[place] ^= 0x55
        with suppress(DamagedFile):
            assert decode_jpeg(bytes(wrong), pixels.shape).shape == pixels.shape
