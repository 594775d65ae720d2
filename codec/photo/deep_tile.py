"""A tile of deep samples as bytes and back.

    turn u8 | depth u8 | first u16 | bytes of the table u24 | table | streams

Samples are taken less `first`, modulo 2^turn, which brings negative numbers, stored as the largest
ones, back to the others. Those that use few of their values are replaced by ranks, as in `levels`.
What is left has `depth` bits.
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
from ncodec.photo.deep.beyond import BEYOND
from ncodec.photo.deep.blending import PREDICTIONS
from ncodec.photo.deep.chances import new_chances
from ncodec.photo.deep.guesses import CONTEXTS
from ncodec.photo.deep_plane import run_deep_plane
from ncodec.photo.history import History
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

_HEAD = 7
_WORDS = 22
"""The most words that a sample takes: 6 bits and a distance of 40, of at most 15 bits each."""

Pixels = NDArray[Any]
_Coder = tuple[NDArray[np.uint64], NDArray[np.uint32], bool]
"""The state of a range coder, its words, and whether it encodes."""


class _DeepTile(Tile):
    """The arrays that a tile's planes share."""

    def code(self, coders: Sequence[_Coder], circuits: Sequence[Running], threads: int) -> None:
        """Codes or decodes all planes, each with a circuit's table, which adapts, and leaves."""
        rights = np.zeros(self.padded.size, dtype=np.uint8)

        def work_of(plane: int, coder: _Coder) -> Callable[[int, int], None]:
            places, equations, _, tables = self.start(plane, circuits[plane])
            history = History.before(self.width, self.height, PREDICTIONS)
            latest = np.zeros(1, dtype=np.int64)
            chances = new_chances(CONTEXTS, *coder), new_chances(BEYOND, *coder)
            start = (places, equations, history, tables, rights, latest, *chances)

            def work(first: int, last: int) -> None:
                run_deep_plane(self.all, plane, first, last, *start)

            return work

        run_rows([work_of(*both) for both in enumerate(coders)], self.height, threads)


def encode_deep(pixels: Pixels, model: PhotoModel, effort: str, threads: int = 1) -> bytes:
    """The bytes of `pixels`, uint16 (height, width, 1 or 3)."""
    planes = planes_of(pixels)
    turn = max(8, int(planes.max()).bit_length())
    first = _first(np.unique(planes), 1 << turn)
    planes = (planes - first) & ((1 << turn) - 1)
    values = np.unique(planes)
    table = pack_values(values, planes.size)
    if table:
        planes = np.searchsorted(values, planes).astype(np.int32)
    depth = max(8, int(planes.max()).bit_length())
    tile = _DeepTile(pixels.shape, depth, EFFORTS[effort])
    tile.inside[:] = planes
    room = _WORDS * planes[0].size + 3
    coders = [(start_encoding(), np.empty(room, np.uint32), True) for _ in planes]
    tile.code(coders, running(model, tile.effort), threads)
    coded = [to_bytes(words, finish(coder, words)) for coder, words, _ in coders]
    counts = b"".join((len(part) // 4).to_bytes(3, "little") for part in coded[:-1])
    head = bytes([turn, depth]) + first.to_bytes(2, "little") + len(table).to_bytes(3, "little")
    return b"".join([head, table, counts, *coded])


def _first(values: NDArray[np.int32], modulus: int) -> int:
    """The least of the values, ascending, or the one behind a gap of a quarter of all numbers below
    `modulus` or more: negative samples look like the largest ones."""
    gaps = np.diff(values)
    widest = int(np.argmax(gaps)) if len(gaps) else 0
    return int(values[widest + 1 if len(gaps) and 4 * gaps[widest] >= modulus else 0])


def decode_deep(
    data: bytes, shape: tuple[int, int, int], model: PhotoModel, effort: str, threads: int = 1
) -> Pixels:
    """The pixels of a tile, uint16 (height, width, 1 or 3).

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    start = _HEAD + int.from_bytes(data[4:_HEAD], "little")
    if len(data) < start or not 8 <= min(data[:2]) <= max(data[:2]) <= 16:
        raise DamagedFile("the first bytes of a deep tile are damaged: fetch the file again")
    turn, depth, first = data[0], data[1], int.from_bytes(data[2:4], "little")
    values = unpack_values(data[_HEAD:start], 16) if start > _HEAD else None
    tile = _DeepTile(shape, depth, EFFORTS[effort])
    streams = map(to_words, parted(data[start:], shape[2]))
    coders = [(start_decoding(words), words, False) for words in streams]
    tile.code(coders, running(model, tile.effort), threads)
    for coder, words, _ in coders:
        require_intact(coder, words)
    # A damaged tile may name ranks and samples that there are not.
    planes = tile.inside if values is None else values[np.minimum(tile.inside, len(values) - 1)]
    planes = (planes + first) & ((1 << turn) - 1)
    pixels = np.empty(shape, dtype=np.uint16)
    for plane, channel in enumerate(CHANNELS if shape[2] == 3 else (0,)):
        pixels[:, :, channel] = planes[plane]
    return pixels
