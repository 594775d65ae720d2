"""Outputs that appear whole or not at all: they are written beside their place, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import OutputError
from ncodec.formats.output import begin, publish, sync_directory, temporary

__all__ = ["PartialFile", "PartialFolder", "unwritable"]


def unwritable(name: str, error: OSError) -> OutputError:
    """The error for a destination that the system refuses to write."""
    reason = error.strerror or str(error)
    return OutputError(
        f"{name} cannot be written ({reason}): check the path, its permissions and the free space"
    )


class PartialFile:
    """A new file beside its place, open for writing as `stream`, until `publish` renames it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.is_dir():
            raise OutputError(f"{path} is a folder: name a file in it")
        try:
            file, self._part = begin(path, path)
        except OSError as error:
            raise unwritable(str(path), error) from None
        self.stream: BinaryIO = _FailsOnce(file)

    def publish(self) -> None:
        publish(self.stream, self._part, self._path)

    def discard(self) -> None:
        with suppress(OSError):
            self._part.unlink()
        with suppress(OSError):  # a full disk refuses what is still buffered
            self.stream.close()


class _FailsOnce(BufferedRandom):
    """Says once that it cannot be written: PyAV goes on, and prints what it cannot raise twice."""

    _failed = False

    def write(self, data: Any, /) -> int:
        if self._failed:
            return memoryview(data).nbytes
        with self._noting():
            return super().write(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if self._failed:
            return 0
        with self._noting():
            return super().seek(offset, whence)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._failed = True
            raise


class PartialFolder:
    """A new folder beside its place until `publish` renames it; what is there must be empty."""

    def __init__(self, path: Path) -> None:
        if path.resolve() in (Path.cwd(), Path(path.anchor or "/")):
            raise OutputError(
                f"{path} cannot be made anew: name a folder in it, {path / 'decoded'}/"
            )
        self._path = path
        self._part = temporary(path)
        self._folders: set[Path] = set()
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise OutputError(f"{path} has content already: name a new or an empty folder")
            self._part.mkdir()
            with suppress(FileNotFoundError):
                self._part.chmod(path.stat().st_mode & 0o777)
        except OSError as error:
            raise unwritable(str(path), error) from None

    def write(self, name: str, data: bytes, modified: int | None = None) -> None:
        """Writes a file of this name, or path, with its time in nanoseconds where it has one."""
        path = self._part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folders.add(path.parent)
        with path.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if modified is not None:
            with suppress(OSError, OverflowError):  # not every file system holds every time
                os.utime(path, ns=(modified, modified))

    def publish(self) -> None:
        for folder in self._folders | {self._part}:
            sync_directory(folder)
        self._part.replace(self._path)
        sync_directory(self._path.parent)

    def discard(self) -> None:
        shutil.rmtree(self._part, ignore_errors=True)
