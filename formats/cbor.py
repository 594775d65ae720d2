"""Deterministic CBOR (RFC 8949, section 4.2), and nothing else of CBOR.

Allowed: integers below 2^64 in size, byte and text strings, arrays, maps keyed by unsigned
integers or text, floats, false, true and null. Not allowed: tags, indefinite lengths, other
simple values, duplicate keys, longer encodings than needed, bytes after the item.

A structural pass over the bytes comes before cbor2: it bounds depth, items and every length by
what is really there, so that a few lying bytes cannot make a decoder allocate or recurse.
"""

from __future__ import annotations

from typing import Any

import cbor2

from ncodec.formats.errors import DamagedFile, LimitExceeded, UsageError
from ncodec.formats.limits import Limits

__all__ = ["dumps", "item_end", "loads"]

_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_ARGUMENT_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}
_SIMPLE_ALLOWED = {20, 21, 22, 25, 26, 27}  # false, true, null, half, single, double


def dumps(value: Any) -> bytes:
    """Encodes `value`; UsageError where it holds what the format does not allow."""
    try:
        data: bytes = cbor2.dumps(value, canonical=True)
        loads(data, "the value")
    except (cbor2.CBOREncodeError, ValueError, DamagedFile, LimitExceeded) as error:
        raise UsageError(
            f"a value of type {type(value).__name__} cannot be stored ({error}): use numbers, "
            "text, bytes, lists and dicts with text keys"
        ) from error
    return data


def loads(data: bytes, what: str, limits: Limits | None = None) -> Any:
    """Decodes the one item that `data` is; `what` names it in errors.

    Raises DamagedFile for anything but deterministic CBOR, LimitExceeded for depth and items.
    """
    end = item_end(data, what, limits or Limits())
    if end != len(data):
        raise _damaged(what, f"{len(data) - end} bytes follow the item")
    try:
        value = cbor2.loads(data)
        canonical = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORDecodeError, cbor2.CBOREncodeError, ValueError) as error:
        raise _damaged(what, str(error)) from error
    # One comparison covers shortest lengths, key order and duplicate keys.
    if canonical != data:
        raise _damaged(what, "the encoding is not deterministic")
    return value


def item_end(data: bytes, what: str, limits: Limits) -> int:
    """The offset of the first byte after the item at the start of `data`; allocates nothing."""
    position = 0
    items = 0
    open_counts = [1]  # items still to come, at each level
    open_maps = [False]
    while open_counts:
        if open_counts[-1] == 0:
            open_counts.pop()
            open_maps.pop()
            continue
        # In a map keys and values alternate; an even number left means that a key is next.
        is_key = open_maps[-1] and open_counts[-1] % 2 == 0
        open_counts[-1] -= 1
        items += 1
        limits.check("cbor_items", items)
        major, argument, position = _head(data, position, what)
        if is_key and major not in (_UINT, _TEXT):
            raise _damaged(what, "a map key is neither an unsigned integer nor text")
        if major in (_BYTES, _TEXT):
            if argument > len(data) - position:
                raise _damaged(what, f"a string of {argument} bytes does not fit")
            position += argument
        elif major in (_ARRAY, _MAP):
            count = argument * (2 if major == _MAP else 1)
            if count > len(data) - position:
                raise _damaged(what, f"a container of {argument} items does not fit")
            limits.check("cbor_depth", len(open_counts))
            open_counts.append(count)
            open_maps.append(major == _MAP)
    return position


def _head(data: bytes, position: int, what: str) -> tuple[int, int, int]:
    """The major type, the argument and the offset after them."""
    if position >= len(data):
        raise _damaged(what, "it ends within an item")
    major, low = data[position] >> 5, data[position] & 31
    position += 1
    if major == _TAG or low > 27 or (major == _SIMPLE and low not in _SIMPLE_ALLOWED):
        raise _damaged(what, "it holds a tag, an indefinite length or an unknown simple value")
    size = _ARGUMENT_BYTES.get(low, 0)
    if size > len(data) - position:
        raise _damaged(what, "it ends within an item")
    argument = int.from_bytes(data[position : position + size], "big") if size else low
    return major, argument, position + size


def _damaged(what: str, reason: str) -> DamagedFile:
    return DamagedFile(f"{what} is not deterministic CBOR: {reason}")
