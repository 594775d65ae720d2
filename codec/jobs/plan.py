"""The plan directory: what is to be done, finished segments and checkpoints.

    plan.json             the request, the source's identity, the scan's result, the windows
    source.*              a copy of what has no path, so that every worker can read it, and again
    tracks.mka            sound, subtitles and what else is copied, where there is any
    shared-0000.bin       a model that all segments need
    segment-0000.bin      a finished segment: the payload of its SEGM box, and a checksum
    segment-0000.npz      the checkpoint of an unfinished one

Each file is replaced in one step, so that a kill leaves the old one or the new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from blake3 import blake3 as hasher

from ncodec.errors import DamagedFile, InputError, NcodecError, UsageError
from ncodec.formats import Hdr, Segment, VideoInfo, atomic_output
from ncodec.jobs.sealing import open_record, open_sealed, seal, seal_record
from ncodec.media import Landmarks
from ncodec.media.patterns import image_files, is_pattern
from ncodec.media.reading import Reading
from ncodec.media.spool import info_from_record, info_to_record
from ncodec.plugin import Shared

__all__ = ["PLAN_FILE", "TRACKS_FILE", "FileCheckpoints", "Plan", "comparable", "source_identity"]

PLAN_FILE = "plan.json"
TRACKS_FILE = "tracks.mka"

_VERSION = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a worker needs to know, and that a resumed job must find unchanged.

    Attributes:
        directory: where all of this lies.
        source: path of the source, or of its copy if it came through a pipe.
        reading: what of the source is read, and how.
        identity: the source's, see `source_identity`.
        digest: BLAKE3 of its frames.
        kind: ``video`` or ``image``.
        info: the clip.
        hdr: its mastering display and light level, or None.
        times: presentation times, None for a constant rate.
        notices: what of the source is concealed or left out, a sentence each.
        landmarks: what the scan remembered of every frame, so that workers can seek.
        windows: (first frame, frame count) of each segment.
        starts: the segment that each one's encode is shown, which is finished before; or None.
        targets: bytes a segment, or None.
        shared: models that all segments need.
        codec: codec id.
        options: the codec's, all of them.
        seed: the seed of everything random.
        request: what the user asked for, as compared on resume.
        settings: what a resumed job has as it was, unless something else is asked for.
        tracks_digest: BLAKE3 of `tracks`.
    """

    directory: Path
    source: str
    reading: Reading
    identity: str
    digest: str
    kind: str
    info: VideoInfo
    hdr: Hdr | None
    times: tuple[int, ...] | None
    notices: tuple[str, ...]
    landmarks: Landmarks
    windows: tuple[tuple[int, int], ...]
    starts: tuple[int | None, ...]
    targets: tuple[int, ...] | None
    shared: tuple[Shared, ...]
    codec: str
    options: Mapping[str, Any]
    seed: int
    request: Mapping[str, Any]
    settings: Mapping[str, Any]
    tracks_digest: str = ""

    @property
    def payloads(self) -> tuple[bytes, ...]:
        """Data of the models in `shared`, as encoder and decoder get them."""
        return tuple(model.data for model in self.shared)

    @property
    def tracks(self) -> bytes | None:
        """The Matroska file with what is copied beside the picture.

        Raises:
            InputError: it is not what was copied.
        """
        try:
            data = (self.directory / TRACKS_FILE).read_bytes()
        except FileNotFoundError:
            data = None
        if self.tracks_digest != (hasher(data).hexdigest() if data is not None else ""):
            raise InputError(
                f"{self.directory / TRACKS_FILE} is not what was copied from {self.source}: delete "
                "the folder and start anew"
            )
        return data

    @property
    def tracks_size(self) -> int:
        """The bytes of `tracks`, 0 for None."""
        try:
            return (self.directory / TRACKS_FILE).stat().st_size
        except FileNotFoundError:
            return 0

    def save(self) -> None:
        """Writes plan.json, and the shared models before it."""
        for index, model in enumerate(self.shared):
            _write(self.directory / f"shared-{index:04}.bin", model.data)
        record = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "directory"}
        record["info"] = info_to_record(self.info)
        record["reading"] = self.reading.to_record()
        record["hdr"] = self.hdr and self.hdr.pack().hex()
        # JSON has no paths; a resumed job is given its own, see `planning.load_plan`.
        record["options"] = comparable(self.options)
        record["shared"] = [
            {"embedded": model.embedded, "blake3": hasher(model.data).hexdigest()}
            for model in self.shared
        ]
        record["landmarks"] = [list(values) for values in astuple(self.landmarks)]
        _write(self.directory / PLAN_FILE, seal_record(record, _VERSION))

    @classmethod
    def load(cls, directory: Path) -> Plan:
        """Reads plan.json.

        Raises:
            InputError: it cannot be read, or is another version's.
        """
        try:
            record = open_record((directory / PLAN_FILE).read_bytes(), _VERSION)
            info = info_from_record(record.pop("info"))
            reading = Reading.from_record(record.pop("reading"))
            record["hdr"] = record["hdr"] and Hdr.unpack(bytes.fromhex(record["hdr"]))
            record["notices"] = tuple(record["notices"])
            record["times"] = record["times"] and tuple(record["times"])
            landmarks = Landmarks(*map(tuple, record.pop("landmarks")))
            record["windows"] = tuple((first, count) for first, count in record["windows"])
            record["starts"] = tuple(record["starts"])
            if any(start is not None and start >= i for i, start in enumerate(record["starts"])):
                raise ValueError("a segment starts from a later one")
            record["targets"] = record["targets"] and tuple(record["targets"])
            record["shared"] = tuple(
                _shared(directory / f"shared-{index:04}.bin", **model)
                for index, model in enumerate(record["shared"])
            )
            return cls(
                directory=directory, info=info, reading=reading, landmarks=landmarks, **record
            )
        except (
            *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
            *(UsageError, DamagedFile),
        ) as error:
            raise InputError(
                f"{directory / 'plan.json'} cannot be used ({error}): delete the folder and "
                "start anew"
            ) from None

    def finished(self, index: int) -> Segment | None:
        """The finished segment of window `index`, if there is one that is intact."""
        try:
            segment = Segment.unpack(open_sealed(self._path(index, "bin").read_bytes()))
        except (FileNotFoundError, IsADirectoryError, ValueError, NcodecError):
            return None
        # A file under another's name is intact, and not this window's.
        whose = segment.index, segment.first_frame, segment.frame_count
        return segment if whose == (index, *self.windows[index]) else None

    def finish(self, segment: Segment) -> None:
        """Keeps a finished segment and drops its checkpoint."""
        _write(self._path(segment.index, "bin"), seal(segment.pack()))
        self._path(segment.index, "npz").unlink(missing_ok=True)

    def checkpoints(self, index: int) -> FileCheckpoints:
        """Where window `index` keeps its state."""
        return FileCheckpoints(self._path(index, "npz"))

    def _path(self, index: int, suffix: str) -> Path:
        return self.directory / f"segment-{index:04}.{suffix}"


