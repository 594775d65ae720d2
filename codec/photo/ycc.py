"""A tile as the luma and chroma that it was made of; see `ncodec.photo.past` and docs/past.md.

    map u8 | kind and phases u8 | effort u8 | sizes u24 of misfits, luma, c2 | these, and c1

The luma plane has the tile's size; the chroma planes, which may be smaller, are predicted from what
of luma lies around their samples' places. Misfits are pixels that the integers do not give: a mask
and what is to be added there, both as tiles of simple content.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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

_HEAD, _SIZES = 3, 3
_TOP, _LEFT = 0x40, 0x80
_NAMES = tuple(EFFORTS)


def encode_ycc(
    past: Past, pixels: Pixels, model: PhotoModel, effort: str, threads: int = 1
) -> bytes:
    """The bytes of `pixels`, uint8 (height, width, 3), whose past is known."""
    height, width = past.luma.shape
    geometry = Geometry.of(KINDS[past.kind], height, width, past.top, past.left)
    planes = (past.luma, past.second, past.first)
    streams = [
        Stream(CODE, start_encoding(), np.empty(plane.size + 3, dtype=np.uint32), *NOTHING_SEEN)
        for plane in planes
    ]
    _run(past.kind, geometry, model, effort, threads, streams, planes)
    misfits = _misfits(_converted(past.map, past.kind, geometry, planes), pixels)
    parts = [misfits, *(to_bytes(of.words, finish(of.coder, of.words)) for of in streams)]
    kind = past.kind | _TOP * past.top | _LEFT * past.left
    head = bytes([past.map, kind, _NAMES.index(effort)])
    sizes = b"".join(len(part).to_bytes(_SIZES, "little") for part in parts[:-1])
    return b"".join([head, sizes, *parts])


def decode_ycc(
    data: bytes, shape: tuple[int, int, int], model: PhotoModel, threads: int = 1
) -> Pixels:
    """The pixels of a tile, uint8 (height, width, 3).

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    head = _Head.of(data)
    misfits, *coded = _parted(data[_HEAD:], 4)
    height, width, _ = shape
    geometry = Geometry.of(KINDS[head.kind], height, width, head.top, head.left)
    streams = [
        Stream(DECODE, start_decoding(words), words, *NOTHING_SEEN)
        for words in map(to_words, coded)
    ]
    planes = _run(head.kind, geometry, model, head.effort, threads, streams)
    for stream in streams:
        require_intact(stream.coder, stream.words)
    pixels = _converted(head.map, head.kind, geometry, planes)
    _correct(pixels, misfits)
    return pixels


class _Head(NamedTuple):
    map: int
    kind: int
    top: int
    left: int
    effort: str

    @classmethod
    def of(cls, data: bytes) -> _Head:
        number, kind, effort = (*data[:_HEAD], 255, 255, 255)[:_HEAD]
        top, left, kind = kind & _TOP > 0, kind & _LEFT > 0, kind & KIND_BITS
        unknown = number >= len(MAPS) or kind >= len(KINDS) or effort >= len(_NAMES)
        if unknown or (top and not KINDS[kind].down) or (left and not KINDS[kind].across):
            raise DamagedFile("the first bytes of a tile are damaged: fetch the file again")
        return cls(number, kind, int(top), int(left), _NAMES[effort])


def _parted(data: bytes, count: int) -> list[bytes]:
    """So many parts, of which all but the last have their sizes in front."""
    at, parts = _SIZES * (count - 1), []
    for part in range(count - 1):
        size = int.from_bytes(data[_SIZES * part : _SIZES * (part + 1)], "little")
        parts.append(data[at : at + size])
        at += size
    if at > len(data):
        raise DamagedFile(
            f"parts of a tile are said to have {at} bytes, of which there are {len(data)}: "
            "fetch the file again"
        )
    return [*parts, data[at:]]


def _run(
    kind: int,
    geometry: Geometry,
    model: PhotoModel,
    effort: str,
    threads: int,
    streams: list[Stream],
    planes: tuple[I32, ...] = (),
) -> tuple[I32, ...]:
    """Codes `planes`, luma and second and first chroma, or decodes them if there are none."""
    circuits = [circuit.running() for circuit in model.sets[EFFORTS[effort].circuits]]
    luma = Tile((geometry.height, geometry.width, 1), 8, EFFORTS[effort])
    chroma = Tile((geometry.rows, geometry.columns, 3), 8, EFFORTS[effort])
    if planes:
        luma.inside[0], chroma.inside[1], chroma.inside[2] = planes
    luma.run(streams[:1], circuits, threads)
    chroma.know(0, *(beside(KINDS[kind], geometry, plane) for plane in luma.coded(0)))
    chroma.run(streams[1:], circuits, threads, first=1)
    return luma.inside[0], chroma.inside[1], chroma.inside[2]


def _converted(number: int, kind: int, geometry: Geometry, planes: tuple[I32, ...]) -> Pixels:
    """The pixels that luma and second and first chroma give."""
    luma, second, first = map(np.ascontiguousarray, planes)
    chroma = np.empty((2, geometry.height, geometry.width), dtype=np.int32)
    enlarge(KINDS[kind], geometry, first, chroma[0])
    enlarge(KINDS[kind], geometry, second, chroma[1])
    pixels = np.empty((geometry.height, geometry.width, 3), dtype=np.uint8)
    to_rgb(MAPS[number], luma, chroma, pixels)
    return pixels


def _misfits(made: Pixels, pixels: Pixels) -> bytes:
    """How `pixels` differ from what the integers give."""
    mask = (made != pixels).any(axis=2)
    if not mask.any():
        return b""
    where = encode_simple(mask[:, :, np.newaxis].astype(np.uint8))
    extra = encode_simple((pixels - made)[mask][np.newaxis])
    return len(where).to_bytes(_SIZES, "little") + where + extra


def _correct(pixels: Pixels, misfits: bytes) -> None:
    """Adds to `pixels` what `_misfits` found to be missing."""
    if not misfits:
        return
    where, extra = _parted(misfits, 2)
    kind = np.dtype(np.uint8)
    mask = decode_simple(where, (*pixels.shape[:2], 1), kind)[:, :, 0] > 0
    count = int(mask.sum())
    if not count:
        raise DamagedFile("a tile has misfits, but none is marked: fetch the file again")
    pixels[mask] += decode_simple(extra, (1, count, 3), kind)[0]
