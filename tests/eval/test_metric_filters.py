import re
from fractions import Fraction

import av
import numpy as np
import pytest
from av.filter import filters_available

from ncodec.eval.metrics import filters
from ncodec.eval.metrics.filters import Vmaf, Xpsnr, pooled_xpsnr, vmaf_absent, xpsnr_absent
from ncodec.eval.metrics.frames import frame_scores
from ncodec.eval.metrics.planes import channels
from ncodec.formats import VideoInfo
from ncodec.media import Frame
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, sample_type

RATE = Fraction(25)


def clip(pixel_format="yuv420p", size=(96, 64)):
    return VideoInfo(*size, 0, 1 / RATE, pixel_format, PIXEL_FORMATS[pixel_format][1])


def frames(info, count=4):
    """(decoded, source) of texture that moves; the first frame has no error."""
    rng = np.random.default_rng(5)
    shift = info.bit_depth - 8
    for index in range(count):
        rows, columns = np.indices((info.height, info.width))
        texture = (60 + (7 * rows + 3 * columns + 5 * index) % 120).astype(int)
        noise = rng.integers(-3, 4, texture.shape) * (index > 0)
        shapes = plane_shapes(info.pixel_format, info.width, info.height)
        dtype = sample_type(info.pixel_format)
        yield tuple(
            Frame(tuple((p[: s[0], : s[1]] << shift).astype(dtype) for s in shapes), index)
            for p in (texture + noise, texture)
        )


def xpsnr(info, pairs, rate=RATE):
    found = Xpsnr(info, rate)
    for decoded, source in pairs:
        found.push(decoded, source)
    return found.finish()


@pytest.fixture(scope="module")
def luma():
    """XPSNR of the frames of 8 bits."""
    return xpsnr(clip(), frames(clip()))["y"]


def test_every_frame_has_a_value_and_no_error_is_infinite():
    found = xpsnr(clip(), frames(clip()))
    assert list(found) == ["y", "u", "v"]
    for values in found.values():
        assert values[0] == np.inf
        assert len(values) == 4
        assert all(20 < value < 60 for value in values[1:])


@pytest.mark.parametrize(
    "pixel_format",
    [f for f, (family, depth) in PIXEL_FORMATS.items() if family != "gbrp" and depth < 16],
)
def test_every_format_is_read_as_it_is(pixel_format, luma):
    info = clip(pixel_format)
    # 255 << 2 is a little less than the peak of 10 bits.
    peaks = 20 * np.log10(((1 << info.bit_depth) - 1) / (255 << (info.bit_depth - 8)))
    found = xpsnr(info, frames(info))
    assert found["y"][1:] == pytest.approx([value + peaks for value in luma[1:]], abs=0.01)
    assert len(found) == (1 if pixel_format.startswith("gray") else 3)


def test_weights_are_the_source_s():
    """A flat decoded frame of a busy source counts as busy: errors in texture are hard to see."""
    info = clip("gray")
    busy = np.random.default_rng(0).integers(0, 256, (64, 96)).astype(np.uint8)
    flat = np.full_like(busy, 128)
    pairs = [(Frame((flat,), 0), Frame((busy,), 0))]
    masked = xpsnr(info, pairs)["y"][0]
    bare = xpsnr(info, [pair[::-1] for pair in pairs])["y"][0]
    assert masked > bare + 3


def test_motion_is_seen_over_three_frames_from_32_a_second_on(luma):
    rates = (31, 32, 60)
    slow, fast, faster = (xpsnr(clip(), frames(clip()), Fraction(r))["y"] for r in rates)
    assert luma == slow
    assert fast == faster
    assert slow[3] != fast[3]


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "yuv444p16le", "gray"])
def test_ffmpeg_finds_the_same_psnr(pixel_format):
    info = clip(pixel_format)
    pair = filters._Pair(info, RATE, "psnr")
    pictures = [found for one in frames(info) for found in pair.push(*one)] + pair.finish()
    for picture, one in zip(pictures, frames(info), strict=True):
        ours = frame_scores(*one, info)
        for plane in channels(info):
            mse = float(picture.metadata[f"lavfi.psnr.mse.{plane}"])
            assert ours[f"mse_{plane}"] == pytest.approx(mse, rel=1e-6, abs=1e-5)
            if mse:
                psnr = float(picture.metadata[f"lavfi.psnr.psnr.{plane}"])
                assert ours[f"psnr_{plane}"] == pytest.approx(psnr, abs=1e-5)


