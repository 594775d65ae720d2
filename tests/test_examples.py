"""The example of an outside package, installed and used as its README says."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from packages import installed_in

from ncodec.eval.results import load_summary
from ncodec.media import Image, write_image

EXAMPLE = Path(__file__).parent.parent / "examples" / "compressai-image"
CODEC = "compressai-factorized"


@pytest.fixture
def site(tmp_path):
    """A site-packages folder with the example, as its pyproject.toml describes it."""
    tomllib = pytest.importorskip("tomllib")  # from Python 3.11 on
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    info = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (info / "METADATA").write_text(metadata)
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    shutil.copytree(EXAMPLE / "ncodec_compressai", info.parent / "ncodec_compressai")
    return info.parent


@pytest.fixture
def installed(site, monkeypatch):
    """The example is installed for this process, and for those that it starts."""
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    with installed_in(site):
        yield


@pytest.fixture
def run(site, tmp_path):
    """Runs a command line in a fresh process; its output and errors."""

    def run(*arguments, code=0):
        paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        line = [Path(sys.executable).with_name("ncodec"), *map(str, arguments)]
        ran = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert ran.returncode == code, ran.stderr
        return ran.stdout + ran.stderr

    return run


@pytest.fixture
def photo(tmp_path):
    y, x, c = np.mgrid[:90, :70, :3]
    pixels = (120 + 70 * np.sin(x / 17 + c) + 50 * np.cos(y / 11)).astype(np.uint8)
    write_image(tmp_path / "photo.png", Image(pixels))
    return tmp_path / "photo.png"


def test_its_options_are_listed_without_its_libraries(run):
    said = run("codecs")
    assert f"{CODEC} (version 1, image): Photographs by CompressAI's factorized prior" in said
    assert "--steps" in run("train", CODEC, "--help")
    said = run("encode", "none.png", "--codec", CODEC, "-o", "a.nc", code=3)
    assert "none.png" in said


@pytest.mark.skipif(find_spec("compressai") is None, reason="needs compressai")
@pytest.mark.filterwarnings("ignore")  # CompressAI's dependencies warn of what they use
def test_it_trains_encodes_verifies_and_is_measured(command, installed, photo, tmp_path):
    def run(*arguments):
        ran = command(*arguments)
        assert ran.code == 0, ran.err
        return ran.out.decode() + ran.err

    run("train", CODEC, photo, "--steps", 4, "--threads", 1, "-o", "tiny.ncm")
    line = ("--codec", CODEC, "--model", "tiny.ncm", "--threads", 1)
    assert "dB RGB-PSNR" in run("encode", photo, *line, "-o", "photo.nc")
    said = run("verify", "photo.nc", "--model", "tiny.ncm", "--source", photo)
    assert "1 segment intact" in said
    assert "dB RGB-PSNR (recorded" in said
    bench = ("bench", "images", photo, "--anchors", "none", "--points", 1, "--threads", 1)
    run(*bench, "--codecs", f"{CODEC}:model=tiny.ncm", "-o", "run")
    (curve,) = load_summary(tmp_path / "run" / "summary.json").items[0].curves
    assert curve.name == f"{CODEC}, model tiny"
    assert [point.label for point in curve.points] == ["quality 1"]
    assert curve.points[0].quality["psnr_rgb"] > 3
    assert "--model" in json.dumps(curve.points[0].commands)
