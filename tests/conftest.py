import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from packages import install, installed_in
from synthetic import TINY, film

import ncodec
from ncodec.cli import main

# The two cores of a test machine may be busy.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@dataclass
class Ran:
    """What a command did: exit code, bytes on stdout, text on stderr."""

    code: int
    out: bytes
    err: str


@pytest.fixture
def command(monkeypatch, capfdbinary, tmp_path):
    """Runs `ncodec` in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["ncodec", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ran(code, out, err.decode())

    return run


@pytest.fixture
def fresh(tmp_path):
    """Starts `ncodec` in a process of its own."""
    started = []

    def start(*arguments, path=(), **options):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ncodec"), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        with process:
            pass


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory):
    """A film of 16 frames with a cut at frame 8."""
    return film(tmp_path_factory.mktemp("film") / "clip.mkv", frames=16, cuts=(8,))


@pytest.fixture(scope="session")
def nc_file(clip_file, tmp_path_factory):
    """That film as .nc: two segments of 8 frames."""
    path = tmp_path_factory.mktemp("nc") / "clip.nc"
    ncodec.encode(clip_file, path, **TINY | {"epochs": 20})
    return path


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory):
    """A site-packages folder with the codecs of tests/plugin, and one that cannot be loaded."""
    site = tmp_path_factory.mktemp("site")
    (site / "broken.py").write_text("import a_module_that_nobody_has\n")
    install(site, "broken", "broken:Broken")
    install(site, "rawplanes", "rawplanes:RawPlanes", "rawplanes.py")
    install(site, "rawimages", "rawimages:RawImages", "rawimages.py")
    install(site, "coarseimages", "coarseimages:CoarseImages", "coarseimages.py", "rawimages.py")
    return site


@pytest.fixture
def plugins(plugin_site):
    """The codecs of `plugin_site` are installed while the test runs."""
    with installed_in(plugin_site):
        yield


@pytest.fixture
def cuda():
    """The name of a CUDA device; without one the test is skipped, or fails if it must not be."""
    import torch

    if not torch.cuda.is_available():
        say = pytest.fail if os.environ.get("NCODEC_REQUIRE_CUDA") == "1" else pytest.skip
        say("needs a CUDA device")
    return "cuda"
