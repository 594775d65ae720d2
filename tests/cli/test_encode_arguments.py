"""Which codec an encode gets, and with it which options it has."""

import pytest
from click.exceptions import NoSuchOption

from ncodec.cli import cli
from ncodec.errors import UsageError


def parsed(*arguments):
    command = cli.get_command(None, "encode")
    return command.make_context("encode", ["-o", "out.nc", *arguments]).params


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
    with pytest.raises(UsageError, match=r"--effort is an option of pc-photo, .* coded by ngrid"):
        parsed("clip.mp4", "--effort", "fast")
    with pytest.raises(NoSuchOption):
        parsed("clip.mp4", "--flavour", "sweet")
