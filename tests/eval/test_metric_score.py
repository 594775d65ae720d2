from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from synthetic import film, read, waves

from ncodec.errors import InputError
from ncodec.eval.metrics import score as score_module
from ncodec.eval.metrics.colour import colour_of
from ncodec.eval.metrics.planes import mean, psnr
from ncodec.eval.metrics.score import METRICS, score
from ncodec.formats import VideoInfo
from ncodec.media import Frame, open_sink, to_rgb
from ncodec.media.quality import planes_psnr, rgb_psnr

KEYS = {metric.key for metric in METRICS}


def noisy(path, source, noise, **fields):
    """The clip with noise in every frame but the first."""
    info, frames = read(source)
    rng = np.random.default_rng(2)
    top = (1 << info.bit_depth) - 1
    with open_sink(path, replace(info, **fields), None) as sink:
        for index, frame in enumerate(frames):
            planes = [
                np.clip(p + rng.integers(-noise, noise + 1, p.shape) * (index > 0), 0, top)
                for p in frame.planes
            ]
            dtypes = [p.dtype for p in frame.planes]
            planes = tuple(p.astype(d) for p, d in zip(planes, dtypes, strict=True))
            sink.write(Frame(planes, index))
    return path


@pytest.fixture
def pair(tmp_path):
    source = film(tmp_path / "source.mkv", frames=5, size=(192, 176))
    return noisy(tmp_path / "decoded.mkv", source, 6), source


def test_every_figure_of_a_clip(pair):
    decoded, source = pair
    found = score(decoded, source)
    assert set(found.pooled) == KEYS
    without = {key for key, value in found.pooled.items() if value is None}
    assert without <= {"vmaf"}
    assert len(found.absent) == len(without)
    assert all(len(values) == 5 for values in found.frames.values())
    info, ours = read(decoded)
    _, theirs = read(source)
    for index in range(1, 5):
        a, b = ours[index].planes, theirs[index].planes
        assert [found.frames[f"psnr_{name}"][index] for name in "yuv"] == pytest.approx(
            planes_psnr(a, b, info)
        )
        assert found.frames["psnr_rgb"][index] == pytest.approx(rgb_psnr(a, b, info))
    assert found.frames["psnr_y"][0] == found.frames["xpsnr_y"][0] == 60
    assert found.frames["mse_y"][0] == 0


def test_pooling(pair):
    found = score(*pair)
    for key in ("psnr_y", "psnr_rgb", "ssim_y", "ms_ssim_rgb", "xpsnr_yuv"):
        assert found.pooled[key] == pytest.approx(np.mean(found.frames[key]))
    assert found.pooled["psnr_y_pooled"] == psnr(mean(found.frames["mse_y"]), 255)
    for kind in ("psnr", "xpsnr"):
        y, u, v, yuv = (found.pooled[f"{kind}_{name}_pooled"] for name in ("y", "u", "v", "yuv"))
        assert yuv == pytest.approx((6 * y + u + v) / 8)


def test_threads_change_nothing(pair):
    assert score(*pair, threads=3) == score(*pair)


def test_a_clip_against_itself(pair):
    _, source = pair
    found = score(source, source).pooled
    for key, value in found.items():
        if key.startswith(("psnr", "xpsnr")):
            assert value == 60
        elif "ssim" in key:
            assert value == pytest.approx(1)


@pytest.mark.parametrize(
    ("pixel_format", "present"),
    [
        ("gray", {"psnr_y", "psnr_y_pooled", "ssim_y"}),
        ("gbrp", {"psnr_rgb", "psnr_rgb_pooled"}),
        ("yuv444p10le", KEYS - {"vmaf", "ms_ssim_y", "ms_ssim_rgb"}),
    ],
)
def test_what_a_format_has_not_is_said(tmp_path, pixel_format, present):
    source = film(tmp_path / "a.mkv", frames=2, size=(48, 24), pixel_format=pixel_format)
    found = score(source, source)
    figures = {key for key, value in found.pooled.items() if value is not None}
    if "yuv" not in pixel_format:
        assert figures == present
    else:
        xpsnr = {key for key in KEYS if key.startswith("xpsnr")}
        assert figures - {"vmaf"} == present - xpsnr  # 48x24 is below what the filter takes
    assert all(sentence.endswith(".") and "absent" in sentence for sentence in found.absent)
    assert any("MS-SSIM" in sentence for sentence in found.absent)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"size": (32, 26)}, "is 32x26 yuv420p and .* is 32x24 yuv420p"),
        ({"pixel_format": "yuv444p"}, "is 32x24 yuv444p and .* is 32x24 yuv420p"),
        ({"frames": 3}, "has 3 frames and .* has 4"),
        ({"frames": 6}, "has 6 frames and .* has 4"),
    ],
)
def test_clips_that_cannot_be_compared(tmp_path, change, why):
    source = film(tmp_path / "source.mkv", frames=4)
    decoded = film(tmp_path / "decoded.y4m", **{"frames": 4} | change)
    with pytest.raises(InputError, match=why):
        score(decoded, source)


