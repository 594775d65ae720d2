"""A tile of deep samples as bytes and back.

    bits of a sample u8 | least sample u16 | bytes of the table u24 | table | streams

All integers are little-endian. Samples that use few of their values are replaced by ranks, as in
`levels`; the least one is taken away from others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from ncodec.photo.deep.chances import Chances, new_chances
from ncodec.photo.deep.guesses import CONTEXTS as GUESS_CONTEXTS
from ncodec.photo.deep.low_bits import CONTEXTS
from ncodec.photo.deep.plane import run_deep_plane
from ncodec.photo.kernel import (
    CHANNELS,
    EFFORTS,
    Running,
    Tile,
    parted,
    planes_of,
    running,
)
from ncodec.photo.levels import pack_values, unpack_values
from ncodec.photo.model import PhotoModel
from ncodec.photo.together import run_rows

__all__ = ["decode_deep", "encode_deep"]

_HEAD = 6
_WORDS = 20
"""The most words that a sample takes: an interval, 16 bits, and as many for a distance."""

Pixels = NDArray[Any]
_Coder = tuple[NDArray[np.uint64], NDArray[np.uint32], bool]
"""The state of a range coder, its words, and whether it encodes."""


class _DeepTile(Tile):
    """The arrays that a tile's planes share."""

    def code(self, coders: Sequence[_Coder], circuits: Sequence[Running], threads: int) -> None:
        """Codes or decodes all planes, each with a circuit's table, which adapts, and leaves."""
        rights = np.zeros(self.padded.size, dtype=np.uint8)

        def work_of(plane: int, coder: _Coder) -> Callable[[int, int], None]:
            start = self.start(plane, circuits[plane])
            guessed, bits = new_chances(GUESS_CONTEXTS, *coder), new_chances(CONTEXTS, *coder)

            def work(first: int, last: int) -> None:
                run_deep_plane(self.all, plane, first, last, *start, rights, guessed, bits)

            return work

        run_rows([work_of(*both) for both in enumerate(coders)], self.height, threads)


def encode_deep(pixels: Pixels, model: PhotoModel, effort: str, threads: int = 1) -> bytes:
    """The bytes of `pixels`, uint16 (height, width, 1 or 3)."""
    planes = planes_of(pixels)
    values = np.unique(planes)
    least, table = int(values[0]), pack_values(values, planes.size)
    planes = np.searchsorted(values, planes).astype(np.int32) if table else planes - least
    depth = max(8, int(planes.max()).bit_length())
    tile = _DeepTile(pixels.shape, depth, EFFORTS[effort])
    tile.inside[:] = planes
    room = _WORDS * planes[0].size + 3
    coders = [(start_encoding(), np.empty(room, np.uint32), True) for _ in planes]
    tile.code(coders, running(model, tile.effort), threads)
    coded = [to_bytes(words, finish(coder, words)) for coder, words, _ in coders]
    counts = b"".join((len(part) // 4).to_bytes(3, "little") for part in coded[:-1])
    head = bytes([depth]) + least.to_bytes(2, "little") + len(table).to_bytes(3, "little")
    return b"".join([head, table, counts, *coded])


def decode_deep(
    data: bytes, shape: tuple[int, int, int], model: PhotoModel, effort: str, threads: int = 1
) -> Pixels:
    """The pixels of a tile, uint16 (height, width, 1 or 3).

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    start = _HEAD + int.from_bytes(data[3:_HEAD], "little")
    if len(data) < start or not 8 <= data[0] <= 16:
        raise DamagedFile("the first bytes of a deep tile are damaged: fetch the file again")
    least = int.from_bytes(data[1:3], "little")
    values = unpack_values(data[_HEAD:start], 16) if start > _HEAD else None
    tile = _DeepTile(shape, data[0], EFFORTS[effort])
    streams = map(to_words, parted(data[start:], shape[2]))
    coders = [(start_decoding(words), words, False) for words in streams]
    tile.code(coders, running(model, tile.effort), threads)
    for coder, words, _ in coders:
        require_intact(coder, words)
    # A damaged tile may name ranks and samples that there are not.
    planes = tile.inside if values is None else values[np.minimum(tile.inside, len(values) - 1)]
    planes = np.minimum(planes + (least if values is None else 0), 0xFFFF)
    pixels = np.empty(shape, dtype=np.uint16)
    for plane, channel in enumerate(CHANNELS if shape[2] == 3 else (0,)):
        pixels[:, :, channel] = planes[plane]
    return pixels
