"""Pictures with a past: converters are recognised, and their pictures come back, smaller."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

import ncodec
from ncodec.cli.info import command as info
from ncodec.errors import DamagedFile
from ncodec.files.probing import probe
from ncodec.photo.coder import TileCoder
from ncodec.photo.describing import YCC, describe
from ncodec.photo.kernel import encode_tile
from ncodec.photo.model import PhotoModel, load_model
from ncodec.photo.past.enlarging import KINDS, Geometry, enlarge
from ncodec.photo.past.finding import Past, find_past
from ncodec.photo.past.maps import MAPS, to_rgb
from ncodec.photo.past.names import KINDS as KIND_NAMES
from ncodec.photo.past.names import MAPS as MAP_NAMES
from ncodec.photo.ycc import decode_ycc, encode_ycc

Pixels = NDArray[Any]
PHOTO_CD, BETWEEN = 2, 1
SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def model() -> PhotoModel:
    return load_model()


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A face: colourful, and next to nothing of it is clipped."""
    with Image.open(SAMPLES / "astronaut.png") as image:
        return image.convert("RGB").crop((150, 30, 278, 158))


def smooth(height: int, width: int, seed: int, low: int, high: int) -> NDArray[np.int32]:
    """A plane of waves and grain between two values."""
    rng = np.random.default_rng(seed)
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    wave = np.sin(x / 7 + seed) * np.cos(y / 9 - seed) + rng.normal(0, 0.1, (height, width))
    return np.clip(low + (wave + 1.3) / 2.6 * (high - low), low, high).astype(np.int32)


def made(
    number: int, kind: int, size: tuple[int, int], phases: tuple[int, int] = (0, 0), top: int = 180
) -> tuple[Past, Pixels]:
    """A past and the picture that came of it; luma is 30 to `top`."""
    geometry = Geometry.of(KINDS[kind], *size, *phases)
    luma = smooth(*size, 1, 30, top)
    small = [smooth(geometry.rows, geometry.columns, seed, 120, 160) for seed in (2, 3)]
    whole = np.empty((2, *size), dtype=np.int32)
    for plane, out in zip(small, whole, strict=True):
        enlarge(KINDS[kind], geometry, plane, out)
    pixels = np.empty((*size, 3), dtype=np.uint8)
    to_rgb(MAPS[number], luma, whole, pixels)
    return Past(number, kind, *phases, luma, *small), pixels


def round_trip(pixels: Pixels, effort: str = "fast") -> bytes:
    coder = TileCoder(None, 8)
    sections = coder.encode(pixels, effort)
    np.testing.assert_array_equal(coder.decode(sections, pixels.shape), pixels)
    return sections[0]


def jpeg(photo: Image.Image, subsampling: int) -> Pixels:
    file = io.BytesIO()
    photo.save(file, "jpeg", quality=92, subsampling=subsampling)
    return np.array(Image.open(file))


def webp(photo: Image.Image) -> Pixels:
    file = io.BytesIO()
    photo.save(file, "webp", quality=92)
    return np.array(Image.open(file).convert("RGB"))


def film(photo: Image.Image, matrix: str) -> Pixels:
    frame = av.VideoFrame.from_ndarray(np.array(photo), format="rgb24")
    planes = frame.reformat(format="yuv420p", dst_colorspace=matrix)
    return planes.reformat(format="rgb24", src_colorspace=matrix).to_ndarray()


PASTS = {
    "4:4:4": (lambda p: jpeg(p, 0), "JFIF, chroma of full size"),
    "4:2:2": (lambda p: jpeg(p, 1), "JFIF, chroma halved across"),
    "4:2:0": (lambda p: jpeg(p, 2), "JFIF, chroma halved both ways"),
    "cropped": (lambda p: jpeg(p, 2)[3:, 5:], "JFIF, chroma halved both ways"),
    "mirrored": (lambda p: jpeg(p, 1)[:, ::-1], "JFIF, chroma halved across"),
    "turned": (lambda p: np.rot90(jpeg(p, 2)), "JFIF, chroma halved both ways"),
    "WebP": (webp, "WebP, chroma halved both ways"),
    "BT.601": (lambda p: film(p, "ITU601"), "video by BT.601, chroma halved both ways"),
    "BT.709": (lambda p: film(p, "ITU709"), "video by BT.709, chroma halved both ways"),
}


