"""Sources that need no FFmpeg: y4m, and frames that ncodec kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import InputError
from ncodec.media import spool, y4m
from ncodec.media.frame import Frame
from ncodec.media.reading import READING, Reading
from ncodec.media.source import VideoSource

__all__ = ["SpoolSource", "Y4mSource"]


class Y4mSource(VideoSource):
    """A y4m file, or a y4m pipe, which can be read once.

    Args:
        path: None for `pipe`, which is called standard input.
        pipe: a stream that is open.
        reading: what of it is read, and how.
        once: whether `path` is that of a pipe.

    Raises:
        InputError: it is not y4m that ncodec carries.
    """

    def __init__(
        self,
        path: Path | None,
        pipe: BinaryIO | None = None,
        reading: Reading = READING,
        *,
        once: bool = False,
    ) -> None:
        self._ended: list[str] = []
        self._closing = ExitStack()
        name = str(path) if path else "standard input"
        with ExitStack() as failing:
            if path is not None:
                pipe = failing.enter_context(_opened(path))
            assert pipe is not None
            info = y4m.read_header(pipe, name)
            if once:
                self._closing = failing.pop_all()
        self._once, self._pipe = once, pipe if once or path is None else None
        super().__init__(path, "video", info, reading)

    def __exit__(self, *error: Any) -> None:
        self._closing.close()

    @property
    def notices(self) -> list[str]:
        return self._ended

    def _all(self, first: int) -> Iterator[Frame]:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            yield from islice(self._read(pipe), first, None)
        elif self._once or self.path is None:
            raise InputError(f"{self.name} was read already: give a file to read it twice")
        else:
            with _opened(self.path) as stream:
                y4m.read_header(stream, self.name)
                yield from islice(self._read(stream), first, None)

    def _read(self, stream: BinaryIO) -> Iterator[Frame]:
        """The whole frames; a frame of which a part is missing is noticed."""
        self._ended, count = [], 0
        try:
            for frame in y4m.read_frames(stream, self.as_opened, self.name):
                yield frame
                count += 1
        except y4m.CutShort as error:
            if self.reading.strict or not count:
                raise InputError(f"{error}: write the whole stream") from None
            self._ended = [str(error)]


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None


class SpoolSource(VideoSource):
    """Frames that were kept in a file of ncodec's own."""

    def __init__(self, path: Path, reading: Reading = READING) -> None:
        kind, info, _ = spool.read_head(path)
        super().__init__(path, kind, info, reading)

    def _all(self, first: int) -> Iterator[Frame]:
        assert self.path is not None
        yield from spool.read_spool(self.path, first)
