"""The plan directory's life: made for a job, kept while it has work to continue, then removed."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import InputError, Interrupted, OutputError, TargetUnreachable, UsageError
from ncodec.formats.output import claim, output_name
from ncodec.jobs.plan import PLAN_FILE
from ncodec.media.held import COPY

__all__ = ["plan_directory"]

_SHARED = "shared-[0-9][0-9][0-9][0-9].bin"
_LOCK = "lock"
_OURS = (PLAN_FILE, f"{COPY}.*", "segment-*", _SHARED, "*.part", _LOCK)
_BEGUN = (f"{PLAN_FILE}.part", _SHARED, f"{_SHARED}.part", _LOCK)


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
    if plan is None and _is_stream(output):
        if resume:
            raise UsageError(f"--resume needs --plan DIR when the output is {output_name(output)}")
        with tempfile.TemporaryDirectory(prefix="ncodec-") as name:
            yield Path(name)
        return
    directory = Path(plan or f"{output}.plan")
    with _alone(directory, resume):
        _check(directory, resume)
        try:
            yield directory
        except BaseException as error:
            # Another target is another plan: what was done for this one is of no use.
            if isinstance(error, TargetUnreachable) or not (resume or _resumable(directory, error)):
                _remove(directory)
            raise
        _remove(directory)


@contextmanager
def _alone(directory: Path, resume: bool) -> Iterator[None]:
    """Makes the directory of a new job, and keeps other processes out of it."""
    if resume and not directory.is_dir():
        raise InputError(f"{directory} holds no unfinished encode: start one without --resume")
    try:
        directory.mkdir(exist_ok=True)
        lock = claim(directory / _LOCK, directory)
    except OSError as error:
        raise OutputError(
            f"the folder {directory} for unfinished work cannot be made ({error.strerror}): "
            "choose another output, or a folder with --plan"
        ) from None
    with lock:
        try:
            yield
        finally:
            # If it is still this one: a job that has ended removed it, and another may have begun.
            with suppress(OSError):
                if os.path.samestat(os.fstat(lock.fileno()), (directory / _LOCK).stat()):
                    (directory / _LOCK).unlink()


def _is_stream(output: str | BinaryIO) -> bool:
    if not isinstance(output, str) or output == "-":
        return True
    with suppress(OSError):
        mode = Path(output).stat().st_mode
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    return False


def _check(directory: Path, resume: bool) -> None:
    unfinished = (directory / PLAN_FILE).exists()
    if resume and not unfinished:
        raise InputError(f"{directory} holds no unfinished encode: start one without --resume")
    if unfinished and not resume:
        raise UsageError(
            f"{directory} holds an unfinished encode: continue it with --resume, "
            "or delete the folder to start anew"
        )
    # A job that was killed while it wrote its plan leaves a part of it, and nothing to continue.
    begun = {file for pattern in _BEGUN for file in directory.glob(pattern)}
    if not resume and directory.is_dir() and not begun.issuperset(directory.iterdir()):
        raise UsageError(f"{directory} is not empty: give another folder with --plan")


def _resumable(directory: Path, error: BaseException) -> bool:
    """Whether a job that ended with `error` left more than its beginning."""
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return (directory / PLAN_FILE).exists()
    return any(directory.glob("segment-*"))


def _remove(directory: Path) -> None:
    """Deletes what a job makes, and the folder unless it has other things in it."""
    for pattern in _OURS:
        for file in directory.glob(pattern):
            file.unlink(missing_ok=True)
    with suppress(OSError):
        directory.rmdir()
