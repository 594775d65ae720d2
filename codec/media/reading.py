"""What of a source is read, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from ncodec.formats.errors import UsageError

__all__ = ["READING", "Reading", "frame_rate"]

_FASTEST = 100_000
_LARGEST_SIDE = 65535


@dataclass(frozen=True, slots=True)
class Reading:
    """What of a source is read, and how: what `open_source` is told beside its path.

    Attributes:
        stream: index of the video stream among all streams, as ffprobe counts; None for the best.
        start: seconds on the source's clock, whose 0 is its earliest stream's start: frames shown
            before are left out.
        end: the same; frames shown from then on are left out.
        fps: frames a second of a folder or pattern of images, or of raw video.
        size: width and height of raw video.
        pixel_format: FFmpeg's name of raw video's pixel format.
        strict: whether what is damaged or missing is refused, instead of concealed and said.
        alpha: whether a film with alpha is refused; False drops it.

    Raises:
        UsageError: a value is not allowed.
    """

    stream: int | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    fps: Fraction | None = None
    size: tuple[int, int] | None = None
    pixel_format: str | None = None
    strict: bool = False
    alpha: bool = True

    def __post_init__(self) -> None:
        if self.stream is not None and (type(self.stream) is not int or self.stream < 0):
            raise UsageError(f"stream is {self.stream!r} but must be an index, 0 or more")
        for name in ("start", "end"):
            object.__setattr__(self, name, _seconds(name, getattr(self, name)))
        start, end = self.start or Fraction(0), self.end
        if end is not None and end <= start:
            raise UsageError(
                f"the part to code ends at {float(end):g} s but starts at {float(start):g} s: let "
                "it end later"
            )
        if self.fps is not None:
            object.__setattr__(self, "fps", frame_rate(self.fps))
        if self.size is not None:
            object.__setattr__(self, "size", _size(self.size))
        if self.pixel_format is not None and type(self.pixel_format) is not str:
            raise UsageError(f"pixel_format is {self.pixel_format!r} but must be FFmpeg's name")
        for name in ("strict", "alpha"):
            if type(getattr(self, name)) is not bool:
                raise UsageError(f"{name} is {getattr(self, name)!r} but must be True or False")

    def to_record(self) -> dict[str, Any]:
        """What was asked for, as JSON and CBOR have it: fractions and sizes are pairs."""
        record: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if value == getattr(READING, name):
                continue
            if isinstance(value, Fraction):
                record[name] = list(value.as_integer_ratio())
            else:
                record[name] = list(value) if isinstance(value, tuple) else value
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Reading:
        """What `to_record` was given; TypeError, ValueError or UsageError for anything else."""
        fields = dict(record)
        for name in {"start", "end", "fps"} & fields.keys():
            fields[name] = Fraction(*fields[name])
        return cls(**fields)


def frame_rate(fps: Any) -> Fraction:
    """Frames a second as a fraction of integers below 2^32.

    Raises:
        UsageError: it is no number above 0, or more than 100000.
    """
    try:
        rate = Fraction(fps).limit_denominator(_FASTEST)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= _FASTEST:
        raise UsageError(f"fps is {fps!r} but must be a number above 0, {_FASTEST} at most")
    return rate


def _seconds(name: str, value: Any) -> Fraction | None:
    if value is None:
        return None
    try:
        seconds = Fraction(value).limit_denominator(10**9)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        seconds = Fraction(-1)
    if seconds < 0:
        raise UsageError(f"{name} is {value!r} but must be a number of seconds, 0 or more")
    return seconds


def _size(value: Any) -> tuple[int, int]:
    fine = isinstance(value, tuple | list) and len(value) == 2
    if not fine or any(type(side) is not int or not 1 <= side <= _LARGEST_SIDE for side in value):
        raise UsageError(
            f"size is {value!r} but must be a width and a height, 1 to {_LARGEST_SIDE} each"
        )
    width, height = value
    return width, height


READING = Reading()
"""The best video stream from start to end."""
