"""What is spent on a file follows what is in it, not what it claims."""

import tracemalloc

import pytest
from remade import GOLDEN, remade

from ncodec.formats import Limits, cbor, read_model
from ncodec.store import shipped_models

BY_NAME = {path.stem: path for path in GOLDEN}
FRAMES = 7


@pytest.mark.parametrize(
    "stem", ["album-1-mixed", "pc-hclt-1-trained", "ngrid-2-packed", "entropic-student-1-classes"]
)
def test_a_small_file_that_claims_millions_of_frames(command, tmp_path, stem):
    def claiming(payload):
        return cbor.dumps(cbor.loads(payload, "HEAD", Limits()) | {FRAMES: 1 << 24})

    path = BY_NAME[stem]
    (tmp_path / "a.nc").write_bytes(remade(path.read_bytes(), "HEAD", claiming))
    what = ("-o", "a.y4m") if stem.startswith("ngrid") else ("-o", "out/")
    if path.with_suffix(".ncm").exists():
        what = ("--head", "classify", "--model", path.with_suffix(".ncm"))
    for line in (("info", "a.nc"), ("verify", "a.nc"), ("decode", "a.nc", *what, "--threads", 1)):
        ran = command(*line)
        assert "internal" not in ran.err
        assert len(ran.out) + len(ran.err) < 3000


def test_a_model_asks_for_the_memory_that_it_takes():
    assert "pc-photo" in shipped_models()
    path = BY_NAME["entropic-student-1-classes"].with_suffix(".ncm")
    tracemalloc.start()
    read_model(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * path.stat().st_size
