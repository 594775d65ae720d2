"""Sources that need no FFmpeg: y4m, and frames that ncodec kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import InputError
from ncodec.media import spool, y4m
from ncodec.media.frame import Frame
from ncodec.media.reading import READING, Reading
from ncodec.media.source import VideoSource

__all__ = ["SpoolSource", "Y4mSource"]


class Y4mSource(VideoSource):
    """A y4m file, or a y4m pipe, which can be read once.

    Raises:
        InputError: it is not y4m that ncodec carries.
    """

    def __init__(
        self, path: Path | None, pipe: BinaryIO | None = None, reading: Reading = READING
    ) -> None:
        self._pipe = pipe
        self._ended: list[str] = []
        if pipe is not None:
            info = y4m.read_header(pipe, "standard input")
        else:
            assert path is not None
            with path.open("rb") as stream:
                info = y4m.read_header(stream, str(path))
        super().__init__(path, "video", info, reading)

    @property
    def notices(self) -> list[str]:
        return self._ended

    def _all(self, first: int) -> Iterator[Frame]:
        if self.path is not None:
            with self.path.open("rb") as stream:
                y4m.read_header(stream, self.name)
                yield from islice(self._read(stream), first, None)
            return
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            raise InputError("standard input was read already: give a file to read it twice")
        yield from islice(self._read(pipe), first, None)

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


class SpoolSource(VideoSource):
    """Frames that were kept in a file of ncodec's own."""

    def __init__(self, path: Path, reading: Reading = READING) -> None:
        kind, info, _ = spool.read_head(path)
        super().__init__(path, kind, info, reading)

    def _all(self, first: int) -> Iterator[Frame]:
        assert self.path is not None
        yield from spool.read_spool(self.path, first)
