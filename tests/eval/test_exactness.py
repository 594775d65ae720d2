import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as PillowImage

import ncodec
from ncodec.eval.studies import exactness


@pytest.fixture
def photo(tmp_path):
    y, x = np.mgrid[:64, :80]
    waves = np.stack([90 * np.sin(x / 9) + y, 60 * np.cos(y / 7) + x, x + y / 2], axis=2)
    noise = np.random.default_rng(0).normal(0, 3, waves.shape)
    path = tmp_path / "photo.png"
    PillowImage.fromarray(np.clip(waves + noise, 0, 255).astype(np.uint8)).save(path)
    return path


def test_other_instructions_and_threads_give_the_same_file(photo):
    generic, data = exactness.coded_hash(photo, "generic instructions")
    assert exactness.coded_hash(photo, "2 threads")[0] == generic
    with ncodec.open(data) as album:
        assert np.array_equal(album[0].pixels, np.asarray(PillowImage.open(photo)))


def test_hashes_that_differ_are_a_failure(photo, monkeypatch):
    hashes = iter("aaaab" * 4)
    monkeypatch.setattr(exactness, "coded_hash", lambda *_: (next(hashes), b""))
    ran = CliRunner().invoke(exactness.main, [str(photo), str(photo)])
    assert ran.exit_code == 1
    assert ran.output.count("\n") == 4 * len(exactness.SETTINGS)