@pytest.mark.parametrize("name", PASTS)
def test_what_a_converter_made_is_recognised_and_smaller(name, photo, model, monkeypatch) -> None:
    monkeypatch.setattr("ncodec.photo.coder.jpeg_of", lambda pixels: None)
    convert, words = PASTS[name]
    pixels = np.ascontiguousarray(convert(photo))
    section = round_trip(pixels)
    assert describe((section,)) == f"past: {words}"
    assert len(section) < 0.85 * len(encode_tile(pixels, 8, model, "fast"))


def test_a_picture_without_a_past_loses_nothing(photo, model) -> None:
    pixels = np.array(photo)
    assert find_past(pixels) is None
    section = round_trip(pixels)
    assert section == bytes([0]) + encode_tile(pixels, 8, model, "fast")
    assert describe((section,)) == ""


def test_grey_tells_no_past() -> None:
    grey = np.repeat(smooth(64, 64, 0, 20, 200).astype(np.uint8)[:, :, None], 3, axis=2)
    assert find_past(grey) is None


@pytest.mark.parametrize("number", range(len(MAPS)))
def test_the_integers_come_back(number: int) -> None:
    past, pixels = made(number, BETWEEN, (96, 80))
    found = find_past(pixels)
    assert (found.map, found.kind, found.top, found.left) == (number, BETWEEN, 0, 0)
    np.testing.assert_array_equal(found.luma, past.luma)
    # Samples that only pixels outside depend on are free.
    np.testing.assert_array_equal(found.first[:48, :40], past.first[:48, :40])
    np.testing.assert_array_equal(found.second[:48, :40], past.second[:48, :40])


@pytest.mark.parametrize("kind", range(1, len(KINDS)))
def test_every_enlarging_is_told_from_the_others(kind: int) -> None:
    past, pixels = made(PHOTO_CD, kind, (96, 80), (KINDS[kind].down, KINDS[kind].across))
    found = find_past(pixels)
    assert (found.kind, found.top, found.left) == (kind, past.top, past.left)
    assert _misfit_bytes(round_trip(pixels)) < 80


def _misfit_bytes(section: bytes) -> int:
    assert section[0] == YCC
    return int.from_bytes(section[4:7], "little")


@pytest.mark.parametrize("kind", range(len(KINDS)))
@pytest.mark.parametrize("size", [(1, 1), (1, 6), (7, 1), (2, 2), (13, 10)])
def test_any_size_and_phase(kind: int, size: tuple[int, int], model: PhotoModel) -> None:
    for top in range(KINDS[kind].down + 1):
        for left in range(KINDS[kind].across + 1):
            past, pixels = made(0, kind, size, (top, left))
            data = encode_ycc(past, pixels, model, "fast")
            np.testing.assert_array_equal(decode_ycc(data, pixels.shape, model), pixels)


@pytest.mark.parametrize("kind", [0, BETWEEN, 2])
def test_clipped_pixels_are_few_misfits(kind: int) -> None:
    _, pixels = made(PHOTO_CD, kind, (128, 96), top=240)
    clipped = (pixels == 255).any(axis=2)
    assert 0.15 < clipped.mean() < 0.8
    found = find_past(pixels)
    assert (found.map, found.kind) == (PHOTO_CD, kind)
    assert _misfit_bytes(round_trip(pixels)) < clipped.sum() / 3


def test_what_was_pasted_in_comes_back() -> None:
    _, pixels = made(0, 2, (128, 128))
    before = len(round_trip(pixels))
    pixels[40:50, 30:60] = np.random.default_rng(0).integers(0, 256, (10, 30, 3))
    section = round_trip(pixels)
    assert describe((section,)) == "past: JFIF, chroma halved both ways"
    assert len(section) < before + 2 * 3 * 300


def test_tiles_of_one_picture_have_their_own_phases(photo) -> None:
    pixels = jpeg(photo, 2)
    left, right = find_past(pixels[:, :63]), find_past(pixels[:, 63:])
    assert (left.kind, left.left, right.kind, right.left) == (2, 0, 2, 1)


def test_every_number_has_a_name() -> None:
    assert (len(MAPS), len(KINDS)) == (len(MAP_NAMES), len(KIND_NAMES))


@pytest.mark.parametrize(
    ("at", "value"),
    [(1, len(MAPS)), (2, len(KINDS)), (2, 0x40), (2, 0x80), (3, 3), (6, 255)],
    ids=["map", "kind", "rows of full size", "columns of full size", "effort", "misfits"],
)
def test_a_damaged_head_says_so(at: int, value: int) -> None:
    _, pixels = made(0, 0, (64, 64))
    section = bytearray(round_trip(pixels))
    section[at] = value
    with pytest.raises(DamagedFile, match="tile"):
        TileCoder(None, 8).decode((bytes(section),), pixels.shape)


