"""A HEAD whose pixel format is not that of the planes: refused, nothing is written."""

import pytest
from remade import GOLDEN, remade

import ncodec
from ncodec.errors import DamagedFile
from ncodec.formats import Limits, Reader, cbor

BY_NAME = {path.stem: path for path in GOLDEN}
PIXEL_FORMAT, BIT_DEPTH = 9, 10


def saying(stem, name, depth=8):
    def changed(payload):
        head = cbor.loads(payload, "HEAD", Limits())
        head[PIXEL_FORMAT] = name
        return cbor.dumps(head if depth == 8 else {**head, BIT_DEPTH: depth})

    return remade(BY_NAME[stem].read_bytes(), "HEAD", changed)


@pytest.mark.parametrize("name", ["gray", "yuv422p", "yuv444p", "gbrp"])
@pytest.mark.parametrize("stem", ["hnerv-2-packed", "nervpp-1-packed", "ngrid-2-packed"])
def test_planes_of_clips(tmp_path, stem, name):
    data = saying(stem, name)
    with ncodec.open(data, threads=1) as clip:
        with pytest.raises(DamagedFile, match=f"is said to be 16x12 {name} and has planes of"):
            clip[0]
        with pytest.raises(DamagedFile, match="planes of"):
            clip.batch([0, 1])
    for output in ("a.mkv", "a.mp4", *(("a.y4m",) if name != "gbrp" else ())):
        with pytest.raises(DamagedFile, match="planes of"):
            ncodec.decode(data, tmp_path / output, threads=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stem", ["pc-hclt-1-trained", "pc-idf-1-circuit", "pc-photo-1-grey"])
def test_channels_of_images(stem):
    with Reader(BY_NAME[stem]) as reader:
        true = reader.header.info.pixel_format
    for name in {"gray", "rgba", "rgb24", "yuv420p"} - {true}:
        with pytest.raises(DamagedFile), ncodec.open(saying(stem, name)) as album:
            album[0]
