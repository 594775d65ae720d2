"""The trained state that coding starts from: what a memory has learned, in few bytes."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ncodec.dct.memory import COUNT, Memory, new_memory, part
from ncodec.errors import DamagedFile
from ncodec.formats import Model
from ncodec.formats.entropy.logistic import REACH, SQUASH, STRETCH
from ncodec.store import shipped_model

__all__ = ["FAMILY", "dictionary", "load_memory", "pack_model"]

FAMILY = "pc-jpeg"
_VERSION = 1
_FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 23, "lc": 0, "lp": 0, "pb": 0}]

_STEP = 24
"""The unit of a stored probability, in the logistic domain."""

_MIDDLE = 128
"""The code of an even chance."""

_FADING = 4
"""Of how many bits that a slot has seen one counts when coding begins: it has to learn again."""

_WEIGHT, _TAP = 3, 2
"""Bits of weights that are not stored."""

_LOWEST, _HIGHEST = -(1 << 15), (1 << 15) - 1

_KINDS = {"slots": "u1", "counts": "u1", "weights": "<i2", "maps": "<u2", "taps": "<i2"}


def pack_model(memory: Memory, headers: bytes, tags: Mapping[str, Any]) -> Model:
    """A model file of what `memory` has learned.

    Args:
        headers: what files' headers often have, at most 32 KiB.
        tags: how it was made.
    """
    slots = part(memory, "slots").view(np.uint32)
    logits = STRETCH[slots >> np.uint32(20)]
    # bit_length, of numbers that a float holds exactly
    counts = np.frexp(((slots & COUNT) // _FADING).astype(np.float64))[1]
    codes = np.rint(logits / _STEP).astype(np.int64) + _MIDDLE
    numbers = {
        "slots": np.where(counts, codes, _MIDDLE),
        "counts": counts,
        "weights": np.clip(part(memory, "weights") >> _WEIGHT, _LOWEST, _HIGHEST),
        "maps": np.clip(part(memory, "maps"), 0, 65535),
        "taps": np.clip(part(memory, "taps") >> _TAP, _LOWEST, _HIGHEST),
    }
    parts = (numbers[name].astype(kind) for name, kind in _KINDS.items())
    raw = b"".join(part.tobytes() for part in parts) + headers
    return Model(FAMILY, _VERSION, lzma.compress(raw, lzma.FORMAT_RAW, filters=_FILTERS), tags)


def load_memory(model: Model | None = None) -> Memory:
    """The memory in the state of `model`, by default the shipped one, which may adapt.

    Raises:
        UnsupportedFormat: it is a model of something else.
        MissingDependency: the installation lacks the shipped one.
    """
    return _state(model)[0].copy()


def dictionary() -> bytes:
    """What files' headers often have, for zlib."""
    return _state(None)[1]


def _state(model: Model | None) -> tuple[Memory, bytes]:
    return _unpacked((model or shipped_model(FAMILY)).expect(FAMILY, _VERSION))


@lru_cache(maxsize=2)
def _unpacked(data: bytes) -> tuple[Memory, bytes]:
    memory = new_memory()
    places = {"counts": "slots"}
    sizes = [
        part(memory, places.get(name, name)).size * np.dtype(kind).itemsize
        for name, kind in _KINDS.items()
    ]
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
        raw = decompressor.decompress(data, sum(sizes) + (1 << 15))
    except lzma.LZMAError as error:
        raise DamagedFile(f"the model of JPEG files is damaged ({error})") from None
    if len(raw) < sum(sizes):
        raise DamagedFile("the model of JPEG files is shorter than announced")
    codes, counts, weights, maps, taps = (
        np.frombuffer(raw[end - size : end], kind).astype(np.int64)
        for size, end, kind in zip(sizes, np.cumsum(sizes), _KINDS.values(), strict=True)
    )
    logits = np.clip((codes - _MIDDLE) * _STEP, -REACH, REACH)
    slots = SQUASH[logits + REACH] << 16 | np.minimum((1 << counts) - 1, COUNT)
    part(memory, "slots")[:] = slots.astype(np.uint32).view(np.int32)
    part(memory, "weights")[:] = weights << _WEIGHT
    part(memory, "maps")[:] = maps
    part(memory, "taps")[:] = taps << _TAP
    return memory, raw[sum(sizes) :]
