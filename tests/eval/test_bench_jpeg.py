"""`ncodec bench jpeg`: the same bytes, and of how many of the original's."""

import numpy as np
import pytest
from PIL import Image

from ncodec.errors import InputError, MissingDependency, UsageError
from ncodec.eval.bench import jpeg_coders
from ncodec.eval.bench.jpeg import run_jpeg
from ncodec.eval.bench.jpeg_coders import Transcoder, transcoders
from ncodec.eval.bench.processes import Processes
from ncodec.eval.data.images import jpegs_of
from ncodec.eval.data.sets import LabelledImage
from ncodec.eval.results import load_summary

pytest.importorskip("imagecodecs")


def photo(folder, name, size=48):
    y, x = np.mgrid[:size, :size]
    levels = np.stack([128 + 90 * np.sin((x + c) / 5) * np.cos(y / 7) for c in range(3)], axis=2)
    path = folder / f"{name}.jpg"
    Image.fromarray(levels.astype(np.uint8)).save(path, quality=90)
    return LabelledImage(path, name)


def run(images, folder, **changes):
    said = []
    given = {"codecs": [], "anchors": ["jpegxl"], "threads": 1, "dry_run": False} | changes
    found = run_jpeg(images, folder / "run", processes=Processes(), tell=said.append, **given)
    return found, said


def test_files_come_back_equal_and_are_counted_in_all_bytes(command, tmp_path):
    for name, size in (("a", 48), ("b", 16), ("c", 96)):
        photo(tmp_path, name, size)
    out = tmp_path / "run"
    ran = command("bench", "jpeg", tmp_path, "--every", 2, "--anchors", "jpegxl", "-o", out)
    assert ran.code == 0, ran.err
    found = load_summary(out / "summary.json")
    assert [item.name for item in found.items] == ["a", "c"]
    assert found.lossless
    assert found.manifest["settings"]["every"] == 2
    ours = [item.curves[0].points[0] for item in found.items]
    originals = [(tmp_path / f"{name}.jpg").stat().st_size for name in "ac"]
    for point, original in zip(ours, originals, strict=True):
        assert point.equal
        assert point.rate == pytest.approx(100 * point.size / original)
        assert sum(point.breakdown.values()) == point.size
        assert point.encode.rate == pytest.approx(original / 1e6 / point.encode.seconds)
    share = 100 * sum(point.size for point in ours) / sum(originals)
    assert f" {share:.2f} ".encode() in ran.out
    luma = 100 * sum(point.breakdown["luma"] for point in ours) / sum(originals)
    assert f"{luma:.2f} %".encode() in ran.out
    assert f"{luma:.2f}" in (out / "report.html").read_text()


def test_other_bytes_are_told(tmp_path):
    image = photo(tmp_path, "a")
    run([image], tmp_path)
    (coded,) = (tmp_path / "run" / "steps").glob("*/image.jxl")
    (coded.parent / "record.json").unlink()
    (coded.parent / "image.decode.json").unlink()
    other = photo(tmp_path, "b", 40)
    coded.write_bytes(Transcoder("jpegxl")._way("jpegxl_encode_jpeg")(other.path.read_bytes()))
    found, _ = run([image], tmp_path)
    assert "its decoded bytes have another hash" in found.failures[0]


def test_what_is_not_installed_is_left_out_unless_it_was_named(monkeypatch):
    absent = jpeg_coders._Anchor("Nothing", "nothing-at-all", "nothing_at_all", "a", "b", ".n")
    monkeypatch.setitem(jpeg_coders._ANCHORS, "lepton", absent)
    there, left_out = transcoders(None)
    assert "Nothing" not in [coder.name for coder in there]
    assert left_out[0] == (
        "Nothing is left out: it needs nothing-at-all: run python -m pip install nothing-at-all."
    )
    with pytest.raises(MissingDependency, match="Nothing is not here"):
        transcoders(["lepton"])
    with pytest.raises(UsageError, match="choose from lepton, jpegxl, brunsli"):
        transcoders(["paq"])
    assert transcoders([]) == ([], [])


def test_a_file_that_a_coder_refuses_is_absent(tmp_path):
    image = LabelledImage(tmp_path / "cut.jpg", "cut")
    image.path.write_bytes(photo(tmp_path, "a").path.read_bytes()[:300])
    found, _ = run([image], tmp_path)
    assert not found.items[0].curves
    assert found.items[0].absent[0].startswith("JPEG XL, transcoded does not take it")


def test_only_jpeg_files_and_codecs_of_files_are_taken(tmp_path):
    image = LabelledImage(tmp_path / "no.jpg", "no")
    image.path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="is no JPEG file"):
        run([image], tmp_path)
    with pytest.raises(UsageError, match="pc-photo does not keep JPEG files"):
        run([photo(tmp_path, "a")], tmp_path, codecs=["pc-photo"])
    (tmp_path / "drawings").mkdir()
    Image.new("L", (3, 3)).save(tmp_path / "drawings" / "a.png")
    with pytest.raises(InputError, match="has no JPEG files"):
        jpegs_of(str(tmp_path / "drawings"))
