"""What a file may ask for before anything is allocated for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

from ncodec.formats.errors import LimitExceeded, UsageError

__all__ = ["Limits", "raised", "raised_limits"]

_raised: dict[str, int] = {}


@contextmanager
def raised(**limits: int | None) -> Iterator[None]:
    """Raises limits by their names in all threads of this process, for a while; None does not.

    Raises:
        UsageError: one is less than 1.
    """
    before = dict(_raised)
    for name, limit in limits.items():
        if limit is not None and limit < 1:
            raise UsageError(f"a limit of {limit} {name} is none: give at least 1")
        if limit is not None:
            _raised[name] = limit
    try:
        yield
    finally:
        _raised.clear()
        _raised.update(before)


def raised_limits() -> Mapping[str, int]:
    """The limits that are raised now, for other processes."""
    return dict(_raised)


def _limit(default: int, unit: str) -> int:
    value: int = field(default=default, metadata={"unit": unit})
    return value


@dataclass(frozen=True)
class Limits:
    """Upper bounds that a reader enforces; each is inclusive.

    The defaults hold any file that a person is likely to make and keep a hostile one from
    taking the machine's memory. `inflated_bytes`, `parameters` and `frame_pixels` are for the
    codecs: the container cannot see inside a section.
    """

    header_bytes: int = _limit(1 << 16, "bytes in HEAD or in a segment's mini-header")
    meta_bytes: int = _limit(1 << 24, "bytes in a meta or hdr_ box")
    box_bytes: int = _limit(1 << 30, "bytes in one box")
    boxes: int = _limit(1 << 16, "boxes")
    stream_bytes: int = _limit(1 << 35, "bytes read from a stream that cannot seek")
    rescans: int = _limit(16, "times the file's size read to find intact boxes")
    cbor_depth: int = _limit(16, "levels of nested CBOR")
    cbor_items: int = _limit(1 << 20, "CBOR items in one box")
    width: int = _limit(1 << 20, "samples of width")
    height: int = _limit(1 << 20, "samples of height")
    frame_pixels: int = _limit(1 << 28, "pixels a frame")
    segment_pixels: int = _limit(1 << 33, "pixels a segment")
    frames: int = _limit(1 << 24, "frames")
    sections: int = _limit(1 << 10, "sections in one segment")
    parameters: int = _limit(1 << 26, "model parameters")
    inflated_bytes: int = _limit(1 << 32, "bytes after decompression")

    def check(self, name: str, value: int) -> None:
        """Raises LimitExceeded when `value` is over the limit called `name`."""
        limit: int = max(getattr(self, name), _raised.get(name, 0))
        if value > limit:
            unit = next(f.metadata["unit"] for f in fields(self) if f.name == name)
            remedy = f"Limits({name}={value})"
            if name == "frame_pixels":
                remedy = f"--limit-pixels {value}, limit_pixels={value} in Python"
            raise LimitExceeded(
                f"the file asks for {value} {unit}, over the limit of {limit}: "
                f"if you trust it, raise the limit with {remedy}"
            )
