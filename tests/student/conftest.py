import os

import numpy as np
import pytest
from PIL import Image as Pillow
from students import SMALL, untrained

from ncodec.formats import read_model
from ncodec.student import teachers


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """A folder of three smooth pictures of different sizes."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number, size in enumerate([(260, 300), (240, 240), (300, 256)]):
        coarse = Pillow.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        coarse.resize(size, Pillow.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def small_student(monkeypatch):
    """Trains with small networks: what is tested is the path, not what comes out."""
    monkeypatch.setattr(teachers, "LITE", SMALL)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A model file of untrained networks for the real teacher, with two rates."""
    path = tmp_path_factory.mktemp("student") / "student.ncm"
    path.write_bytes(untrained().pack())
    return path


@pytest.fixture
def store(tmp_path, model, monkeypatch):
    """A store that has the model, also for other processes."""
    monkeypatch.setenv("NCODEC_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    content = read_model(model)
    (tmp_path / "models" / f"{content.digest.hex()}.ncm").write_bytes(model.read_bytes())
    return dict(os.environ)
