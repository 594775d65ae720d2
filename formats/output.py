"""Destinations that appear complete or not at all."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from ncodec.formats.errors import OutputError, UsageError

if sys.platform != "win32":
    import fcntl

__all__ = [
    "atomic_output",
    "claim",
    "destination",
    "is_full",
    "is_stream",
    "output_name",
    "publish",
    "same_file",
    "sync_directory",
]

_STDOUT = "-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def destination(output: object) -> str | BinaryIO:
    """A path or ``-`` as text, or a stream.

    Raises:
        UsageError: it is neither, or a stream of text.
    """
    if isinstance(output, str | Path):
        return str(output)
    if hasattr(output, "write") and not isinstance(output, io.TextIOBase):
        return cast(BinaryIO, output)
    raise UsageError(
        f"output is of type {type(output).__name__} but must be a path, - for standard output or "
        "a stream that is open for writing in binary mode"
    )


def is_stream(output: str | Path | BinaryIO) -> bool:
    """Whether it takes bytes in their order: a stream, ``-``, a device or a pipe."""
    if not isinstance(output, str | Path) or str(output) == _STDOUT:
        return True
    with suppress(OSError):
        mode = os.stat(output).st_mode
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    return False


def output_name(output: str | Path | BinaryIO) -> str:
    """What messages call it."""
    if isinstance(output, str | Path):
        return str(output)
    return str(getattr(output, "name", "a stream"))


@contextmanager
def atomic_output(path: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """A binary stream to `path`, which gets its name only when the block ends well.

    The bytes go to PATH.part, which is fsynced and renamed, or removed on any exception. "-"
    is stdout; streams, devices and named pipes are written directly. OutputError where the
    destination cannot be opened or written, a full disk included, or is being written already.
    """
    if not isinstance(path, str | Path):
        with _stream(path, output_name(path)) as stream:
            yield stream
        return
    if str(path) == _STDOUT:
        with _stream(sys.stdout.buffer, "stdout") as stream:
            yield stream
        return
    # A symbolic link stays one: what it points at is replaced.
    target = Path(os.path.realpath(path))
    with _reporting(path):
        # What /dev/stdout links to has no path where it is a pipe.
        special = os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)
        part = Path(path) if special else target.with_name(target.name + ".part")
        file = io.FileIO(part, "w") if special else claim(part, path)
    with file:
        try:
            with _stream(file, path) as stream:
                yield stream
            if not special:
                with _reporting(path):
                    publish(file, part, target)
        except BaseException:
            if not special:
                # Before it is closed, after which it may be another process's.
                with suppress(OSError):
                    part.unlink()
            raise


def claim(path: Path, name: str | Path) -> io.FileIO:
    """An empty file for this process alone, open for reading and writing.

    It is locked until it is closed. The kernel unlocks it when the process ends: what a kill left
    behind is in nobody's way.

    Args:
        path: the file, made if it is not there.
        name: what a message calls what it stands for.

    Raises:
        OutputError: another process has it.
        OSError: it cannot be opened.
    """
    while True:
        file = io.FileIO(path, "r+", opener=_created)
        try:
            _lock(file)
        except BlockingIOError:
            file.close()
            raise OutputError(
                f"{name} is being written by another process: wait until it is done, or choose "
                "another output"
            ) from None
        # Whoever had it may have renamed or removed it in between.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.truncate()
                return file
        file.close()


def _created(name: str, flags: int) -> int:
    """Opens a file, which is made with the rights that `open` gives: it cannot be executed."""
    return os.open(name, flags | os.O_CREAT, 0o666)


def _lock(file: io.FileIO) -> None:
    """Locks `file`, where its file system can; BlockingIOError where another process has."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return


def publish(stream: BinaryIO | io.FileIO, part: Path, target: Path) -> None:
    """Renames what was written to `part` to `target` and closes it, durably.

    Raises:
        OSError: the system refuses; `part` may still be there.
    """
    stream.flush()
    os.fsync(stream.fileno())
    if sys.platform == "win32":
        stream.close()
    # Closed only then: until it has its name nobody else may take it for what a kill left.
    part.replace(target)
    stream.close()
    sync_directory(target.parent)


def same_file(source: object, output: object) -> None:
    """Raises UsageError where `output` is the file that `source` is read from."""
    if not (isinstance(source, str | Path) and isinstance(output, str | Path)):
        return
    if _STDOUT in (str(source), str(output)):
        return
    with suppress(OSError):
        if os.path.samefile(source, output):
            raise UsageError(f"{output} is the input too: give the output another name")


@contextmanager
def _stream(raw: BinaryIO | io.FileIO, name: str | Path) -> Iterator[BinaryIO]:
    checked = _Checked(raw, name)
    buffered = io.BufferedWriter(checked, 1 << 18)
    try:
        yield buffered
        buffered.flush()
        checked.flush()
    finally:
        # What could not be written must not be tried again when the buffer is collected.
        checked.broken = True
        with suppress(ValueError):
            buffered.close()


class _Checked(io.RawIOBase):
    """Passes bytes on to `target` and turns its failures into OutputError.

    These are failures of the destination alone: another OSError of the block stays as it is.
    """

    def __init__(self, target: BinaryIO | io.FileIO, name: str | Path) -> None:
        self._target = target
        self._name = name
        self.broken = False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._target.seekable()

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        if self.broken:
            return view.nbytes
        with _reporting(self._name):
            return self._target.write(view) or 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._target.seek(offset, whence)

    def flush(self) -> None:
        if not self.broken:
            with _reporting(self._name):
                self._target.flush()


@contextmanager
def _reporting(name: str | Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "make room on its disk" if is_full(error) else "choose another output"
        raise OutputError(f"cannot write {name}: {reason}; {remedy}") from error


def is_full(error: BaseException) -> bool:
    """Whether the system says that there is no room: on the disk, in a quota or in a limit."""
    return isinstance(error, OSError) and error.errno in _FULL


def sync_directory(directory: Path) -> None:
    """Makes a new name in `directory` durable, where directories can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
