"""The trained state that coding starts from: what a mixer has learned, in few bytes."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats import Model
from ncodec.formats.entropy.logistic import REACH, SQUASH, STRETCH
from ncodec.jpeg.bits import BINS, GUESSES, MAPS, SETS, SLOTS, TAPS, Mixer, new_mixer
from ncodec.store import shipped_model

__all__ = ["FAMILY", "dictionary", "load_mixer", "pack_model"]

FAMILY = "pc-jpeg"
_VERSION = 1
_FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 23, "lc": 0, "lp": 0, "pb": 0}]

_STEP = 128
"""The unit of a stored probability, in the logistic domain."""

_SEEN = 24
"""How many bits a slot has seen that was stored: it still learns quickly."""

_WEIGHT, _TAP = 4, 2
"""Bits of weights that are not stored."""

_SIZES = (SLOTS, 2 * SETS * (GUESSES + 1), 2 * MAPS * BINS, 2 * 3 * 64 * TAPS)


def pack_model(mixer: Mixer, least: int, headers: bytes, tags: Mapping[str, Any]) -> Model:
    """A model file of what `mixer` has learned.

    Args:
        least: slots that have seen fewer bits are left out.
        headers: what files' headers often have, at most 32 KiB.
        tags: how it was made.
    """
    seen = mixer.slots & np.uint32(1023)
    logits = STRETCH[mixer.slots >> np.uint32(20)]
    middle = 128
    codes = np.where(seen < least, 0, np.rint(logits / _STEP).astype(np.int64) + middle)
    parts = (
        codes.astype(np.uint8),
        np.clip(mixer.weights >> _WEIGHT, -(1 << 15), (1 << 15) - 1).astype("<i2"),
        np.clip(mixer.maps, 0, 65535).astype("<u2"),
        np.clip(mixer.taps >> _TAP, -(1 << 15), (1 << 15) - 1).astype("<i2"),
    )
    raw = b"".join(part.tobytes() for part in parts) + headers
    return Model(FAMILY, _VERSION, lzma.compress(raw, lzma.FORMAT_RAW, filters=_FILTERS), tags)


def load_mixer(model: Model | None = None) -> Mixer:
    """A mixer in the state of `model`, by default the shipped one, which may adapt.

    Raises:
        UnsupportedFormat: it is a model of something else.
        MissingDependency: the installation lacks the shipped one.
    """
    mixer = _state(model)[0]
    learned = {name: getattr(mixer, name).copy() for name in ("slots", "weights", "maps", "taps")}
    return new_mixer()._replace(**learned)


def dictionary() -> bytes:
    """What files' headers often have, for zlib."""
    return _state(None)[1]


def _state(model: Model | None) -> tuple[Mixer, bytes]:
    return _unpacked((model or shipped_model(FAMILY)).expect(FAMILY, _VERSION))


@lru_cache(maxsize=2)
def _unpacked(data: bytes) -> tuple[Mixer, bytes]:
    most = sum(_SIZES) + (1 << 15)
    try:
        raw = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS).decompress(data, most)
    except lzma.LZMAError as error:
        raise DamagedFile(f"the model of JPEG files is damaged ({error})") from None
    if len(raw) < sum(_SIZES):
        raise DamagedFile("the model of JPEG files is shorter than announced")
    ends = np.cumsum(_SIZES)
    codes, weights, maps, taps = (
        np.frombuffer(raw[end - size : end], kind)
        for size, end, kind in zip(_SIZES, ends, ("u1", "<i2", "<u2", "<i2"), strict=True)
    )
    places = np.clip((codes.astype(np.int64) - 128) * _STEP, -REACH, REACH) + REACH
    slots = (SQUASH[places] << 16 | _SEEN).astype(np.uint32)
    slots[codes == 0] = 1 << 31
    mixer = new_mixer()._replace(
        slots=slots,
        weights=_widened(weights, _WEIGHT).reshape(SETS, GUESSES + 1),
        maps=_widened(maps, 0).reshape(MAPS, BINS),
        taps=_widened(taps, _TAP).reshape(3, 64, TAPS),
    )
    return mixer, raw[sum(_SIZES) :]


def _widened(values: NDArray[Any], shift: int) -> NDArray[np.int64]:
    wide: NDArray[np.int64] = values.astype(np.int64) << shift
    return wide
