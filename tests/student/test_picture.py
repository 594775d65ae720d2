"""The second tail: pictures of the latents that a classifier was sent."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

import ncodec
from ncodec.errors import MissingDependency, UsageError
from ncodec.formats import read_model
from ncodec.student import Decoder, Encoder
from ncodec.student.model import find
from ncodec.student.shape import PAPER
from ncodec.student.tail import find_tail


@pytest.fixture(scope="module")
def tail(tmp_path_factory, model, photographs):
    path = tmp_path_factory.mktemp("tail") / "tail.ncm"
    options = {"student": str(model), "steps": 60, "side": 64, "batch": 4}
    ncodec.train("entropic-picture", photographs, path, threads=1, **options)
    return path


def error(pixels, image):
    return np.square(pixels.astype(float) - image).mean()


def test_a_trained_tail_shows_the_image_that_was_sent(model, tail, photographs):
    student = read_model(model).data
    encoder, decoder = Encoder(model, rate=2), Decoder(model, tails=[tail])
    image = encoder.prepare(photographs / "0.png")
    packet = encoder.encode(photographs / "0.png")
    (picture,) = decoder.pictures(packet).numpy()
    assert picture.shape == (224, 224, 3)
    assert picture.dtype == np.uint8
    assert error(picture, image) < 0.5 * error(image.mean(axis=(0, 1)), image)
    assert read_model(model).data == student


def test_pictures_on_the_command_line(command, tmp_path, model, tail, photographs, store):
    coded = tmp_path / "photos.nc"
    ncodec.encode(photographs, coded, codec="entropic-student", model=model, rate=2)

    def decode(*arguments):
        return command("decode", coded, "--head", "picture", "-q", *arguments, "--model", tail)

    assert decode("-o", tmp_path / "seen").code == 0
    names = sorted(path.name for path in (tmp_path / "seen").iterdir())
    assert names == ["0.png", "1.png", "2.png"]
    assert decode("-o", tmp_path / "one.png", "--frames", "1:2").code == 0
    pictures = [np.asarray(Pillow.open(tmp_path / name)) for name in ("one.png", "seen/1.png")]
    assert np.array_equal(*pictures)
    assert "FILE.png, a folder" in decode().err
    piped = decode("-o", "-", "--frames", "1:2").out
    assert np.array_equal(np.load(io.BytesIO(piped))[0], pictures[0])
    for name in ("all.png", "all.jpg"):
        refused = decode("-o", tmp_path / name)
        assert refused.code == 2
        assert "neither" in refused.err or "one file for 3 images" in refused.err


def test_a_student_without_a_tail_says_how_to_get_one(model, photographs):
    packet = Encoder(model, rate=1).encode(photographs / "0.png")
    with pytest.raises(MissingDependency, match="ncodec train entropic-picture"):
        Decoder(model).pictures(packet)


def test_students_that_end_in_features_have_no_pictures(model):
    student, _ = find(model)
    with pytest.raises(UsageError, match="has no pictures"):
        find_tail(replace(student, architecture=PAPER))
