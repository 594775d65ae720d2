"""pc-photo end to end: tiles, regions, damage, metadata, depths, and what it refuses."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image as PillowImage

import ncodec
from ncodec.errors import DamagedFile, InputError, VerificationFailed
from ncodec.formats import Reader
from ncodec.media import read_image, write_image
from ncodec.media.image import Image

SIDE = 512


def photo(height, width, channels=3, depth=8, seed=0):
    """A smooth image with noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / (7 + c) + c) + np.cos(y / (9 + c)) for c in range(channels)]
    levels = (np.stack(waves, axis=2) / 5 + 0.5) * ((1 << depth) - 1)
    noisy = levels + random.normal(0, 1.5 * (1 << (depth - 8)), levels.shape)
    return np.clip(noisy, 0, (1 << depth) - 1).astype(np.uint8 if depth == 8 else np.uint16)


@pytest.fixture(scope="module")
def tiled(tmp_path_factory):
    """Pixels of four tiles, and their file."""
    folder = tmp_path_factory.mktemp("photo")
    pixels = photo(SIDE + 40, SIDE + 30, 1)
    write_image(folder / "photo.png", Image(pixels))
    ncodec.encode(folder / "photo.png", folder / "photo.nc", effort="fast")
    return pixels, folder / "photo.nc"


@pytest.mark.parametrize("effort", ["fast", "medium", "best"])
def test_every_effort_gives_the_pixels_back_and_is_smaller_than_png(tmp_path, effort):
    pixels = photo(60, 75)
    write_image(tmp_path / "a.png", Image(pixels))
    done = ncodec.encode(tmp_path / "a.png", tmp_path / "a.nc", effort=effort)
    ncodec.decode(tmp_path / "a.nc", tmp_path / "b.png")
    assert np.array_equal(read_image(tmp_path / "b.png").pixels, pixels)
    assert done.size < (tmp_path / "a.png").stat().st_size


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
def test_every_layout_comes_back(tmp_path, channels, depth):
    pixels = photo(23, 17, channels, depth)
    write_image(tmp_path / "a.png", Image(pixels))
    ncodec.encode(tmp_path / "a.png", tmp_path / "a.nc")
    with ncodec.open(tmp_path / "a.nc") as album:
        assert album[0].pixels.dtype == pixels.dtype
        assert np.array_equal(album[0].pixels, pixels)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_region_decodes_alone(tiled, threads):
    pixels, path = tiled
    with ncodec.open(path, threads=threads) as album:
        part = album.region(SIDE // 2 - 20, 5, 60, 200)
        assert np.array_equal(part.pixels, pixels[5:205, SIDE // 2 - 20 :][:, :60])
        assert np.array_equal(album[0].pixels, pixels)


def test_the_bytes_do_not_depend_on_threads(tiled, tmp_path):
    pixels, path = tiled
    write_image(tmp_path / "photo.png", Image(pixels))
    ncodec.encode(tmp_path / "photo.png", tmp_path / "b.nc", effort="fast", threads=1)
    assert (tmp_path / "b.nc").read_bytes() == path.read_bytes()


def test_a_damaged_tile_loses_that_tile_alone(tiled, tmp_path, command):
    pixels, path = tiled
    data = bytearray(path.read_bytes())
    with Reader(bytes(data)) as reader:
        entry = reader.segments[3]
    data[entry.offset + entry.length // 2] ^= 8
    (tmp_path / "bad.nc").write_bytes(data)
    ran = command("decode", "bad.nc", "-o", "bad.png")
    assert (ran.code, "ncodec repair" in ran.err) == (4, True)
    assert not (tmp_path / "bad.png").exists()
    assert command("decode", "bad.nc", "-o", "part.png", "--region", "0,0,50,50").code == 0
    assert command("repair", "bad.nc", "-o", "good.nc").code == 0
    ran = command("decode", "good.nc", "-o", "good.png")
    assert ran.code == 0
    assert "image 0 has lost" in ran.err
    same = read_image(tmp_path / "good.png").pixels == pixels
    height, width = (pixels.shape[0] // 2, pixels.shape[1] // 2)
    assert same[:height].all()
    assert same[:, :width].all()
    assert not read_image(tmp_path / "good.png").pixels[height:, width:].any()


def test_a_tile_that_only_looks_intact_is_found_out(tiled, tmp_path):
    _, path = tiled
    with Reader(path) as reader:
        first = reader.read_segment(0)
        assert first.psnr is None
        entry = reader.segments[0]
    data = bytearray(path.read_bytes())
    # Another hash under a CRC that holds.
    end = entry.offset + 16 + entry.length
    data[end - 1] ^= 1
    data[end : end + 4] = zlib.crc32(data[entry.offset : end]).to_bytes(4, "little")
    with (
        ncodec.open(bytes(data)) as album,
        pytest.raises(VerificationFailed, match="segment 0 decodes to other integers"),
    ):
        album[0]


def test_content_that_is_no_photo_stays_near_or_below_png(tmp_path):
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (120, 90, 3)).astype(np.uint8)
    flat = np.full((120, 90, 3), 77, np.uint8)
    text = np.where(random.random((120, 90, 1)) < 0.03, 0, 255).astype(np.uint8).repeat(3, axis=2)
    for name, pixels in {"noise": noise, "flat": flat, "text": text}.items():
        path = tmp_path / f"{name}.png"
        PillowImage.fromarray(pixels).save(path, optimize=True)
        done = ncodec.encode(path, tmp_path / "a.nc")
        container = ncodec.probe(tmp_path / "a.nc").breakdown()["container"]
        assert done.size - container <= pixels.nbytes * 1.001 + 8
        assert done.size - container <= path.stat().st_size
        with ncodec.open(tmp_path / "a.nc") as album:
            assert np.array_equal(album[0].pixels, pixels)


def test_alpha_keeps_the_colour_below_it(tmp_path):
    pixels = photo(40, 30, 4)
    pixels[:20, :, 3] = 0
    write_image(tmp_path / "a.webp", Image(pixels))
    ncodec.encode(tmp_path / "a.webp", tmp_path / "a.nc")
    ncodec.decode(tmp_path / "a.nc", tmp_path / "b.tif")
    assert np.array_equal(read_image(tmp_path / "b.tif").pixels, pixels)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("gone.png", 3, "gone.png"),
        ("empty.png", 3, "is empty"),
        ("text.png", 3, "text.png"),
        ("cut.png", 3, "cut.png"),
        ("cmyk.jpg", 3, "CMYK"),
    ],
)
def test_bad_images_are_told_in_a_sentence(tmp_path, command, name, code, words):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    write_image(tmp_path / "whole.png", Image(photo(30, 30)))
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:300])
    PillowImage.new("CMYK", (4, 4)).save(tmp_path / "cmyk.jpg")
    ran = command("encode", name, "-o", "a.nc", "--codec", "pc-photo")
    assert (ran.code, words in ran.err, ran.err.count("\n")) == (code, True, 1), ran.err
    assert not list(tmp_path.glob("a.nc*"))


