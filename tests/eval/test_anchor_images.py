import numpy as np
import pytest

from ncodec.errors import InputError
from ncodec.eval.anchors import lossy


def waves(channels):
    y, x = np.mgrid[:48, :64]
    picture = np.stack([x * 3 + y, 2 * y + 60 * np.sin(x / 5) + 80, 200 - x], axis=2)
    return picture.clip(0, 255).astype(np.uint8)[:, :, :channels]


def error(anchor, pixels, quality):
    back = anchor.decode(anchor.encode(pixels, quality)).astype(float)
    return np.mean((back - pixels) ** 2)


@pytest.mark.parametrize("anchor", lossy.ANCHORS, ids=lambda anchor: anchor.codec)
def test_quality_trades_bytes_for_error(anchor):
    pixels = waves(3)
    coarse, fine = anchor.qualities[0], anchor.qualities[-1]
    assert len(anchor.encode(pixels, coarse)) < len(anchor.encode(pixels, fine))
    assert error(anchor, pixels, fine) < 30 < error(anchor, pixels, coarse)
    assert list(anchor.qualities) == sorted(set(anchor.qualities))


@pytest.mark.parametrize("anchor", lossy.ANCHORS, ids=lambda anchor: anchor.codec)
def test_grey_images_are_taken(anchor):
    grey = waves(1)
    assert error(anchor, grey, 95) < 10  # by broadcast, where grey comes back as RGB


def test_jpeg_is_progressive_with_half_chroma():
    jpeg = next(anchor for anchor in lossy.ANCHORS if anchor.codec == "JPEG")
    data = jpeg.encode(waves(3), 50)
    frame = data.index(b"\xff\xc2")  # SOF2, a progressive frame
    assert data[frame + 10 : frame + 13] == b"\x01\x22\x00"  # luma has 2x2 of chroma's samples


def test_deep_images_are_refused():
    for anchor in lossy.ANCHORS:
        with pytest.raises(InputError, match="8-bit images of 1 or 3 channels"):
            anchor.encode(waves(3).astype(np.uint16), 50)


def test_versions_name_the_libraries():
    assert "libwebp" in lossy.versions()
    assert "?" not in lossy.versions()
