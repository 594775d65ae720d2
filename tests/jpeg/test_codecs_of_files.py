"""A codec of files that is another package's, held to its contract."""

from fractions import Fraction

import numpy as np
import pytest
from jpegs import jpeg

import ncodec
from ncodec.errors import CodecFailed
from ncodec.formats import Segment, VideoInfo, integer_hash
from ncodec.media.images import decode_image
from ncodec.plugin import Coded, ImageCodec, register


class Kept(ImageCodec):
    """Files as they are."""

    codec_id = "kept"
    bitstream_version = 1
    media = frozenset({"image"})
    keeps_files = True

    def encode_images(self, images, options, context):
        data = images.file(0)
        shape = decode_image(data, "it").pixels.shape
        info = VideoInfo(shape[1], shape[0], 1, Fraction(1), "rgb24", 8, full_range=True)
        value = integer_hash([np.frombuffer(data, np.uint8)])
        return Coded(info, iter([Segment(0, 0, 1, (data,), value)]))

    def open_images(self, stored, context):
        return _Kept(stored)


class _Kept:
    def __init__(self, stored):
        self._stored = stored

    def __len__(self):
        return 1

    def file(self, index):
        segment = self._stored.segment(0)
        segment.check([np.frombuffer(segment.sections[0], np.uint8)])
        return segment.sections[0]

    def pixels(self, index, region=None):
        return decode_image(self.file(0), "it").pixels

    def stream(self, indices, region=None):
        return (self.pixels(index, region) for index in indices)

    def lost(self, index, region=None):
        return []


class Torn(Kept):
    codec_id = "torn"

    def open_images(self, stored, context):
        pictures = _Kept(stored)
        pictures.file = lambda index: None
        return pictures


def test_its_files_come_back(tmp_path):
    source, out = tmp_path / "a.jpg", tmp_path / "a.nc"
    source.write_bytes(jpeg())
    with register(Kept):
        ncodec.encode(source, out, codec="kept")
        ncodec.decode(out, tmp_path / "b.jpg")
        assert ncodec.verify(out, source=source).identical
    assert (tmp_path / "b.jpg").read_bytes() == source.read_bytes()


def test_what_is_no_file_is_said_to_be_its_fault(tmp_path):
    source, out = tmp_path / "a.jpg", tmp_path / "a.nc"
    source.write_bytes(jpeg())
    with register(Torn):
        ncodec.encode(source, out, codec="torn")
        with pytest.raises(CodecFailed, match="gives a NoneType for a file's bytes"):
            ncodec.decode(out, tmp_path / "b.jpg")
    assert not (tmp_path / "b.jpg").exists()
