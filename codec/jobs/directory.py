"""The plan directory's life: made for a job, kept while it has work to continue, then removed."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import (
    DeviceError,
    InputError,
    Interrupted,
    OutputError,
    TargetUnreachable,
    UsageError,
)
from ncodec.formats.output import alone_in, is_full, is_stream, output_name
from ncodec.jobs.plan import PLAN_FILE, TRACKS_FILE
from ncodec.media.held import COPY

__all__ = ["JOURNAL", "plan_directory", "resume_command", "unfinished_directory"]

JOURNAL = "output"
"""The file with the name of the file that becomes the output."""
_SHARED = "shared-[0-9][0-9][0-9][0-9].bin"
_PART = "[0-9a-f]" * 16 + ".part"
_SEGMENTS = ("segment-*.bin", "segment-*.npz")
_OURS = (PLAN_FILE, f"{COPY}.*", *_SEGMENTS, _SHARED, TRACKS_FILE, JOURNAL, f"*.{_PART}")
_BEGUN = (f"{PLAN_FILE}.{_PART}", _SHARED, f"{_SHARED}.{_PART}", f"{TRACKS_FILE}*", JOURNAL)


@contextmanager
def plan_directory(output: str | BinaryIO, plan: str | None, resume: bool) -> Iterator[Path]:
    """The directory of one job: gone when the block ends well, kept when there is work to resume.

    Args:
        output: the job's output; a stream or a device has a temporary directory.
        plan: the directory itself; None for ``OUTPUT.plan``.
        resume: whether it holds work to be continued.

    Raises:
        UsageError: it holds something already.
        InputError: it should hold work, and does not.
        OutputError: it cannot be made, or another process works in it.
    """
    if resume:
        unfinished_directory(output, plan)
    elif plan is None and is_stream(output):
        with tempfile.TemporaryDirectory(prefix="ncodec-") as name:
            yield Path(name)
        return
    directory = Path(plan or f"{output}.plan")
    with _alone(directory, make=not resume):
        if not resume:
            _check(directory, resume_command(output, plan))
        try:
            yield directory
        except BaseException as raised:
            error = _unwritable(directory, raised) if is_full(raised) else raised
            # Another target is another plan: what was done for this one is of no use.
            if isinstance(error, TargetUnreachable) or not (resume or _resumable(directory, error)):
                _remove(directory)
            else:
                error = _going_on(error, resume_command(output, plan))
            if error is raised:
                raise
            raise error from raised
        _remove(directory)


def unfinished_directory(output: str | BinaryIO, plan: str | Path | None) -> Path:
    """The plan directory of an encode that was interrupted.

    Args:
        output: the job's output.
        plan: the directory itself; None for ``OUTPUT.plan``.

    Raises:
        InputError: it holds nothing to be continued.
        UsageError: the output has no plan directory by itself, and none is given.
    """
    if plan is None and is_stream(output):
        raise UsageError(f"--resume needs --plan DIR when the output is {output_name(output)}")
    directory = Path(plan or f"{output}.plan")
    if not (directory / PLAN_FILE).exists():
        raise InputError(f"{directory} holds no unfinished encode: start one without --resume")
    return directory


def resume_command(output: str | BinaryIO, plan: str | None) -> str:
    """The command that goes on with an interrupted encode, for a shell."""
    if not isinstance(output, str):
        return f"resume=True, plan={plan!r}"
    line = ["ncodec", "encode", "--resume", "-o", output]
    return shlex.join(line if plan is None else [*line, "--plan", plan])


def _going_on(error: BaseException, command: str) -> BaseException:
    """What to raise for `error` where work is kept: it says the command."""
    if isinstance(error, Interrupted):
        return Interrupted(f"stopped; go on with: {command}")
    if isinstance(error, OutputError | DeviceError):
        return type(error)(f"{error}; what is done is kept, go on with: {command}")
    return error


def _unwritable(directory: Path, error: BaseException) -> OutputError:
    reason = getattr(error, "strerror", None) or error
    return OutputError(f"{directory} cannot be written ({reason}): make room on its disk")


@contextmanager
def _alone(directory: Path, make: bool) -> Iterator[None]:
    """Keeps other processes out of the directory, and makes it if it may be new."""
    with ExitStack() as stack:
        try:
            if make:
                directory.mkdir(exist_ok=True)
            stack.enter_context(alone_in(directory))
        except OSError as error:
            raise OutputError(
                f"the folder {directory} for unfinished work cannot be used ({error.strerror}): "
                "choose another output, or a folder with --plan"
            ) from None
        yield


def _check(directory: Path, command: str) -> None:
    if (directory / PLAN_FILE).exists():
        raise UsageError(
            f"{directory} holds an unfinished encode: continue it with {command}, or delete the "
            "folder to start anew"
        )
    # A job that was killed while it wrote its plan leaves a part of it, and nothing to continue.
    begun = {file for pattern in _BEGUN for file in directory.glob(pattern)}
    if not begun.issuperset(directory.iterdir()):
        raise UsageError(f"{directory} is not empty: give another folder with --plan")


def _resumable(directory: Path, error: BaseException) -> bool:
    """Whether a job that ended with `error` left more than its beginning."""
    if isinstance(error, Interrupted | KeyboardInterrupt | OutputError):
        return (directory / PLAN_FILE).exists()
    return any(directory.glob("segment-*"))


def _remove(directory: Path) -> None:
    """Deletes what a job makes, and the folder unless it has other things in it."""
    for pattern in _OURS:
        for file in directory.glob(pattern):
            file.unlink(missing_ok=True)
    with suppress(OSError):
        directory.rmdir()
