"""The events that a job tells whoever watches it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Event", "Finished", "Noticed", "Planned", "Progressed", "Scanned", "SegmentDone"]


@dataclass(frozen=True, slots=True)
class Event:
    """The base of the events; `record` is the line of a JSON log."""

    def record(self) -> dict[str, Any]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        return {"type": name, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Scanned(Event):
    """The source is being read for the first time: `frames` so far."""

    frames: int


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something is left out or concealed, or the result is poor: `message` is a sentence."""

    message: str


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """Work is about to start. `seconds` is an estimate of the whole run, what has passed included,
    `size` of the file, None where it cannot be told before."""

    codec: str
    frames: int
    segments: int
    finished: int
    workers: int
    device: str
    seconds: float
    size: int | None


@dataclass(frozen=True, slots=True)
class Progressed(Event):
    """A segment went on. `fraction` 0..1 and `eta` seconds are of the whole job.

    `psnr` and `size` are what the file would come to now, by what is known of its segments; None
    where nothing is.
    """

    segment: int
    segments: int
    epoch: int
    epochs: int
    psnr: float | None
    fraction: float
    elapsed: float
    eta: float | None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentDone(Event):
    """A segment is finished and checked: its decoded frames have this PSNR (RGB, dB)."""

    segment: int
    segments: int
    frames: int
    size: int
    psnr: float | None


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The file is complete.

    `psnr` is the mean over frames of the decoded RGB frames' PSNR, None where lossless;
    `subpixels` counts the samples of still images, `original` the bytes of files that are kept as
    they are, or of those in an album; `data` is the file where it has no other output.
    """

    output: str
    size: int
    frames: int
    segments: int
    psnr: float | None
    elapsed: float
    subpixels: int | None = None
    original: int | None = None
    data: bytes | None = field(default=None, repr=False)

    def record(self) -> dict[str, Any]:
        return {name: value for name, value in Event.record(self).items() if name != "data"}