def test_damage_is_an_error_or_other_pixels() -> None:
    _, pixels = made(0, 2, (64, 64))
    pixels[10:14, 10:14] = np.random.default_rng(0).integers(0, 256, (4, 4, 3))
    section = round_trip(pixels)
    assert _misfit_bytes(section)
    coder = TileCoder(None, 8)
    for at in range(1, len(section), 211):
        damaged = bytearray(section)
        damaged[at] ^= 0x55
        for data in (bytes(damaged), section[:at]):
            try:
                back = coder.decode((data,), pixels.shape)
            except DamagedFile:
                continue
            assert back.shape == pixels.shape
            assert not np.array_equal(back, pixels)


def test_only_a_tile_of_three_channels_of_8_bits_has_a_past() -> None:
    _, pixels = made(0, 0, (64, 64))
    section = round_trip(pixels)
    with pytest.raises(DamagedFile):
        TileCoder(None, 8).decode((section,), (64, 64, 1))
    with pytest.raises(DamagedFile):
        TileCoder(None, 16).decode((section,), (64, 64, 3))
    with pytest.raises(DamagedFile, match="damaged"):
        describe((bytes([YCC, 200, 0]),))


PAGE = (Path(__file__).parents[2] / "docs" / "past.md").read_text()


def rows_of(title: str) -> list[list[str]]:
    """The cells of the table of docs/past.md whose first column has this title."""
    table = PAGE.split(f"| {title} |", 1)[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_the_page_has_the_maps() -> None:
    values = np.arange(256, dtype=np.int64)
    names = {"y": values, "c1": values, "c2": values, "u": values - 128, "v": values - 128}
    names |= {"a": 145352 * (values - 156), "b": 119374 * (values - 137)}
    tables: list[list[str]] = []
    for number, (shown, _, *cells) in enumerate(rows_of("map")):
        assert int(shown) == number
        columns = enumerate(cells)
        tables.append([tables[int(c[3:])][i] if c.startswith("as") else c for i, c in columns])
        for formula, table in zip(tables[-1], MAPS[number], strict=True):
            python = re.sub(r"(\d) ([a-z(])", r"\1 * \2", formula.strip("`"))
            np.testing.assert_array_equal(eval(python, {}, names), table, err_msg=formula)
    assert len(tables) == len(MAPS)


def test_the_page_has_the_kinds() -> None:
    lines = {
        "whole": ({0: 1}, {0: 1}),
        "repeated": ({0: 1}, {0: 1}),
        "means between": ({0: 1}, {0: 1, 1: 1}),
        "near": ({0: 3, -1: 1}, {0: 3, 1: 1}),
    }
    listed = [
        (int(number), rows, columns, [int(r) for r in rounding.split()])
        for numbers, rows, columns, several, _ in rows_of("kind")
        for number, rounding in zip(numbers.split(","), several.split(","), strict=True)
    ]
    assert [number for number, *_ in listed] == list(range(len(KINDS)))
    for number, rows, columns, rounding in listed:
        kind = KINDS[number]
        assert (kind.down, kind.across) == (rows != "whole", columns != "whole")
        phases = [(y, x) for y in range(1 + kind.down) for x in range(1 + kind.across)]
        for (y, x), r in zip(phases, rounding * len(phases), strict=False):
            expected = {
                (i, j): v * w
                for i, v in lines[rows][y].items()
                for j, w in lines[columns][x].items()
            }
            taps = {(int(i), int(j)): int(w) for i, j, w in kind.taps[2 * y + x] if w}
            assert taps == expected
            assert kind.rounding[2 * y + x] == r
            assert 1 << kind.shift[2 * y + x] == sum(expected.values())


def test_info_says_what_the_past_was(photo, tmp_path) -> None:
    Image.fromarray(jpeg(photo, 1)).save(tmp_path / "photo.png")
    ncodec.encode(tmp_path / "photo.png", tmp_path / "photo.nc", effort="fast")
    (tile,) = probe(tmp_path / "photo.nc").segments
    assert tile.about.startswith("past: JPEG, quality 92, 4:2:2, cut at 0,0; corrections ")
    shown = CliRunner().invoke(info, [str(tmp_path / "photo.nc")]).output
    assert f"bytes  {tile.about}\n" in shown
