"""Sources without a path: what each of them does, and streams and pipes."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, ClassVar

from ncodec.formats.errors import InputError, Interrupted, UsageError
from ncodec.media import y4m
from ncodec.media.collection import Collection, ImageData
from ncodec.media.images import image_format
from ncodec.media.kinds import Kind, still_kind

__all__ = ["COPY", "Held", "HeldPipe", "HeldStream"]

COPY = "source"
"""Name, without extension, of what `Held.keep` writes."""

_CHUNK = 1 << 18
_SUFFIXES = {"JPEG": ".jpg", "TIFF": ".tif"}


class Held(ABC):
    """A source without a path, which may be readable only once.

    Attributes:
        name: what messages call it.
        kind: what it is by itself; None for pictures that may be a clip as well as a collection.
    """

    name: ClassVar[str]
    kind: Kind | None

    def __str__(self) -> str:
        return self.name

    @abstractmethod
    def keep(self, folder: Path, stopping: Callable[[], bool]) -> Path:
        """Writes a copy that `open_source` opens, in any process; returns its path.

        Raises:
            Interrupted: `stopping()` came true.
            InputError, UsageError: there is nothing to read, or it is no clip.
        """

    @abstractmethod
    def collection(self) -> Collection:
        """Its images.

        Raises:
            InputError, UsageError: there is nothing to read, or these are no images.
        """


class HeldStream(Held):
    """A binary stream with a y4m clip, or a film or an image as a file holds it."""

    name = "the stream"

    def __init__(self, stream: BinaryIO, name: str = "the stream") -> None:
        self.name = name  # type: ignore[misc]
        self._stream = stream

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return still_kind(self._peek()) or "video"

    def keep(self, folder: Path, stopping: Callable[[], bool]) -> Path:
        start = self._peek()
        image = image_format(start)
        suffix = _SUFFIXES.get(image, f".{image.lower()}") if image else ".film"
        path = folder / (COPY + (".y4m" if start.startswith(y4m.SIGNATURE) else suffix))
        with path.open("wb") as copy:
            while chunk := self._read(_CHUNK):
                if stopping():
                    raise Interrupted("stopped by the user")
                copy.write(chunk)
            if not copy.tell():
                raise InputError(f"{self.name} is empty: give a clip or an image")
        return path

    def collection(self) -> Collection:
        return ImageData(self._read(-1), self.name)

    _start: bytes | None = None

    def _peek(self) -> bytes:
        """The first 32 bytes, which `_read` gives again."""
        if self._start is None:
            self._start = self._read(32)
        return self._start

    def _read(self, size: int) -> bytes:
        start, self._start = self._start, None
        try:
            data = self._stream.read(size)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.name} cannot be read ({error}): open it again") from None
        if not isinstance(data, bytes):
            raise UsageError(f"{self.name} gives no bytes: open it in binary mode")
        return (start or b"") + data


class HeldPipe(HeldStream):
    """A FIFO, what a shell's ``<(...)`` stands for, or another path that can be read once."""

    def __init__(self, path: str) -> None:
        super().__init__(io.BytesIO(), path)
        self._opened = False

    def keep(self, folder: Path, stopping: Callable[[], bool]) -> Path:
        try:
            return super().keep(folder, stopping)
        finally:
            self._stream.close()

    def collection(self) -> Collection:
        try:
            return super().collection()
        finally:
            self._stream.close()

    def _read(self, size: int) -> bytes:
        if not self._opened:
            try:
                self._stream = open(self.name, "rb")  # noqa: SIM115 - closed by who reads it all
            except OSError as error:
                raise InputError(
                    f"{self.name} cannot be read ({error.strerror}): check it"
                ) from None
            self._opened = True
        return super()._read(size)
