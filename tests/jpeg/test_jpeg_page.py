"""docs/jpeg.md read literally, by page_state.py and page_blocks.py, against the coder."""

import numpy as np
import pytest
from jpegs import jpeg, scene
from page_blocks import decode

from ncodec.dct.coder import encode_stripe
from ncodec.dct.frame import Component, Frame
from ncodec.jpeg.rebuild import frame_of, parse


def check(frame, quantisers, coefficients, rows, best=False):
    streams = encode_stripe(frame, quantisers, coefficients, rows, best=best)
    components = [(c.across, c.down, c.stride, c.down * len(rows)) for c in frame.components]
    steps = [np.maximum(quantisers[c.quantiser], 1).tolist() for c in frame.components]
    found = decode(streams, components, steps, best)
    for component, blocks in zip(frame.components, found, strict=True):
        start = component.first + rows.start * component.down * component.stride
        assert np.array_equal(blocks, coefficients[start : start + len(blocks)])


@pytest.mark.parametrize(
    "data",
    [
        jpeg(scene(40, 24).convert("L"), quality=95),
        jpeg(scene(40, 24, 1).convert("L"), quality=30),
        jpeg(scene(32, 32, 2), quality=95),
        jpeg(scene(32, 32, 3), quality=30, progressive=True),
        jpeg(scene(16, 16, 4).convert("CMYK"), quality=70, subsampling=0),
        jpeg(scene(24, 16, 5), quality=100, subsampling=1),
    ],
)
def test_the_page_says_how_coefficients_are_read(data):
    picture = parse(data)
    frame, quantisers, _ = frame_of(picture.headers)
    check(frame, quantisers, picture.coefficients, range(frame.mcus[1]))


def test_it_says_how_effort_best_is_read():
    picture = parse(jpeg(scene(40, 24, 6), quality=85))
    frame, quantisers, _ = frame_of(picture.headers)
    check(frame, quantisers, picture.coefficients, range(frame.mcus[1]), best=True)


def test_it_says_how_a_later_stripe_is_read():
    picture = parse(jpeg(scene(40, 48)))
    frame, quantisers, _ = frame_of(picture.headers)
    check(frame, quantisers, picture.coefficients, range(1, 3))


@pytest.mark.parametrize(("its", "own"), [(1, 3), (2, 3), (3, 4), (4, 3)])
def test_a_stripe_needs_no_other_with_any_sampling(its, own):
    random = np.random.default_rng(its)
    parts = [Component(0, its, its, 0, 0, 0, 2 * its, 2 * its, 0)]
    parts.append(Component(1, own, own, 0, 0, 0, 2 * own, 2 * own, 4 * its * its))
    most = 16 * max(its, own)
    frame = Frame(most, most, False, tuple(parts), (2, 2))
    coefficients = random.normal(0, 0.6, (frame.blocks + 1, 64)).astype(np.int16)
    coefficients[-1] = 0
    check(frame, {0: np.full(64, 5)}, coefficients, range(1, 2))


def test_it_says_how_numbers_wrap():
    random = np.random.default_rng(0)
    frame, quantisers, _ = frame_of(parse(jpeg(scene(24, 24))).headers)
    quantisers = {n: random.choice([1, 2, 65535], 64) for n in quantisers}
    for table in quantisers.values():
        table[0] = 65535
    coefficients = random.integers(-8000, 8001, (frame.blocks + 1, 64)).astype(np.int16)
    coefficients[-1] = 0
    check(frame, quantisers, coefficients, range(frame.mcus[1]))
