import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ncodec.errors import MissingDependency
from ncodec.eval import images
from ncodec.eval.anchors import lossless

imagecodecs = pytest.importorskip("imagecodecs")


def drawing(folder, mode="RGB", name="a.png"):
    y, x = np.mgrid[:20, :30]
    picture = Image.fromarray(((x // 5 + y // 4) % 4 * 60).astype(np.uint8)).convert(mode)
    picture.save(folder / name)
    return folder / name


def test_every_image_is_measured_and_comes_back(tmp_path):
    files = [str(drawing(tmp_path)), str(drawing(tmp_path, "L", "b.png"))]
    run = CliRunner().invoke(images.main, [*files, "--effort", "fast", "--threads", "1"])
    assert run.exception is None
    assert "NOT EQUAL" not in run.output
    lines = run.output.splitlines()
    for name in ("ncodec fast", "PNG, optimised", *(a.name for a in lossless.ANCHORS)):
        assert sum(line.strip().startswith(name) for line in lines) == 3
    assert "libjxl" in lines[-1]


def test_an_optimised_png_has_a_palette_where_that_helps():
    pixels = np.random.default_rng(0).integers(0, 2, (40, 40, 1), dtype=np.uint8).repeat(3, axis=2)
    found = images.measure_png(pixels * 99)
    assert found.equal
    assert found.size < 40 * 40 // 8 + 150


def test_formats_without_grey_take_it_as_rgb():
    grey = np.arange(60, dtype=np.uint8).reshape(6, 10, 1)
    found = [images.measure_anchor(anchor, grey) for anchor in lossless.ANCHORS]
    assert all(row is not None and row.equal for row in found)
    assert images.measure_png(grey).equal


def test_formats_of_8_bits_leave_others_out():
    deep = np.arange(60, dtype=np.uint16).reshape(6, 10, 1)
    found = [images.measure_anchor(anchor, deep) for anchor in lossless.ANCHORS]
    assert [row is None for row in found] == [a.depths == (8,) for a in lossless.ANCHORS]


def test_anchors_need_imagecodecs(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(MissingDependency, match=r"ncodec\[eval\]"):
        images.measure_png(np.zeros((2, 2, 1), np.uint8))
