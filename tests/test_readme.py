"""The Python of the README and of docs/python.md runs; the README's commands are ncodec's."""

import re
import shlex
from pathlib import Path

import pytest
from synthetic import film

from ncodec.cli import VERBS, cli

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/python.md")


def blocks(page, language):
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "code"), [(page, code) for page in PAGES for code in blocks(page, "python")]
)
def test_python_runs(page, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "clip.mkv")
    exec(compile(code, page, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("page", PAGES)
def test_there_is_python(page):
    assert blocks(page, "python")


def commands():
    lines = [line for block in blocks("README.md", "sh") for line in block.splitlines()]
    for line in lines:
        for part in line.split("#")[0].split("|"):
            words = shlex.split(part)
            if words and words[0] in ("ncodec", "bin/ncodec"):
                yield words[1:]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_commands_parse(words):
    assert words[0] in VERBS
    command = cli.get_command(None, words[0])
    command.make_context(words[0], words[1:])


def test_samples_exist():
    for path in re.findall(r"samples/[\w.]+", (ROOT / "README.md").read_text()):
        assert (ROOT / path).exists()
