"""A tile as the luma and chroma that it was made of; see `ncodec.photo.past`.

    map u8 | kind and phases u8 | effort u8 | bytes of misfits u24 | misfits | stream

The luma plane has the tile's size, the chroma planes may be smaller: they are predicted from what
of luma lies at their samples' places. Misfits are pixels that the integers do not give: a mask and
what is to be added there, both as tiles of simple content.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats.entropy.ranges import (
    finish,
    require_intact,
    start_decoding,
    start_encoding,
    to_bytes,
    to_words,
)
from ncodec.photo.describing import KIND_BITS
from ncodec.photo.kernel import EFFORTS, NOTHING_SEEN, Tile
from ncodec.photo.model import PhotoModel
from ncodec.photo.past.enlarging import KINDS, Geometry, beside, enlarge
from ncodec.photo.past.finding import Past
from ncodec.photo.past.maps import MAPS, to_rgb
from ncodec.photo.plane import CODE, DECODE, Stream
from ncodec.photo.simple.coding import decode_simple, encode_simple

__all__ = ["decode_ycc", "encode_ycc"]

Pixels = NDArray[Any]
I32 = NDArray[np.int32]

_HEAD = 6
_TOP, _LEFT = 0x40, 0x80
_NAMES = tuple(EFFORTS)


def encode_ycc(past: Past, pixels: Pixels, model: PhotoModel, effort: str) -> bytes:
    """The bytes of `pixels`, uint8 (height, width, 3), whose past is known."""
    misfits = _misfits(past, pixels)
    size = past.luma.size + past.first.size + past.second.size
    words = np.empty(size + 3, dtype=np.uint32)
    coder = start_encoding()
    stream = Stream(CODE, coder, words, *NOTHING_SEEN)
    geometry = _geometry(past.kind, past.top, past.left, past.luma.shape)
    _run(past.kind, geometry, model, effort, stream, (past.luma, past.second, past.first))
    kind = past.kind | _TOP * past.top | _LEFT * past.left
    head = bytes([past.map, kind, _NAMES.index(effort)]) + len(misfits).to_bytes(3, "little")
    return head + misfits + to_bytes(words, finish(coder, words))


def decode_ycc(data: bytes, shape: tuple[int, int, int], model: PhotoModel) -> Pixels:
    """The pixels of a tile, uint8 (height, width, 3).

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    number, kind, top, left, effort, misfits, coded = _parts(data)
    height, width, _ = shape
    words = to_words(coded)
    coder = start_decoding(words)
    stream = Stream(DECODE, coder, words, *NOTHING_SEEN)
    geometry = _geometry(kind, top, left, (height, width))
    luma, second, first = _run(kind, geometry, model, effort, stream)
    require_intact(coder, words)
    pixels = _converted(number, kind, geometry, luma, first, second)
    _correct(pixels, misfits)
    return pixels


def _parts(data: bytes) -> tuple[int, int, int, int, str, bytes, bytes]:
    number, kind, effort = (*data[:3], 255, 255, 255)[:3]
    end = _HEAD + int.from_bytes(data[3:_HEAD], "little")
    top, left, kind = kind & _TOP, kind & _LEFT, kind & KIND_BITS
    bad = number >= len(MAPS) or kind >= len(KINDS) or effort >= len(_NAMES) or end > len(data)
    if bad or (top and not KINDS[kind].down) or (left and not KINDS[kind].across):
        raise DamagedFile("the first bytes of a tile are damaged: fetch the file again")
    return (
        number, kind, int(top > 0), int(left > 0), _NAMES[effort], data[_HEAD:end], data[end:]
    )  # fmt: skip


def _geometry(kind: int, top: int, left: int, shape: tuple[int, ...]) -> Geometry:
    return Geometry.of(KINDS[kind], shape[0], shape[1], top, left)


def _run(
    kind: int,
    geometry: Geometry,
    model: PhotoModel,
    effort: str,
    stream: Stream,
    planes: tuple[I32, ...] = (),
) -> tuple[I32, ...]:
    """Codes `planes`, luma and second and first chroma, or decodes them if there are none."""
    circuits = model.sets[EFFORTS[effort].circuits]
    luma = Tile((geometry.height, geometry.width, 1), 8, EFFORTS[effort])
    chroma = Tile((geometry.rows, geometry.columns, 3), 8, EFFORTS[effort])
    if planes:
        luma.inside[0], chroma.inside[1], chroma.inside[2] = planes
    luma.run(0, circuits[0].running(), stream)
    chroma.know(0, *(beside(KINDS[kind], geometry, plane) for plane in luma.coded(0)))
    chroma.run(1, circuits[1].running(), stream)
    chroma.run(2, circuits[2].running(), stream)
    return luma.inside[0], chroma.inside[1], chroma.inside[2]


def _converted(
    number: int, kind: int, geometry: Geometry, luma: I32, first: I32, second: I32
) -> Pixels:
    whole = np.empty((2, geometry.height, geometry.width), dtype=np.int32)
    for small, out in zip((first, second), whole, strict=True):
        enlarge(KINDS[kind], geometry, np.ascontiguousarray(small), out)
    pixels = np.empty((geometry.height, geometry.width, 3), dtype=np.uint8)
    to_rgb(MAPS[number], np.ascontiguousarray(luma), whole, pixels)
    return pixels


def _misfits(past: Past, pixels: Pixels) -> bytes:
    geometry = _geometry(past.kind, past.top, past.left, past.luma.shape)
    made = _converted(past.map, past.kind, geometry, past.luma, past.first, past.second)
    mask = (made != pixels).any(axis=2)
    if not mask.any():
        return b""
    where = encode_simple(mask[:, :, np.newaxis].astype(np.uint8))
    extra = encode_simple((pixels - made)[mask][np.newaxis])
    return len(where).to_bytes(3, "little") + where + extra


def _correct(pixels: Pixels, misfits: bytes) -> None:
    """Adds to `pixels` what `_misfits` found missing."""
    if not misfits:
        return
    end = 3 + int.from_bytes(misfits[:3], "little")
    kind = np.dtype(np.uint8)
    mask = decode_simple(misfits[3:end], (*pixels.shape[:2], 1), kind)[:, :, 0] > 0
    count = int(mask.sum())
    if not count:
        raise DamagedFile("a tile has misfits, but none is marked: fetch the file again")
    pixels[mask] += decode_simple(misfits[end:], (1, count, 3), kind)[0]
