"""What an open .nc file is, whatever it holds: a reader, a codec, models, and a length."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, TypeVar

from ncodec.errors import UsageError
from ncodec.files.stored import StoredFile
from ncodec.formats import Reader, VideoInfo
from ncodec.plugin import Context
from ncodec.registry import codec_for
from ncodec.threads import thread_count

__all__ = ["OpenFile"]

F = TypeVar("F", bound="OpenFile")


class OpenFile(ABC):
    """An open .nc file; a context manager with a length.

    Args:
        source: a path, bytes, a binary stream, or an open `Reader`, which is closed with this.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads, 0 for all.
        models: model files to look into before the store.

    Attributes:
        info: the description in the file's header.

    Raises:
        NcodecError: the file cannot be read, its codec or its model is not there, or it holds
            something else.
    """

    unit: ClassVar[str]
    """What an index counts."""

    def __init__(
        self,
        source: str | Path | bytes | BinaryIO | Reader,
        *,
        device: str = "auto",
        threads: int = 0,
        models: Iterable[str | Path] = (),
    ) -> None:
        self._reader = source if isinstance(source, Reader) else Reader(source)
        self._closed = False
        try:
            self.info: VideoInfo = self._reader.header.info
            self._context = Context(device=device, threads=threads or thread_count())
            self._load(codec_for(self._reader.header), StoredFile.of(self._reader, models))
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _load(self, codec: Any, stored: StoredFile) -> None:
        """Checks that the file is of this kind, and prepares to decode it.

        Args:
            codec: the file's.
            stored: the file with the payloads of its CONF boxes.
        """

    @abstractmethod
    def __len__(self) -> int: ...

    def __enter__(self: F) -> F:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; what it returned before stays valid."""
        self._closed = True
        self._reader.close()

    def __repr__(self) -> str:
        header = self._reader.header
        many = f"{len(self)} {self.unit}{'s' * (len(self) != 1)}"
        closed = ", closed" * self._closed
        what = f"{many}{self._about()}, {header.codec_id}{closed}"
        return f"{type(self).__name__}({self._reader.name!r}: {what})"

    def _about(self) -> str:
        return f" of {self.info.width}x{self.info.height} {self.info.pixel_format}"

    def _index(self, index: int) -> int:
        """`index` from 0 on; negative ones count from the end.

        Raises:
            IndexError: there is nothing of that index.
            UsageError: it is no integer, or the file is closed.
        """
        self._check_open()
        try:
            position = operator.index(index)
        except TypeError:
            raise UsageError(
                f"the {self.unit} asked for is {index!r} but must be an integer or a slice"
            ) from None
        count = len(self)
        if not -count <= position < count:
            raise IndexError(
                f"{self.unit} {position} of {self._reader.name}, which has {count}: give "
                f"{-count} to {count - 1}"
            )
        return position % count

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(
                f"{self._reader.name} is closed: use it inside its `with` block, or open it again"
            )
