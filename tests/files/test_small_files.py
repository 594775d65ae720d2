"""What a small image costs beside its samples, whatever codes it."""

import numpy as np
import pytest
from PIL import Image as PillowImage

import ncodec
from ncodec.errors import DamagedFile

MOST = {"pc-photo": 60, "pc-jpeg": 40}
"""Bytes of container."""


@pytest.fixture(params=MOST)
def small(request, tmp_path):
    """The codec, an image of 32 by 32, and the file that it is coded into."""
    y, x = np.mgrid[:32, :32]
    pixels = np.stack([8 * x, 8 * y, 4 * (x + y)], axis=2).astype(np.uint8)
    source = tmp_path / f"icon.{'jpg' if request.param == 'pc-jpeg' else 'png'}"
    PillowImage.fromarray(pixels).save(source)
    ncodec.encode(source, tmp_path / "small.nc", codec=request.param)
    return request.param, source, tmp_path / "small.nc"


def test_the_container_of_a_small_image_is_small(small):
    codec, _, file = small
    probed = ncodec.probe(file)
    assert (probed.images, probed.names, probed.meta) == (1, (), {})
    assert probed.breakdown()["container"] <= MOST[codec]


def test_it_is_checked_and_comes_back(small, tmp_path, command):
    codec, source, file = small
    assert ncodec.verify(file, source=source).identical
    assert command("decode", "small.nc", "-o", "out/").code == 0
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert names == ["small.jpg" if codec == "pc-jpeg" else "small.png"]


def test_a_damaged_one_cannot_be_repaired_and_says_so(small, tmp_path, command):
    _, _, file = small
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(DamagedFile, match="another copy"):
        ncodec.open(file)
    ran = command("repair", "small.nc", "-o", "mended.nc")
    assert (ran.code, "another copy" in ran.err) == (4, True)
    assert not (tmp_path / "mended.nc").exists()


def test_metadata_is_kept_alone(tmp_path):
    image = PillowImage.new("RGB", (8, 8))
    image.save(tmp_path / "a.png", dpi=(300, 300))
    ncodec.encode(tmp_path / "a.png", tmp_path / "a.nc")
    with ncodec.open(tmp_path / "a.nc") as album:
        assert album[0].metadata.chunks
        assert album.name() == "a"
    assert ncodec.probe(tmp_path / "a.nc").breakdown()["container"] <= 120