def test_rgb_is_made_by_the_source_s_tags(tmp_path):
    info = VideoInfo(32, 24, 2, Fraction(1, 25), "yuv420p", matrix=9, full_range=True)
    source = film(tmp_path / "source.mkv", frames=2, matrix=9, full_range=True)
    decoded = noisy(tmp_path / "decoded.mkv", source, 9, matrix=6, full_range=False)
    found = score(decoded, source)
    (_, a), (_, b) = read(decoded), read(source)
    assert found.frames["psnr_rgb"][1] == pytest.approx(rgb_psnr(a[1].planes, b[1].planes, info))
    assert found.colour["matrix"] == "BT.2020"
    assert found.colour["range"] == "full"
    assert found.colour["assumed"] is False


@pytest.mark.parametrize("matrix", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14])
@pytest.mark.parametrize("height", [16, 578])
def test_the_matrix_that_is_named_is_the_one_that_is_used(matrix, height):
    info = VideoInfo(16, height, 1, Fraction(1, 25), "yuv444p", matrix=matrix)
    found = colour_of(info)
    code = {"BT.709": 1, "BT.601 (525 lines)": 6}.get(found["matrix"], matrix)
    frame = Frame(waves(info, 3, 90), 0)
    assert np.array_equal(to_rgb(frame, info), to_rgb(frame, replace(info, matrix=code)))
    assert found["matrix_code"] == matrix
    assert found["assumed"] == (matrix in (2, 3, 12, 14))
    assert found["chroma_location"] == "none"


@pytest.mark.parametrize(
    ("pixel_format", "location", "said"),
    [
        ("yuv420p", 0, "unnamed, taken as left"),
        ("yuv420p", 1, "left"),
        ("yuv420p10le", 2, "centre"),
        ("yuv422p", 2, "left"),
        ("yuv444p", 1, "none"),
        ("gray", 0, "none"),
    ],
)
def test_chroma_locations(pixel_format, location, said):
    info = VideoInfo(16, 16, 1, Fraction(1, 25), pixel_format, chroma_location=location)
    assert colour_of(info)["chroma_location"] == said


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "gray"])
def test_pictures_are_8_bit_rgb(tmp_path, pixel_format):
    source = film(tmp_path / "source.mkv", frames=3, pixel_format=pixel_format)
    decoded = noisy(tmp_path / "decoded.mkv", source, 6)
    paths = (tmp_path / "ours.png", tmp_path / "theirs.png")
    score(decoded, source, picture=(1, *paths))
    for path, clip in zip(paths, (decoded, source), strict=True):
        with Image.open(path) as image:
            assert (image.mode, image.size) == ("RGB", (32, 24))
            pixels = np.asarray(image)
        info, frames = read(clip)
        rgb = to_rgb(frames[1], info)
        assert np.abs(pixels - rgb * (255 / np.iinfo(rgb.dtype).max)).max() <= 0.5


def test_a_picture_of_a_frame_that_is_not_there(tmp_path):
    source = film(tmp_path / "source.mkv", frames=3)
    with pytest.raises(InputError, match="has no frame 3: its 3 frames count from 0"):
        score(source, source, picture=(3, tmp_path / "a.png", tmp_path / "b.png"))


def test_a_clip_without_frames(tmp_path):
    path = tmp_path / "a.y4m"
    path.write_bytes(b"YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C420jpeg\n")
    with pytest.raises(InputError, match="has no frames"):
        score(path, path)


def test_an_image(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)).save(path)
    assert score(path, path).pooled["psnr_rgb"] == 60


def test_vmaf_reaches_the_scores(pair, monkeypatch):
    class Vmaf:
        def __init__(self, info, rate, threads, log):
            self.frames = 0

        def push(self, decoded, source):
            self.frames += 1

        def finish(self):
            return [90.0 + index for index in range(self.frames)]

    monkeypatch.setattr(score_module, "vmaf_absent", lambda info: None)
    monkeypatch.setattr(score_module, "Vmaf", Vmaf)
    found = score(*pair)
    assert found.frames["vmaf"] == [90, 91, 92, 93, 94]
    assert found.pooled["vmaf"] == 92
    assert found.absent == []


def test_metrics_are_defined():
    assert METRICS[0].key == "psnr_y"
    assert len(KEYS) == len(METRICS)
    assert all(metric.label and metric.note.endswith(".") for metric in METRICS)
    assert all((metric.unit == "dB") == ("psnr" in metric.key) for metric in METRICS)