class FileCheckpoints:
    """One checkpoint in one file of named arrays; no pickle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, np.ndarray] | None:
        """The arrays of the last `save`, or None.

        Raises:
            DamagedFile: the file is not a checkpoint.
        """
        try:
            # An open stream, because NumPy leaves one of its own open where it fails.
            with (
                self._path.open("rb") as stream,
                np.load(stream, allow_pickle=False) as archive,
            ):
                return dict(archive)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, BadZipFile, EOFError) as error:
            raise DamagedFile(
                f"checkpoint {self._path} cannot be read ({error}): delete it to fit this "
                "segment from its beginning"
            ) from None

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        """Replaces the checkpoint."""
        with atomic_output(self._path, shared=False) as stream:
            np.savez(stream, **dict[str, Any](state))


def comparable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as plan.json has them: paths are text."""
    return {n: str(v) if isinstance(v, Path) else v for n, v in options.items()}


def source_identity(path: Path) -> str:
    """Sizes and modification times of the source: they change when it does.

    Raises:
        InputError: it is not there.
    """
    try:
        files: Sequence[Path] = [path]
        if path.is_dir() or is_pattern(path):
            files = sorted(path.iterdir()) if path.is_dir() else image_files(path)
        stats = [(file.name, file.stat()) for file in files]
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    return ";".join(f"{name}:{s.st_size}:{s.st_mtime_ns}" for name, s in stats)


def _shared(path: Path, embedded: bool, blake3: str) -> Shared:
    data = path.read_bytes()
    if hasher(data).hexdigest() != blake3:
        raise ValueError(f"{path.name} is not the model that the plan was made with")
    return Shared(data, embedded)


def _write(path: Path, data: bytes) -> None:
    with atomic_output(path, shared=False) as stream:
        stream.write(data)
