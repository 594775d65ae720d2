"""docs/plugins.md: its codec is installed, used and checked as it stands there."""

import re
import sys
from pathlib import Path

import pytest

from ncodec.plugin import check

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()


def block(first_line):
    return re.search(rf"^```\w+\n# {re.escape(first_line)}\n(.*?)^```", PAGE, re.M | re.S)[1]


@pytest.fixture
def site(tmp_path):
    """A folder as pip leaves it: the page's module, and the entry point of its pyproject.toml."""
    folder = tmp_path / "site"
    info = folder / "ncodec_steps-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "steps.py").write_text(block("steps.py"))
    entry = re.search(r"^\[project\.entry-points\.\"(.*)\"\]\n(.*)", block("pyproject.toml"), re.M)
    name = "Metadata-Version: 2.1\nName: ncodec-steps\nVersion: 1.0\n"
    (info / "METADATA").write_text(name)
    (info / "entry_points.txt").write_text(f"[{entry[1]}]\n{entry[2].replace(chr(34), '')}\n")
    return folder


def test_its_commands_work_on_a_clip(site, clip_file, fresh):
    lines = {line.split()[1]: line.split()[2:] for line in PAGE.splitlines() if "clip.nc" in line}
    for verb in ("encode", "verify"):
        words = [str(clip_file) if word == "clip.mkv" else word for word in lines[verb]]
        process = fresh(verb, *words, path=[site])
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert b"integers as encoded" in out
    assert "dB RGB-PSNR" in out.decode()


def test_it_keeps_its_contract(site, monkeypatch):
    monkeypatch.syspath_prepend(site)
    from steps import Steps

    try:
        report = check(Steps)
    finally:
        del sys.modules["steps"]
    assert report.tried
    assert not report.refused
