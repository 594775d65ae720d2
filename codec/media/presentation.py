"""A clip as it is shown: pictures, when they are shown, and all that stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ncodec.formats.hdr import Hdr
from ncodec.formats.info import VideoInfo
from ncodec.media import y4m
from ncodec.media.matroska.listing import listed
from ncodec.media.timeline import constant_step

__all__ = ["Presentation"]

_NAMES = {
    "audio": "the sound",
    "subtitles": "the subtitles",
    "chapters": "the chapters",
    "attachment": "the attachments",
}


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a sink is to hold.

    Attributes:
        info: the pictures; `frames` is 0 where their number is not known.
        times: the presentation times in ticks of `info.time_base`; None for tick i for frame i.
        hdr: the mastering display and light level, or None.
        tracks: a Matroska file with sound, subtitles, chapters, attachments and tags, or None.
    """

    info: VideoInfo
    times: Sequence[int] | None = None
    hdr: Hdr | None = None
    tracks: bytes | None = None

    @property
    def frame_time(self) -> Fraction | None:
        """Seconds of a frame, None where the rate varies."""
        step = constant_step(self.times)
        return None if step is None else step * self.info.time_base

    @property
    def start(self) -> Fraction:
        """Seconds at which the first picture is shown."""
        return self.times[0] * self.info.time_base if self.times else Fraction(0)

    @property
    def tracks_in_words(self) -> list[str]:
        """What there is of sound, subtitles, chapters and attachments."""
        kinds = {part.kind for part in listed(self.tracks)} if self.tracks is not None else set()
        return [name for kind, name in _NAMES.items() if kind in kinds]

    @property
    def in_y4m(self) -> VideoInfo | None:
        """The pictures as y4m can hold them, one a tick; None where it cannot."""
        if self.frame_time is None or not y4m.holds(self.info):
            return None
        return replace(self.info, time_base=self.frame_time)

    @property
    def lost_to_y4m(self) -> list[str]:
        """What y4m has no place for, beside colour."""
        lost = self.tracks_in_words
        if self.start:
            lost.append(f"the start at {float(self.start):g} s")
        if self.info.rotation:
            lost.append(f"the rotation by {self.info.rotation} degrees")
        if self.info.mirrored:
            lost.append("the mirroring")
        if self.hdr is not None:
            lost.append("the HDR10 metadata")
        return lost
