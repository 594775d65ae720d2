"""The examples in the docstrings of the public functions run, and the lists of arguments agree."""

import doctest
from dataclasses import fields
from inspect import signature

import pytest
from synthetic import film

import ncodec
from ncodec.jobs.request import DEFAULTS, EncodeRequest
from ncodec.media import Reading
from ncodec.media.copying import Copying
from ncodec.plugin import RESERVED

WITH_EXAMPLES = ["encode", "decode", "open", "probe", "verify", "repair", "codecs"]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "clip.mkv")
    (example,) = doctest.DocTestFinder(recurse=False).find(
        getattr(ncodec, name), name, globs={"ncodec": ncodec}
    )
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_options_of_codecs_cannot_hide_arguments_of_encode():
    own = {name for name in signature(ncodec.encode).parameters if name != "settings"}
    settings = {field.name for kind in (EncodeRequest, Reading, Copying) for field in fields(kind)}
    assert own | settings <= RESERVED


def test_encode_documents_every_setting():
    names = DEFAULTS.keys() - {"reading", "copying"} | {field.name for field in fields(Reading)}
    assert all(f"{name}:" in ncodec.encode.__doc__ for name in names)
