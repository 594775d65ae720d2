"""The same files on every device; a CUDA device is needed where a test asks for it."""

import pytest
import torch
from synthetic import TINY

import ncodec
from ncodec.files.verify import verify
from ncodec.formats import Reader

CODECS = ("hnerv", "nervpp", "ngrid")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("compile", [False, True])
def test_a_file_from_a_gpu_decodes_on_a_cpu_and_back(cuda, clip_file, tmp_path, codec, compile):
    out = tmp_path / "a.nc"
    options = TINY | {"epochs": 20, "codec": codec, "compile": compile}
    done = ncodec.encode(clip_file, out, device=cuda, **options)
    for device in ("cpu", cuda):
        assert verify(out, source=clip_file, device=device).rgb == pytest.approx(done.psnr, abs=0.1)


def test_a_gpu_takes_several_segments_at_a_time(cuda, clip_file, tmp_path):
    out = tmp_path / "a.nc"
    ncodec.encode(clip_file, out, device=cuda, workers=2, **TINY)
    assert [s.frame_count for s in Reader(out).segments] == [8, 8]


def test_a_compiled_fit_learns_as_much(clip_file, tmp_path, monkeypatch):
    # A graph that is traced and then run as it is: what the compiler would be given.
    traced, compiler = [], torch.compile

    def traces(function, *, dynamic, mode):
        traced.append(function)
        return compiler(function, dynamic=dynamic, backend="eager")

    monkeypatch.setattr(torch, "compile", traces)
    found = [
        ncodec.encode(clip_file, tmp_path / "a.nc", compile=compile, **TINY | {"epochs": 10}).psnr
        for compile in (False, True)
    ]
    assert traced
    assert found[0] == pytest.approx(found[1], abs=0.3)
