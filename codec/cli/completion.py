"""ncodec completion"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["command"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Examples:
      eval "$(ncodec completion bash)"
      ncodec completion fish > ~/.config/fish/completions/ncodec.fish
    """
    from ncodec.cli import cli

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(cli, {}, "ncodec", "_NCODEC_COMPLETE").source())
