"""What ``--codecs`` says of one codec."""

import pytest

from ncodec.errors import InputError, MissingDependency, UsageError
from ncodec.eval.bench.choice import CodecChoice, codec_choice, flags, words


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("hnerv", {}),
        ("hnerv:paper", {"preset": "paper"}),
        ("hnerv:preset=paper:epochs=20", {"preset": "paper", "epochs": 20}),
        ("hnerv:paper:epochs=20:model-size=0.5", None),
        ("hnerv:compile=yes", {"compile": True}),
        ("pc-photo:best", {"effort": "best"}),
        ("pc-photo:effort=fast", {"effort": "fast"}),
    ],
)
def test_a_codec_brings_its_options(text, options):
    choice = codec_choice(text)
    assert choice.codec == text.partition(":")[0]
    if options is None:
        options = {"preset": "paper", "epochs": 20, "model_size": 0.5}
    assert choice.options == options


def test_a_path_is_absolute_and_its_content_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.ncm").write_bytes(b"1")
    choice = codec_choice("entropic-student:tiny.ncm")
    assert choice.options == {"model": str(tmp_path / "tiny.ncm")}
    assert words(choice.options) == "model tiny"
    first = choice.contents()
    (tmp_path / "tiny.ncm").write_bytes(b"2")
    assert choice.contents().keys() == first.keys() == {"model"}
    assert choice.contents() != first
    with pytest.raises(InputError, match="gone"):
        CodecChoice("pc-photo", {"model": "/gone"}).contents()


def test_options_are_words_and_flags():
    options = {"effort": "best", "model_size": 0.5, "compile": True, "whole": False}
    assert words(options) == "effort best, model size 0.5, compile yes, whole no"
    expected = ["--effort", "best", "--model-size", "0.5", "--compile"]
    assert flags(options) == expected


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("nobody", MissingDependency, "not installed"),
        ("pc-photo:worst", UsageError, "effort is 'worst' but must be one of fast, medium, best"),
        ("pc-photo:speed=1", UsageError, "pc-photo has no option 'speed': it has effort, model"),
        ("hnerv:epochs=x", UsageError, "epochs is 'x' but must be of type int"),
        ("hnerv:paper:20", UsageError, "'20' of .* is no option: write hnerv:key=value"),
        ("hnerv:epochs=", UsageError, "'epochs=' of"),
        ("hnerv:epochs=1:epochs=2", UsageError, "each key once, of preset"),
        ("hnerv:compile=1", UsageError, "compile is '1' but must be one of yes, no"),
    ],
)
def test_what_a_codec_does_not_take_is_said(text, kind, why):
    with pytest.raises(kind, match=why):
        codec_choice(text)
