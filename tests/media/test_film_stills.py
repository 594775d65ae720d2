"""OpenEXR and DPX pictures."""

import av
import numpy as np
import pytest

from ncodec.errors import InputError
from ncodec.media.images import decode_image
from ncodec.media.kinds import media_kind
from ncodec.media.stored import reduced

RNG = np.random.default_rng(4)


def coded(codec, layout, values, **options):
    """Values (height, width, channels) in a file that FFmpeg writes."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = values.shape[1], values.shape[0], layout
    encoder.time_base, encoder.options = 1, options
    frame = av.VideoFrame(values.shape[1], values.shape[0], layout)
    planar = layout.startswith("gbr")
    parts = values[..., [1, 2, 0, 3][: values.shape[2]]].transpose(2, 0, 1) if planar else [values]
    for plane, part in zip(frame.planes, parts, strict=True):
        row = np.ascontiguousarray(part).view(np.uint8).reshape(len(part), -1)
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : row.shape[1]] = row
        plane.update(padded)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def exr(channels=3, **options):
    values = np.cumsum(RNG.normal(size=(40, 14, channels)), 0).astype("f2").astype("<f4")
    layout = {1: "grayf32le", 3: "gbrpf32le", 4: "gbrapf32le"}[channels]
    return values, coded("exr", layout, values, **options)


@pytest.mark.parametrize("kind", ["half", "float"])
@pytest.mark.parametrize("compression", ["none", "rle", "zip1", "zip16"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_exr(channels, compression, kind):
    values, data = exr(channels, compression=compression, format=kind)
    found = decode_image(data, "it")
    assert found.samples.dtype == ("f2" if kind == "half" else "f4")
    assert np.array_equal(found.samples, values)
    assert found.metadata.samples.extra == (1,) * (channels == 4)


@pytest.mark.parametrize("compression", ["none", "zip16"])
def test_a_damaged_exr_is_no_picture(compression):
    _, data = exr(compression=compression)
    for cut in (20, 300, len(data) // 2, len(data) - 1):
        with pytest.raises(InputError, match="get the whole file"):
            decode_image(data[:cut], "it")
    if compression == "zip16":
        with pytest.raises(InputError, match="get the whole file"):
            decode_image(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:], "it")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            b"compression\0compression\0\1\0\0\0\3",
            b"compression\0compression\0\1\0\0\0\x08",
            "DWAA",
        ),
        (
            b"dataWindow\0box2i\0\x10\0\0\0\0",
            b"dataWindow\0box2i\0\x10\0\0\0\1",
            "another rectangle",
        ),
        (b"R\0\2\0\0\0", b"Z\0\2\0\0\0", r"channels other than .*\(B, G, Z\)"),
        (b"R\0\2\0\0\0", b"R\0\0\0\0\0", "32-bit integers"),
        (b"\x76\x2f\x31\x01\2\0", b"\x76\x2f\x31\x01\2\x10", "several parts"),
    ],
)
def test_what_of_exr_is_not_read(before, after, said):
    _, data = exr(compression="zip16", format="float")
    assert before in data
    with pytest.raises(InputError, match=said):
        decode_image(data.replace(before, after), "it")


@pytest.mark.parametrize(
    ("layout", "bits", "channels"),
    [
        *(("gray", 8, 1), ("rgb24", 8, 3), ("rgba", 8, 4), ("rgb48be", 16, 3), ("rgb48le", 16, 3)),
        *(("gbrp10be", 10, 3), ("gbrp10le", 10, 3), ("gbrp12le", 12, 3), ("gray16be", 16, 1)),
    ],
)
def test_a_dpx(tmp_path, layout, bits, channels):
    values = RNG.integers(0, 1 << bits, (9, 14, channels))
    stored = values.astype("u1" if bits == 8 else ">u2" if layout.endswith("be") else "<u2")
    path = tmp_path / "a.dpx"
    path.write_bytes(data := coded("dpx", layout, stored))
    assert media_kind(path) == "image"
    found = decode_image(data, "it")
    pixels = reduced(found.pixels, found.metadata.maximum) if bits in (10, 12) else found.pixels
    assert np.array_equal(pixels, values)
    assert "time code" in found.notices[0]
    with pytest.raises(InputError, match="get the whole file"):
        decode_image(data[:-40], "it")


@pytest.mark.parametrize(("place", "value", "said"), [(770, 2, "channels"), (806, 1, "run-length")])
def test_what_of_dpx_is_not_read(place, value, said):
    data = bytearray(coded("dpx", "rgb24", np.zeros((4, 4, 3), "u1")))
    order = "big" if data.startswith(b"SDPX") else "little"
    data[place : place + 2] = value.to_bytes(2, order)
    with pytest.raises(InputError, match=said):
        decode_image(bytes(data), "it")