def test_lossy_outputs_and_several_images_are_refused(tiled, tmp_path, command):
    _, path = tiled
    ran = command("decode", path, "-o", "a.jpg")
    assert (ran.code, ".png" in ran.err) == (7, True)
    for name in ("a", "b"):
        write_image(tmp_path / f"{name}.png", Image(photo(9, 9)))
    ran = command("encode", "*.png", "-o", "a.nc", "--codec", "pc-photo")
    assert (ran.code, "takes one image, not 2" in ran.err) == (2, True)


def test_a_file_that_promises_other_tiles_is_damaged(tiled):
    _, path = tiled
    data = path.read_bytes()
    with Reader(data) as reader:
        info = reader.header.info
    assert info.frames == 4
    with pytest.raises(DamagedFile):
        ncodec.open(data[: len(data) // 2])


def test_the_command_line_says_what_a_repaired_photograph_has_lost(tiled, command, tmp_path):
    data = bytearray(tiled[1].read_bytes())
    data[len(data) // 8] ^= 1  # in the first tile
    (tmp_path / "broken.nc").write_bytes(data)
    ran = command("repair", "broken.nc", "-o", "rest.nc")
    assert ran.err.splitlines()[1] == "lost: 271x276 pixels of image 0 at 0,0"


def test_the_limit_of_pixels_is_raised_by_an_option(command, tmp_path):
    write_image(tmp_path / "a.png", Image(np.zeros((1, 40_000, 1), np.uint8)))
    assert command("encode", "a.png", "-o", "a.nc").code == 0
    huge = bytearray((tmp_path / "a.png").read_bytes())
    huge[16:24] = struct.pack(">II", 30_000, 30_000)
    huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
    (tmp_path / "huge.png").write_bytes(huge)
    assert command("encode", "huge.png", "-o", "b.nc").code == 6
    raised = command("encode", "huge.png", "-o", "b.nc", "--limit-pixels", "900M")
    assert (raised.code, "cannot be decoded" in raised.err) == (3, True)
    with pytest.raises(InputError, match="cannot be decoded"):
        ncodec.encode(tmp_path / "huge.png", limit_pixels=900_000_000)


def test_the_folder_that_one_is_in_is_no_output(command, tmp_path):
    ncodec.encode(np.zeros((4, 4), np.uint8), tmp_path / "a.nc")
    for output in (".", "./", "/"):
        ran = command("decode", "a.nc", "-o", output)
        assert (ran.code, "name a folder in it" in ran.err) == (7, True)
