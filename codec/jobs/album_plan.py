"""The plan of an album: its pictures, in order, and where what is done of them lies.

plan.json             the pictures, what is to be done with them, and the settings
source.*.png          a copy of a picture that has no path
segment-*.bin         a finished picture: the payload of its SEGM box

Copies are called after their number and what is in them, segments after their picture's file, so
that what is done stays done where pictures are added or taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3

from ncodec.errors import InputError, NcodecError, UsageError
from ncodec.formats import Segment, atomic_output
from ncodec.jobs.plan import PLAN_FILE, comparable
from ncodec.jobs.sealing import open_record, open_sealed, seal_record
from ncodec.registry import ALBUM

__all__ = ["AlbumPlan", "Picture", "is_album"]

_VERSION = 5


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's file: its path, its name in the album, its bytes and its time in nanoseconds; and
    which page of it the picture is, None where it has no others."""

    path: str
    name: str
    size: int
    modified: int | None
    page: int | None = None

    @property
    def key(self) -> str:
        """What changes when the file does."""
        text = f"{self.path}\0{self.size}\0{self.modified}\0{self.page or 0}"
        return blake3(text.encode("utf-8", "surrogateescape")).hexdigest(16)


@dataclass(frozen=True, slots=True)
class AlbumPlan:
    """What a resumed job needs to know.

    Attributes:
        directory: where all of this lies.
        source: the paths that were given; empty where pictures have none.
        pictures: in the order of the album.
        keep: what is kept of JPEG files.
        options: of the codecs of pictures, all of them.
        seed: the seed of everything random.
        settings: what a resumed job has as it was, unless something else is asked for.
        layout: `Collection.layout` of where the pictures come from.
        images: how many there are; of an array, more than pictures, which are its sheets.
    """

    directory: Path
    source: tuple[str, ...]
    pictures: tuple[Picture, ...]
    keep: str
    options: Mapping[str, Any]
    seed: int
    settings: Mapping[str, Any]
    layout: Mapping[str, Any]
    images: int

    codec = ALBUM

    def save(self) -> None:
        """Writes plan.json."""
        record = asdict(self) | {"options": comparable(self.options)}
        del record["directory"]
        with atomic_output(self.directory / PLAN_FILE, shared=False) as stream:
            stream.write(seal_record({"codec": ALBUM, **record}, _VERSION))

    @classmethod
    def load(cls, directory: Path) -> AlbumPlan:
        """Reads plan.json.

        Raises:
            InputError: it cannot be read, or is another version's.
        """
        try:
            record = open_record((directory / PLAN_FILE).read_bytes(), _VERSION)
            if record.pop("codec") != ALBUM:
                raise ValueError("it is no album's")
            record["source"] = tuple(record["source"])
            record["pictures"] = tuple(Picture(**picture) for picture in record["pictures"])
            return cls(directory=directory, **record)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(
                f"{directory / PLAN_FILE} cannot be used ({error}): delete the folder and start "
                "anew"
            ) from None

    def check(self, other: AlbumPlan) -> None:
        """Raises UsageError where this plan's work is none for `other`, which is asked for now."""
        for name in ("keep", "seed", "options"):
            before, now = getattr(self, name), getattr(other, name)
            if name == "options":
                before, now = comparable(before), comparable(now)
            if before != now:
                raise UsageError(
                    f"the unfinished encode in {self.directory} has {name} {before!r}, not "
                    f"{now!r}: leave it out to go on, or delete the folder to start anew"
                )

    def finished(self, index: int) -> Segment | None:
        """The finished segment of picture `index`, if there is one that is intact."""
        try:
            segment = Segment.unpack(open_sealed(self.path(index).read_bytes()))
            segment.check([np.frombuffer(segment.sections[0], dtype=np.uint8)])
        except (FileNotFoundError, IsADirectoryError, ValueError, LookupError, NcodecError):
            return None
        return replace(segment, index=index, first_frame=index)

    def path(self, index: int) -> Path:
        """Where the segment of picture `index` is kept."""
        return self.directory / f"segment-{self.pictures[index].key}.bin"


def is_album(directory: Path) -> bool:
    """Whether the plan in `directory` is an album's."""
    try:
        record = open_record((directory / PLAN_FILE).read_bytes(), _VERSION)
    except (OSError, ValueError):
        return False  # whoever loads it says so
    return record.get("codec") == ALBUM and "pictures" in record
