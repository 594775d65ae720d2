"""Destinations that appear complete or not at all."""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import xxhash

from ncodec.formats.errors import OutputError, UsageError

if sys.platform != "win32":
    import fcntl

    _EXCLUSIVE, _SHARED, _AT_ONCE = fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_NB
else:
    _EXCLUSIVE = _SHARED = _AT_ONCE = 0

__all__ = [
    "alone_in",
    "atomic_output",
    "begin",
    "destination",
    "is_full",
    "is_stream",
    "output_name",
    "publish",
    "same_file",
    "sync_directory",
    "temporary",
]

_STDOUT = "-"
_TOKEN = re.compile(r"[0-9a-f]{16}\.part")
_LONGEST = 200
"""Bytes of a name that leave room for what makes it a temporary one."""
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
def atomic_output(
    path: str | Path | BinaryIO,
    *,
    shared: bool = True,
    journal: Path | None = None,
    durable: bool = True,
) -> Iterator[BinaryIO]:
    """A binary stream to `path`, which gets its name only when the block ends well.

    The bytes go to a new file beside it, see `begin`, which is fsynced and renamed, or removed on
    any exception. "-" is stdout; streams, devices and named pipes are written directly.

    Args:
        path: the destination.
        shared: False where nobody else writes into its folder: others are not looked for.
        journal: a file of the job's own, in which the name of the new file is kept, so that the
            same job removes it where its process is killed.
        durable: False for what may be damaged after a power failure, since its reader would see
            that and make it again: waiting for the disk takes milliseconds.

    Raises:
        OutputError: the destination cannot be opened or written, a full disk included, or is being
            written already.
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
        if special:
            file, part = io.FileIO(Path(path), "w"), Path(path)
        else:
            file, part = begin(target, path, shared=shared)
    with file:
        try:
            if journal is not None and not special:
                with _reporting(journal):
                    _keep(journal, part, target)
            with _stream(file, path) as stream:
                yield stream
            if not special:
                with _reporting(path):
                    publish(file, part, target, durable=durable)
        except BaseException:
            if not special:
                with suppress(OSError):
                    part.unlink()
            raise


def begin(target: Path, name: str | Path, *, shared: bool = True) -> tuple[io.FileIO, Path]:
    """A new file beside `target`, open for reading and writing, and its path; see `publish`.

    Its name is nobody else's, so that what other programs, or a process that was killed, have left
    there stays. It is locked until it is closed, and has the rights of the file that it replaces.

    Args:
        target: the path that it is to have, in a folder.
        name: what messages call that.
        shared: whether to look for another process that writes `target`.

    Raises:
        OutputError: another process writes it.
        OSError: it cannot be made.
    """
    part = temporary(target)
    file = io.FileIO(part, "x+", opener=_created)
    try:
        _lock(file.fileno())
        if shared and any(map(_is_locked, _siblings(target, part))):
            raise _busy(name)
        if sys.platform != "win32":
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        file.close()
        raise
    return file, part


def _keep(journal: Path, part: Path, target: Path) -> None:
    """Notes a temporary file, and removes the one that was noted before."""
    with suppress(OSError, ValueError):
        before = target.with_name(journal.read_text())
        if _is_temporary(before.name, target) and not _is_locked(before):
            before.unlink()
    journal.write_text(part.name)


def temporary(target: Path) -> Path:
    """A path beside `target` that cannot be guessed."""
    return target.with_name(f"{_stem(target)}.{secrets.token_hex(8)}.part")


def _stem(target: Path) -> str:
    long = len(os.fsencode(target.name)) > _LONGEST
    return xxhash.xxh3_64_hexdigest(os.fsencode(target.name)) if long else target.name


def _siblings(target: Path, part: Path) -> Iterator[Path]:
    """Temporary files of others that write `target`."""
    with os.scandir(target.parent) as entries:
        for entry in entries:
            another = entry.name != part.name and _is_temporary(entry.name, target)
            if another and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _is_temporary(name: str, target: Path) -> bool:
    """Whether a file of that name is one that `temporary` names for `target`."""
    start = f"{_stem(target)}."
    return name.startswith(start) and _TOKEN.fullmatch(name, len(start)) is not None


def _is_locked(path: Path) -> bool:
    """Whether a process holds `path`, which is left as it is."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False  # it is done, or not ours to read
    try:
        # Shared, so that two that look do not meet each other.
        return not _lock(descriptor, _SHARED | _AT_ONCE)
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Keeps other processes that ask, too, out of a directory; makes nothing in it.

    The kernel lets go of it when the process ends.

    Raises:
        OutputError: another process is in it.
        OSError: it cannot be opened.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not _lock(descriptor, _EXCLUSIVE | _AT_ONCE):
            raise _busy(directory)
        # Whoever was in it may have removed it in between.
        if not os.path.samestat(os.fstat(descriptor), os.stat(directory)):
            raise _busy(directory)
        yield
    finally:
        os.close(descriptor)


def _busy(name: str | Path) -> OutputError:
    return OutputError(
        f"{name} is being written by another process: wait until it is done, or choose another "
        "output"
    )


def _created(name: str, flags: int) -> int:
    """Opens a new file with the rights that `open` gives: it cannot be executed."""
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _lock(descriptor: int, how: int = _EXCLUSIVE) -> bool:
    """Locks a file where its file system can; False where another process has."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def publish(
    stream: BinaryIO | io.FileIO, part: Path, target: Path, *, durable: bool = True
) -> None:
    """Renames what was written to `part` to `target` and closes it; `durable` as for
    `atomic_output`.

    Raises:
        OSError: the system refuses; `part` may still be there.
    """
    stream.flush()
    if durable:
        os.fsync(stream.fileno())
    if sys.platform == "win32":
        stream.close()
    # Closed only then: until it has its name others shall see that it is being written.
    part.replace(target)
    stream.close()
    if durable:
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
