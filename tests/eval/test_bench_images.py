from pathlib import Path

import numpy as np
import pytest

from ncodec.errors import InputError, Interrupted, UsageError
from ncodec.eval.bench.images import run_images
from ncodec.eval.bench.lossless import FORMATS
from ncodec.eval.bench.processes import Processes
from ncodec.eval.data.sets import LabelledImage
from ncodec.eval.results import load_summary
from ncodec.media import Image, write_image

imagecodecs = pytest.importorskip("imagecodecs")


def drawing(folder, name, channels=3, shift=0, dtype=np.uint8):
    y, x, c = np.mgrid[:20, :30, :channels]
    pixels = ((x // 5 + y // 4 + c + shift) % 4 * 60).astype(dtype)
    write_image(folder / f"{name}.png", Image(pixels))
    return LabelledImage(folder / f"{name}.png", name)


def run(images, folder, processes=None, **changes):
    said = []
    given = {
        "codecs": [],
        "anchors": ["qoi"],
        "points": 4,
        "threads": 1,
        "dry_run": False,
    } | changes
    processes = processes or Processes()
    found = run_images(images, folder / "run", processes=processes, tell=said.append, **given)
    return found, said


class Counted(Processes):
    """Fresh processes, of which only so many may start."""

    def __init__(self, most=9):
        super().__init__()
        self.most, self.started = most, 0

    def run(self, command, folder):
        if self.started == self.most:
            raise Interrupted("stopped by the user")
        self.started += 1
        return super().run(command, folder)


def test_a_codec_and_a_format_are_measured_and_equal(tmp_path):
    images = [drawing(tmp_path, "a"), drawing(tmp_path, "b", 1)]
    found, _ = run(images, tmp_path, codecs=["pc-photo:fast"])
    found.save(tmp_path / "summary.json")
    assert load_summary(tmp_path / "summary.json").items[1].name == "b"
    for item, subpixels in zip(found.items, (1800, 600), strict=True):
        assert [curve.role for curve in item.curves] == ["codec", "anchor"]
        for curve in item.curves:
            (point,) = curve.points
            assert point.equal
            assert point.rate == 8 * point.size / subpixels
            assert point.encode.rate == pytest.approx(subpixels / 1e6 / point.encode.seconds)
        point = item.curves[0].points[0]
        assert sum(point.breakdown.values()) == point.size
        assert point.commands[0].startswith("ncodec encode")
        assert "--effort fast" in point.commands[0]
    assert not found.failures
    assert "libwebp" in found.remarks[-1]


def test_what_is_done_is_not_done_again(tmp_path):
    images = [drawing(tmp_path, "a"), drawing(tmp_path, "b", shift=1)]
    first, second, third = Counted(), Counted(), Counted()
    run(images[:1], tmp_path, first)
    plan, said = run(images, tmp_path, dry_run=True)
    assert plan is None
    assert said == ["QOI: 1 done, 1 to do"]
    found, _ = run(images, tmp_path, second)
    again, said = run(images, tmp_path, third)
    assert (first.started, second.started, third.started) == (2, 2, 0)
    assert said[0] == "QOI: 2 done, 0 to do"
    assert again == found


def test_a_run_that_was_killed_goes_on(tmp_path):
    image = drawing(tmp_path, "a")
    with pytest.raises(Interrupted):
        run([image], tmp_path, Counted(1))
    processes = Counted()
    found, _ = run([image], tmp_path, processes)
    assert processes.started == 1  # encoded before, decoded now
    assert found.items[0].curves[0].points[0].equal


def test_all_formats_are_the_default(tmp_path):
    _, said = run([drawing(tmp_path, "a")], tmp_path, anchors=None, dry_run=True)
    assert len(said) == sum(map(len, FORMATS.values()))


def test_a_folder_may_be_relative_and_names_given_twice(tmp_path, monkeypatch):
    image = drawing(tmp_path, "a")
    monkeypatch.chdir(tmp_path)
    found, said = run([image], Path("."), anchors=["qoi", "qoi"])
    assert [curve.name for curve in found.items[0].curves] == ["QOI"]
    rate = found.items[0].curves[0].points[0].rate
    assert said == ["QOI: 0 done, 1 to do", f"QOI: {rate:.4f} bits a subpixel, mean of 1"]


def test_other_samples_are_told(tmp_path):
    image = drawing(tmp_path, "a")
    with pytest.raises(Interrupted):
        run([image], tmp_path, Counted(1))
    (coded,) = (tmp_path / "run" / "steps").glob("*/image.qoi")
    pixels = imagecodecs.qoi_decode(coded.read_bytes())
    pixels[3, 4, 0] ^= 1
    coded.write_bytes(imagecodecs.qoi_encode(pixels))
    found, _ = run([image], tmp_path)
    assert [failure.partition(", its")[0] for failure in found.failures] == ["a, QOI: NOT EQUAL"]
    assert not found.items[0].curves[0].points[0].equal


def test_a_format_that_does_not_take_an_image_is_absent(tmp_path):
    found, _ = run([drawing(tmp_path, "deep", 1, dtype=np.uint16)], tmp_path)
    assert found.items[0].curves == []
    assert found.items[0].absent == ["QOI has no samples of 16 bits"]


def test_an_image_that_cannot_be_read_is_named_and_nothing_starts(tmp_path):
    image = drawing(tmp_path, "a")
    image.path.write_bytes(image.path.read_bytes()[:60])
    processes = Counted()
    with pytest.raises(InputError, match=r"a\.png"):
        run([image], tmp_path, processes)
    assert processes.started == 0


def test_no_image_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no image"):
        run([], tmp_path)


def photograph(folder, name="photo", channels=3):
    y, x, c = np.mgrid[:180, :200, :channels]
    noise = np.random.default_rng(0).integers(0, 20, (180, 200, channels))
    pixels = (80 + 60 * np.sin(x / 17) + 40 * np.cos(y / 11 + c) + noise).astype(np.uint8)
    write_image(folder / f"{name}.png", Image(pixels))
    return LabelledImage(folder / f"{name}.png", name)


@pytest.fixture
def elsewhere(plugins, plugin_site, monkeypatch):
    """The plugins are installed for fresh processes, too."""
    monkeypatch.setenv("PYTHONPATH", str(plugin_site))


def test_a_lossy_codec_has_a_curve_against_lossy_formats(elsewhere, tmp_path):
    images = [photograph(tmp_path), photograph(tmp_path, "grey", 1)]
    given = {"codecs": ["coarseimages:offset=1"], "anchors": ["jpeg"], "points": 2}
    found, said = run(images, tmp_path, **given)
    assert not found.failures
    assert (found.lossless, found.rate_unit) == (False, "bits a pixel")
    for item in found.items:
        ours, jpeg = item.curves
        assert ours.name == "coarseimages, offset 1"
        assert [point.label for point in ours.points] == ["coarseness 4", "coarseness 2"]
        for curve in (ours, jpeg):
            rates = [point.rate for point in curve.points]
            quality = [point.quality["psnr_rgb"] for point in curve.points]
            assert (len(rates), rates, quality) == (2, sorted(rates), sorted(quality))
            assert all(0.1 < point.quality["ssim_rgb"] <= 1 for point in curve.points)
            assert all(point.quality["ms_ssim_rgb"] is not None for point in curve.points)
        point = ours.points[0]
        assert point.rate == 8 * point.size / (180 * 200)
        assert "--offset 1 --coarseness 4" in point.commands[0]
        assert {delta.anchor for delta in item.deltas} == {jpeg.name}
    assert said[0] == "coarseimages, offset 1, coarseness 4: 0 done, 2 to do"
    found.save(tmp_path / "summary.json")
    assert load_summary(tmp_path / "summary.json").items[0].curves == found.items[0].curves
    assert run(images, tmp_path, Counted(0), **given)[0] == found


def test_the_report_of_lossy_coders_has_charts_and_no_equality(elsewhere, command, tmp_path):
    photograph(tmp_path)
    line = ("bench", "images", tmp_path / "photo.png", "-o", "run", "--points", 2)
    ran = command(*line, "--codecs", "coarseimages", "--anchors", "jpeg")
    assert ran.code == 0, ran.err
    assert b"EQUAL" not in ran.out
    assert b"RGB-PSNR" in ran.out
    report = (tmp_path / "run" / "report.html").read_text()
    assert 'aria-label="RGB-PSNR against rate: ' in report
    assert "bits a pixel" in report


def test_lossless_and_lossy_codecs_are_measured_apart(plugins, tmp_path):
    with pytest.raises(UsageError, match="rawimages is lossless and coarseimages is lossy"):
        run([drawing(tmp_path, "a")], tmp_path, codecs=["rawimages", "coarseimages"])
