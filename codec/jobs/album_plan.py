"""The plan of an album: its pictures, in order, and where what is done of them lies.

plan.json             the pictures, what is to be done with them, and the settings
source.0000.png       a copy of a picture that has no path
segment-0000.bin      a finished picture: the payload of its SEGM box
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ncodec.errors import InputError, NcodecError, UsageError
from ncodec.formats import Segment, atomic_output
from ncodec.jobs.plan import PLAN_FILE, comparable
from ncodec.registry import ALBUM

__all__ = ["AlbumPlan", "Picture", "is_album"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's file: its path, its name in the album, its bytes and its time in nanoseconds."""

    path: str
    name: str
    size: int
    modified: int | None


@dataclass(frozen=True, slots=True)
class AlbumPlan:
    """Everything that a resumed job must find unchanged.

    Attributes:
        directory: where all of this lies.
        source: the paths that were given; empty where pictures have none.
        pictures: in the order of the album.
        keep: what is kept of JPEG files.
        options: of the codecs of pictures, all of them.
        seed: the seed of everything random.
        settings: what a resumed job has as it was, unless something else is asked for.
    """

    directory: Path
    source: tuple[str, ...]
    pictures: tuple[Picture, ...]
    keep: str
    options: Mapping[str, Any]
    seed: int
    settings: Mapping[str, Any]

    codec = ALBUM

    def save(self) -> None:
        """Writes plan.json."""
        record = asdict(self) | {"options": comparable(self.options)}
        del record["directory"]
        text = json.dumps({"codec": ALBUM, "version": _VERSION, **record}, indent=1)
        with atomic_output(self.directory / PLAN_FILE) as stream:
            stream.write(text.encode())

    @classmethod
    def load(cls, directory: Path) -> AlbumPlan:
        """Reads plan.json.

        Raises:
            InputError: it cannot be read, or is another version's.
        """
        try:
            record = json.loads((directory / PLAN_FILE).read_bytes())
            if (record.pop("codec"), record.pop("version")) != (ALBUM, _VERSION):
                raise ValueError("another version of ncodec made it")
            record["source"] = tuple(record["source"])
            record["pictures"] = tuple(Picture(**picture) for picture in record["pictures"])
            return cls(directory=directory, **record)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{directory / PLAN_FILE} cannot be used ({error}): delete the folder and start "
                "anew"
            ) from None

    def check(self, other: AlbumPlan) -> None:
        """Raises where this plan's work is none for `other`, which is what is asked for now.

        Raises:
            UsageError: another thing is asked for.
            InputError: the pictures are others.
        """
        for name in ("keep", "seed", "options"):
            before, now = getattr(self, name), getattr(other, name)
            if name == "options":
                before, now = comparable(before), comparable(now)
            if before != now:
                raise UsageError(
                    f"the unfinished encode in {self.directory} has {name} {before!r}, not "
                    f"{now!r}: leave it out to go on, or delete the folder to start anew"
                )
        if self.pictures != other.pictures:
            raise InputError(
                "the pictures are not what the encode in "
                f"{self.directory} began with: give the same, or delete the folder to start anew"
            )

    def finished(self, index: int) -> Segment | None:
        """The finished segment of picture `index`, if there is one that is intact."""
        try:
            return Segment.unpack(self.path(index).read_bytes())
        except (FileNotFoundError, NcodecError):
            return None

    def path(self, index: int) -> Path:
        """Where the segment of picture `index` is kept."""
        return self.directory / f"segment-{index:04}.bin"


def is_album(directory: Path) -> bool:
    """Whether the plan in `directory` is an album's."""
    try:
        record = json.loads((directory / PLAN_FILE).read_bytes())
    except (OSError, ValueError):
        return False  # whoever loads it says so
    return isinstance(record, dict) and record.get("codec") == ALBUM and "pictures" in record
