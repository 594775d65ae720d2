"""A measurement as a process of its own: one JSON line on standard output, or an exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import NoReturn

import click

from ncodec.errors import NcodecError

__all__ = ["run"]


def run(command: click.Command) -> NoReturn:
    """Runs a command and prints the dataclass that it returns; exits as the error tree says."""
    try:
        result = command.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted", 130)
    except NcodecError as error:
        _fail(str(error), error.exit_code)
    if not isinstance(result, int):  # click's own exit, after --help
        print(json.dumps(asdict(result)))
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"ncodec: {message}", err=True)
    sys.exit(code)
