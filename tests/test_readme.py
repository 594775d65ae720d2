"""The README's Python runs, and its command lines are ones that ncodec has."""

import re
import shlex
from pathlib import Path

import pytest
from synthetic import film

from ncodec.cli import VERBS, cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "clip.mkv")
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})


def test_there_is_python():
    assert blocks("python")


def commands():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
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
    for path in re.findall(r"samples/[\w.]+", README):
        assert (ROOT / path).exists()
