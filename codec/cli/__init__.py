"""The command line: one module a verb, imported when the verb is used."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from ncodec._version import __version__
from ncodec.cli.words import say
from ncodec.errors import NcodecError
from ncodec.formats.output import is_full

__all__ = ["main"]

VERBS = {
    "encode": "Encode a clip, an image or a collection of images into a .nc file.",
    "decode": "Decode a .nc file into a film, y4m or images.",
    "train": "Train a model for a codec that needs one.",
    "export": "Write a model's networks for ONNX Runtime.",
    "info": "Show what a .nc file holds, without decoding it.",
    "verify": "Check a .nc file's integrity, integers and quality.",
    "compare": "Compare two files of a clip with their source.",
    "bench": "Measure codecs against anchors, into a report.",
    "repair": "Save the intact segments of a damaged .nc file.",
    "models": "List the models that files may refer to, or add some.",
    "codecs": "List the installed codecs and their options.",
    "completion": "Print a shell completion script.",
}

EPILOG = """\b
Exit codes:
  0  done                       7  output cannot be written
  1  internal error             8  codec or extra not installed
  2  wrong arguments            9  device missing or out of memory
  3  source cannot be read     10  decodes to other than recorded
  4  damaged .nc file          11  target size cannot be met
  5  unsupported .nc file      12  codec of another package failed
  6  over a safety limit      130  stopped; says how to go on
"""


_OBJECTS = 1 << 16
"""New objects before garbage is looked for. To load modules makes tens of thousands, all of which
stay: a twentieth of the time for an icon would go into looking at them."""


class _Verbs(click.Group):
    """Knows every verb's name and help, and imports the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = import_module(f"ncodec.cli.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of our output has seen enough: nothing to report.
            _drop_stdout()
            return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=_Verbs,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="ncodec %(version)s")
def cli() -> None:
    """Neural compression: clips and images become real .nc files, and back.

    `ncodec VERB --help` has each verb's options.
    """


def main() -> None:
    """Runs the command line; exits with the code that the error tree gives."""
    gc.set_threshold(_OBJECTS)
    _open_streams()
    try:
        # A verb returns None; click returns the code of its own Exit here.
        sys.exit(cli.main(prog_name="ncodec", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted", 130)
    except NcodecError as error:
        if error.__cause__ and os.environ.get("NCODEC_DEBUG"):
            raise
        _fail(str(error), error.exit_code)
    except OSError as error:
        if not (is_full(error) or error.errno == errno.EBADF):
            _fail_internally(error)
        _drop_stdout()
        _fail(f"{error.filename or 'the output'} cannot be written ({error.strerror})", 7)
    except MemoryError:
        _fail("there is not enough memory: close other programs, or raise the limit of this one", 9)
    except Exception as error:
        _fail_internally(error)
    finally:
        # Last, to run first: what else is done at the end of a process need not be stopped.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)


def _open_streams() -> None:
    """Gives what was closed by whoever started this its number back, which a file would get.

    Standard input has nothing in it then, and standard output says that it cannot be written.
    """
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            with suppress(OSError):
                os.fstat(number)
                continue
            os.open(os.devnull, flags)  # the smallest number that is free
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _drop_stdout() -> None:
    """Nothing is left to be flushed at exit, where it would fail again, with another exit code."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> None:
    say(f"ncodec: {message}", err=True)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_stdout()
    sys.exit(code)


def _fail_internally(error: Exception) -> None:
    if os.environ.get("NCODEC_DEBUG"):
        raise error
    _fail(
        f"internal error: {type(error).__name__}: {error}; set NCODEC_DEBUG=1 to see where, "
        "and report it",
        1,
    )
