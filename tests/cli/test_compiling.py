import numpy as np

import ncodec
from ncodec.cli.compiling import compile_kernels
from ncodec.formats.entropy import machine_code


def test_nothing_is_left_to_compile_for_pictures(monkeypatch):
    assert compile_kernels() == 16
    compiled = []
    monkeypatch.setattr(machine_code, "_write", lambda *given: compiled.append(given))
    random = np.random.default_rng(1)
    photo = (random.integers(0, 60, (50, 70, 4)) + np.arange(70)[:, None]).astype(np.uint8)
    for pixels in (photo, photo[..., :3].astype(np.uint16) * 7, photo[..., 0]):
        ncodec.encode(np.ascontiguousarray(pixels))
    assert not compiled
