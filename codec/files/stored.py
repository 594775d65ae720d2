"""An open file of still images, or of features of them, as its codec sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from ncodec.files.records import KEY, LONE, Records
from ncodec.formats import Reader, Segment, VideoInfo
from ncodec.store import find_model

__all__ = ["StoredFile"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An open file as `ncodec.plugin.Stored`."""

    reader: Reader
    shared: tuple[bytes, ...]
    models: tuple[str | Path, ...] = ()
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, reader: Reader, models: Iterable[str | Path]) -> StoredFile:
        """With what the file's CONF boxes hold, or refer to.

        Args:
            reader: the file.
            models: model files to look into before the store.

        Raises:
            NcodecError: a model is not there.
        """
        files = tuple(models)
        confs = reader.confs()
        return cls(reader, tuple(c.content(lambda d: find_model(d, files)) for c in confs), files)

    def records(self) -> Records:
        """Names and metadata of the images; one without a name has that of a .nc file on disk."""
        record = self.reader.meta.get(KEY)
        if record is None and self.info.frames != 1:
            return Records()
        records = Records(1, LONE) if record is None else Records.unpack(record)
        file = Path(self.reader.name)
        if not records.lone or records.names or file.suffix != ".nc":
            return records
        return replace(records, names=(file.stem,))

    @property
    def info(self) -> VideoInfo:
        return self.reader.header.info

    @property
    def present(self) -> Sequence[tuple[int, int, int]]:
        return [(s.index, s.first_frame, s.frame_count) for s in self.reader.segments]

    def segment(self, index: int) -> Segment:
        with self.lock:  # codecs decode on several threads, the file has one position
            return self.reader.read_segment(index)
