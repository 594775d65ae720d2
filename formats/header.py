"""HEAD, which says what a file holds and which codec reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ncodec.formats import cbor
from ncodec.formats.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.formats.info import UNSPECIFIED, VideoInfo
from ncodec.formats.limits import Limits

__all__ = ["FORMAT_MAJOR", "FORMAT_MINOR", "MEDIA_KINDS", "Header"]

FORMAT_MAJOR, FORMAT_MINOR = 1, 1
MEDIA_KINDS = ("video", "image", "features")
"""The kinds of media; the position of one is its integer in HEAD."""

# Key in HEAD: (name, default); a field that has its default is left out.
_FIELDS: dict[int, tuple[str, Any]] = {
    0: ("major", None),
    1: ("minor", 0),
    2: ("codec_id", None),
    3: ("bitstream_version", None),
    4: ("media_kind", 0),
    5: ("width", 0),
    6: ("height", 0),
    7: ("frames", 0),
    8: ("time_base", [1, 1]),
    9: ("pixel_format", ""),
    10: ("bit_depth", 8),
    11: ("primaries", UNSPECIFIED),
    12: ("transfer", UNSPECIFIED),
    13: ("matrix", UNSPECIFIED),
    14: ("full_range", False),
    15: ("chroma_location", 0),
    16: ("sample_aspect_ratio", [1, 1]),
    17: ("rotation", 0),
    18: ("mirrored", False),
    19: ("field_order", 0),
}
_MINOR_1 = ("mirrored", "field_order")
"""Fields that minor version 1 added; a HEAD without them is of version 0."""
_CODEC_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PIXEL_FORMAT = re.compile(r"[a-z0-9_]{0,32}")


@dataclass(frozen=True, slots=True)
class Header:
    """Codec, bitstream version, media kind and description of the media.

    `codec_id` and `bitstream_version` together name an immutable byte format. `media_kind` is
    "video", "image" or "features"; for features width, height and pixel format may be 0 and ""
    where no picture is meant. UsageError on values that HEAD cannot hold.
    """

    codec_id: str
    bitstream_version: int
    media_kind: str
    info: VideoInfo

    def __post_init__(self) -> None:
        for name, value, allowed, fine in _rules(self):
            if not fine:
                raise UsageError(f"{name} is {value!r} but must be {allowed}")

    def pack(self) -> bytes:
        info = self.info
        values: dict[str, Any] = {
            "major": FORMAT_MAJOR,
            "minor": int(any(getattr(info, name) for name in _MINOR_1)),
            "codec_id": self.codec_id,
            "bitstream_version": self.bitstream_version,
            "media_kind": MEDIA_KINDS.index(self.media_kind),
            "time_base": list(info.time_base.as_integer_ratio()),
            "sample_aspect_ratio": list(info.sample_aspect_ratio.as_integer_ratio()),
        }
        for name, _ in _FIELDS.values():
            if name not in values:
                values[name] = getattr(info, name)
        return cbor.dumps(
            {
                key: values[name]
                for key, (name, default) in _FIELDS.items()
                if values[name] != default
            }
        )

    @classmethod
    def unpack(cls, payload: bytes, limits: Limits | None = None) -> Header:
        """Reads HEAD's payload.

        Raises DamagedFile for wrong types and ranges, UnsupportedFormat for another major
        version, LimitExceeded for dimensions and frame counts over the limits.
        """
        limits = limits or Limits()
        limits.check("header_bytes", len(payload))
        record = cbor.loads(payload, "HEAD", limits)
        if not isinstance(record, dict) or type(record.get(0)) is not int:
            raise DamagedFile("HEAD is not a map that starts with the format's version")
        if record[0] != FORMAT_MAJOR:
            raise UnsupportedFormat(
                f"the file has format version {record[0]} and this ncodec reads version "
                f"{FORMAT_MAJOR}: install a newer ncodec"
            )
        values = {name: record.get(key, default) for key, (name, default) in _FIELDS.items()}
        header = cls._build(values)
        if record.get(1, 0) <= FORMAT_MINOR and header.pack() != payload:
            raise DamagedFile("HEAD holds unknown keys, or defaults that it should leave out")
        info = header.info
        limits.check("width", info.width)
        limits.check("height", info.height)
        limits.check("frame_pixels", info.width * info.height)
        limits.check("frames", info.frames)
        return header

    @classmethod
    def _build(cls, values: dict[str, Any]) -> Header:
        kind = values.pop("media_kind")
        if type(kind) is not int or not 0 <= kind < len(MEDIA_KINDS):
            raise UnsupportedFormat(
                f"the file holds media of kind {kind!r}, which this ncodec does not know: "
                "install a newer ncodec"
            )
        try:
            for name in ("time_base", "sample_aspect_ratio"):
                values[name] = _fraction(name, values[name])
            codec_id, version = values.pop("codec_id"), values.pop("bitstream_version")
            del values["major"]
            minor = values.pop("minor")
            if not _within(minor, 0, 255):
                raise UsageError(f"the minor version is {minor!r} but must be 0 to 255")
            return cls(codec_id, version, MEDIA_KINDS[kind], VideoInfo(**values))
        except UsageError as error:
            raise DamagedFile(f"HEAD cannot be right: {error}") from error


def _fraction(name: str, value: Any) -> Fraction:
    if isinstance(value, list) and len(value) == 2 and all(_within(v, 1, _U32) for v in value):
        return Fraction(*value)
    raise UsageError(f"{name} is {value!r} but must be two integers from 1 to 2^32 - 1")


_U32 = (1 << 32) - 1


def _within(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _rules(header: Header) -> list[tuple[str, Any, str, bool]]:
    """Each field's name, value, allowed values in words, and whether it is fine."""
    info = header.info
    least = 0 if header.media_kind == "features" else 1
    rules = [
        (
            "codec_id",
            header.codec_id,
            "1 to 64 of a-z, 0-9, dot, dash and underscore",
            isinstance(header.codec_id, str) and _CODEC_ID.fullmatch(header.codec_id) is not None,
        ),
        (
            "pixel_format",
            info.pixel_format,
            "FFmpeg's name of a pixel format",
            isinstance(info.pixel_format, str)
            and _PIXEL_FORMAT.fullmatch(info.pixel_format) is not None
            and len(info.pixel_format) >= least,
        ),
        (
            "media_kind",
            header.media_kind,
            f"one of {', '.join(MEDIA_KINDS)}",
            header.media_kind in MEDIA_KINDS,
        ),
        ("full_range", info.full_range, "true or false", type(info.full_range) is bool),
        ("mirrored", info.mirrored, "true or false", type(info.mirrored) is bool),
        (
            "rotation",
            info.rotation,
            "0, 90, 180 or 270",
            _within(info.rotation, 0, 270) and info.rotation % 90 == 0,
        ),
    ]
    for name, value, low, high in (
        ("bitstream_version", header.bitstream_version, 1, 255),
        ("width", info.width, least, _U32),
        ("height", info.height, least, _U32),
        ("frames", info.frames, 0, _U32),
        ("bit_depth", info.bit_depth, 8, 16),
        ("primaries", info.primaries, 0, 255),
        ("transfer", info.transfer, 0, 255),
        ("matrix", info.matrix, 0, 255),
        ("chroma_location", info.chroma_location, 0, 255),
        ("field_order", info.field_order, 0, 5),
    ):
        rules.append((name, value, f"an integer from {low} to {high}", _within(value, low, high)))
    for name, ratio in (
        ("time_base", info.time_base),
        ("sample_aspect_ratio", info.sample_aspect_ratio),
    ):
        parts = ratio.as_integer_ratio() if isinstance(ratio, Fraction) else (0, 0)
        fine = all(_within(part, 1, _U32) for part in parts)
        rules.append((name, ratio, "a positive Fraction with parts below 2^32", fine))
    return rules
