import os

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

import ncodec
from ncodec.features import teachers
from ncodec.features.shape import Architecture, Layer

SMALL = Architecture(
    (Layer(8, 9, 4, 4), Layer(8, 5, 2, 2), Layer(6, 3, 1, 1)),
    (Layer(8, 3, 1, 1, 2), Layer(24, 3, 1, 1)),
    bias=True,
    relu=True,
)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """A folder of three smooth pictures of different sizes."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number, size in enumerate([(260, 300), (240, 240), (300, 256)]):
        coarse = Pillow.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        coarse.resize(size, Pillow.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def small_student():
    """Trains with small networks: what is tested is the path, not what comes out."""
    before = teachers.LITE
    teachers.LITE = SMALL
    yield
    teachers.LITE = before


@pytest.fixture(scope="session")
def model(tmp_path_factory, photographs, small_student):
    """A model file that a short training made."""
    path = tmp_path_factory.mktemp("student") / "student.ncm"
    torch.manual_seed(1)
    ncodec.train(
        "entropic-student",
        photographs,
        path,
        beta="0.001,0.01",
        epochs=2,
        distil_epochs=1,
        crops=4,
        batch=4,
        side=64,
        threads=1,
    )
    return path


@pytest.fixture
def store(tmp_path, model, monkeypatch):
    """A store that has the model, also for other processes."""
    monkeypatch.setenv("NCODEC_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    content = ncodec.formats.read_model(model)
    (tmp_path / "models" / f"{content.digest.hex()}.ncm").write_bytes(model.read_bytes())
    return dict(os.environ)
