"""What lies in a plan directory, with checksums: a bit that flipped is found before it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import xxhash

__all__ = ["open_record", "open_sealed", "seal", "seal_record"]

_BYTES = 8
_SEAL, _RECORD = "xxh3", "plan"


def seal(data: bytes) -> bytes:
    """`data` with its checksum."""
    return data + xxhash.xxh3_64_digest(data)


def open_sealed(sealed: bytes) -> bytes:
    """What `seal` was given.

    Raises:
        ValueError: it is not that any more.
    """
    data = sealed[:-_BYTES]
    if xxhash.xxh3_64_digest(data) != sealed[-_BYTES:]:
        raise ValueError("its checksum is wrong")
    return data


def seal_record(record: Mapping[str, Any], version: int) -> bytes:
    """A record as JSON, with its version and checksum."""
    text = json.dumps(record)
    about = {"version": version, _SEAL: xxhash.xxh3_64_hexdigest(text.encode())}
    return json.dumps({**about, _RECORD: json.loads(text)}, indent=1).encode()


def open_record(sealed: bytes, version: int) -> dict[str, Any]:
    """The record that `seal_record` was given.

    Raises:
        ValueError: it is not that any more, or another version's.
    """
    try:
        outer = json.loads(sealed)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(outer, dict) or outer.get("version") != version:
        raise ValueError("another version of ncodec made it")
    record = outer.get(_RECORD)
    if not isinstance(record, dict):
        raise ValueError("it has no record of an encode")
    if xxhash.xxh3_64_hexdigest(json.dumps(record).encode()) != outer.get(_SEAL):
        raise ValueError("its checksum is wrong")
    return record
