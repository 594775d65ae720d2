"""What of a film is copied beside its picture."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ncodec.errors import UsageError

__all__ = ["COPYING", "NOTHING", "Copying"]


@dataclass(frozen=True, slots=True)
class Copying:
    """What is copied beside the picture.

    Attributes:
        audio, subtitles: tracks of that kind.
        chapters: the chapters.
        attachments: files, such as fonts, and cover pictures.
        tags: those of the file and of its tracks; a track's language and title stay with it.

    Raises:
        UsageError: a value is neither true nor false.
    """

    audio: bool = True
    subtitles: bool = True
    chapters: bool = True
    attachments: bool = True
    tags: bool = True

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if type(value) is not bool:
                raise UsageError(f"{each.name} is {value!r} but must be True or False")


COPYING = Copying()
"""Everything."""

NOTHING = Copying(audio=False, subtitles=False, chapters=False, attachments=False, tags=False)
