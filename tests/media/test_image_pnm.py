import numpy as np
import pytest

from ncodec.errors import InputError
from ncodec.media import read_image


@pytest.fixture
def read(tmp_path):
    def reader(data):
        path = tmp_path / "image.pnm"
        path.write_bytes(data)
        return read_image(path).pixels

    return reader


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"P1\n3 2\n101\n0 1 0\n", [0, 255, 0, 255, 0, 255]),
        (b"P1 # said\n3 1 1 # more\n0 1", [0, 255, 0]),
        (b"P2\n# a comment\n2 1\n255\n7 255\n", [7, 255]),
        (b"P2 2 1 15 0 15", [0, 255]),
        (b"P2 2 1 65535 256 65535", [256, 65535]),
        (b"P3 1 1 255 1 2 3", [1, 2, 3]),
        (b"P4\n10 1\n\xa0\x40", [0, 255, 0, 255, 255, 255, 255, 255, 255, 0]),
        (b"P5 2 1 255\n\x00\xff", [0, 255]),
        (b"P5 2 1 3\n\x01\x03", [85, 255]),
        (b"P5 2 1 65535\n\x01\x00\xff\xff", [256, 65535]),
        (b"P5 3 1 1023\n\0\1\1\xff\3\xff", [64, 32735, 65535]),
        (b"P5 3 1 100\n\0\1\x64", [0, 3, 255]),
        (b"P6\n1\n1\n255 \x01\x0a\x20", [1, 10, 32]),
        (
            b"P7\nWIDTH 1\nHEIGHT 1\n# c\nDEPTH 2\nMAXVAL 255\nTUPLTYPE A B\nENDHDR\n\n\xff",
            [10, 255],
        ),
        (b"P7\nMAXVAL 65535\nDEPTH 4\nHEIGHT 1\nWIDTH 1\nENDHDR\n" + bytes(8), [0, 0, 0, 0]),
    ],
)
def test_samples(read, data, wanted):
    assert read(data).ravel().tolist() == wanted


def test_sixteen_bits_are_sixteen_bits(read):
    assert read(b"P5 2 1 65535\n\x01\x00\xff\xff").dtype == np.uint16


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"P5 2 1 255\n\x00", "cut short"),
        (b"P5 2 1", "cut short"),
        (b"P5 2 1 70000\n" + bytes(9), "cut short"),
        (b"P2 2 1 255 1", "cut short"),
        (b"P2 2 1 255 1 x", "cut short"),
        (b"P1 2 1 12", "cut short"),
        (b"P5 0 1 255\n", "0x1"),
        (b"P5 2 1 3\n\x01\x04", "maximum of 3"),
        (b"P5 1 1 255\n\x00P5 1 1 255\n\x00", "several images"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n" + bytes(5), "5 channels"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\n\0", "cut short"),
        (b"P7\nWIDTH one\n", "cut short"),
    ],
)
def test_what_is_not_one(read, data, said):
    with pytest.raises(InputError, match=said):
        read(data)
