"""Which codec an encode gets, and with it which options it has."""

import re

import pytest
from click import Context, Option
from click.exceptions import NoSuchOption

from ncodec.cli import cli
from ncodec.errors import UsageError
from ncodec.registry import load_codec


def group():
    # A command keeps the help option of its first context for good.
    return Context(cli, **cli.context_settings)


def parsed(*arguments):
    command = cli.get_command(None, "encode")
    return command.make_context("encode", ["-o", "out.nc", *arguments], parent=group()).params


@pytest.mark.parametrize(
    ("arguments", "codec"),
    [
        (["clip.mp4"], "ngrid"),
        (["--plan", "photo.png", "clip.mp4"], "ngrid"),
        (["--preset", "fast", "clip.mp4"], "ngrid"),
        (["--seed", "3", "photo.png", "--effort", "fast"], "pc-photo"),
        (["--effort", "fast", "--", "photo.png"], "pc-photo"),
        (["digits.npy", "--model", "a.ncm"], "pc-hclt"),
        (["photo.png", "--codec=hnerv", "--epochs", "3"], "hnerv"),
        (["--codec", "hnerv", "--epochs", "3", "-"], "hnerv"),
        (["--model-size", "0.1", "-"], "ngrid"),
    ],
)
def test_the_source_is_no_value_of_an_option(arguments, codec):
    params = parsed(*arguments)
    assert params["codec"] == codec
    assert params["source"] in ("clip.mp4", "photo.png", "digits.npy", "-")


def test_an_option_of_another_codec_is_refused():
    with pytest.raises(
        UsageError, match=r"--effort is an option of pc-jpeg, pc-photo, .* coded by ngrid"
    ):
        parsed("clip.mp4", "--effort", "fast")
    with pytest.raises(NoSuchOption):
        parsed("clip.mp4", "--flavour", "sweet")


@pytest.mark.parametrize("codec", ["ngrid", "pc-photo"])
def test_the_help_has_every_option_once_and_the_codecs_own_together(codec):
    encode = cli.get_command(None, "encode")
    context = encode.context_class(encode, info_name="encode", parent=group())
    context.meta["ncodec.codec"] = codec
    options = [p for p in encode.get_params(context) if isinstance(p, Option)]
    text = encode.get_help(context)
    for option in options:
        assert len(re.findall(rf"^  (-\w, )?{option.opts[-1]}\b(?!-)", text, re.MULTILINE)) == 1
    own = text.partition(f"Options of {codec}")[2].partition("\n\n")[0]
    for option in load_codec(codec).options:
        assert f"--{option.name.replace('_', '-')}" in own