def test_pooled_as_the_filter_prints(tmp_path):
    log = tmp_path / "xpsnr: log.txt"
    pair = filters._Pair(clip(), RATE, "xpsnr", stats_file=str(log))
    for decoded, source in frames(clip()):
        pair.push(source, decoded)
    pair.finish()
    line = next(line for line in log.read_text().splitlines() if "average" in line)
    printed = [float(value) for value in re.findall(r"[yuv]: ([0-9.]+)", line)]
    found = xpsnr(clip(), frames(clip()))
    assert [pooled_xpsnr(v, 60) for v in found.values()] == pytest.approx(printed, abs=1e-3)


def test_pooled_without_error_is_the_cap():
    assert pooled_xpsnr([np.inf, np.inf], 60) == 60
    assert pooled_xpsnr([70.0, 70.0], 60) == 60
    assert pooled_xpsnr([40.0, 40.0], 60) == pytest.approx(40)


@pytest.mark.parametrize(
    ("info", "why"),
    [
        (clip("gbrp"), "takes YUV or grey of up to 14 bits, and the clip is gbrp"),
        (clip("yuv444p16le"), "the clip is yuv444p16le"),
        (clip(size=(44, 46)), "takes pictures of 2025 pixels or more, and the clip is 44x46"),
        (clip("yuv420p10le", (90, 64)), "a width of 90"),
    ],
)
def test_xpsnr_is_absent_where_the_filter_would_be_wrong(info, why):
    assert why in xpsnr_absent(info)


def test_xpsnr_of_odd_8_bit_sizes_and_of_the_smallest():
    for size in ((90, 64), (51, 49), (45, 45)):
        info = clip(size=size)
        assert xpsnr_absent(info) is None
        assert xpsnr(info, frames(info))["y"][0] == np.inf


def test_without_the_filter(monkeypatch):
    monkeypatch.setattr(filters, "filters_available", frozenset())
    assert f"PyAV {av.__version__} was built without the filter xpsnr" in xpsnr_absent(clip())
    assert "was built without libvmaf; av>=19 on Python>=3.12 has it" in vmaf_absent(clip())


def test_a_pyav_without_metadata(monkeypatch):
    class OldFrame:
        """A picture of PyAV 17, which does not show what filters find."""

    monkeypatch.setattr(filters.av, "VideoFrame", OldFrame)
    assert "hides what filters find; install av>=18" in xpsnr_absent(clip())


def test_vmaf_where_pyav_has_it(tmp_path):
    info = clip(size=(192, 108))
    if "libvmaf" not in filters_available:
        assert "libvmaf" in vmaf_absent(info)
        return
    assert vmaf_absent(info) is None

    def values(name, spoil):
        found = Vmaf(info, RATE, 1, tmp_path / name)
        for _, source in frames(info):
            planes = tuple(plane // spoil * spoil for plane in source.planes)
            found.push(Frame(planes, source.pts), source)
        return found.finish()

    exact, coarse = values("exact.json", 1), values("coarse.json", 64)
    assert len(exact) == len(coarse) == 4
    assert all(0 <= low < high <= 100 for low, high in zip(coarse, exact, strict=True))
    assert min(exact) > 95


def test_vmaf_is_for_yuv_of_some_size():
    assert "the clip is gray" in vmaf_absent(clip("gray"))
    assert "the clip is 96x63" in vmaf_absent(clip(size=(96, 63)))


def test_vmaf_reads_the_log_in_frame_order(monkeypatch, tmp_path):
    """What libvmaf writes, by another hand: this PyAV may have no such filter."""

    class Pair:
        def __init__(self, info, rate, name, **options):
            self.log = options["log_path"]
            assert (name, options["log_fmt"]) == ("libvmaf", "json")

        def push(self, decoded, source):
            return []

        def finish(self):
            with open(self.log, "w") as log:
                log.write(
                    '{"frames": [{"frameNum": 1, "metrics": {"vmaf": 80.5}},'
                    ' {"frameNum": 0, "metrics": {"vmaf": 97.25}}]}'
                )
            return []

    monkeypatch.setattr(filters, "_Pair", Pair)
    assert Vmaf(clip(), RATE, 1, tmp_path / "vmaf.json").finish() == [97.25, 80.5]
