"""A tile as bytes and back: planes in the order G, R, B, and the low bits of deep samples.

    low bits kept apart u8 | bits that are zero in every sample u8 | range coder's words | low bits

Samples of more than 8 bits are coded down to the bit that noise has made random; the bits below
it are stored as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.photo.features import FEATURES, MARGIN, bin_tables
from ncodec.circuit.photo.model import PhotoModel
from ncodec.circuit.photo.plane import CODE, DECODE, OBSERVE, OTHERS, run_plane
from ncodec.formats.entropy.ranges import (
    finish,
    require_intact,
    start_decoding,
    start_encoding,
    to_bytes,
    to_words,
)
from ncodec.formats.errors import DamagedFile

__all__ = ["EFFORTS", "Effort", "decode_tile", "encode_tile", "observe"]

Pixels = NDArray[Any]

_ORDER = (1, 0, 2)
"""Green first: it tells most about the others."""

_OWN = (
    (-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2),
    (1, -2), (-1, -2), (-2, -1), (2, -1), (-3, 0), (0, -3),
)  # fmt: skip
_OTHER = ((0, 0), (-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (1, -1), (1, 1))
assert len(_OTHER) == OTHERS

_SIGNED, _MAGNITUDE = bin_tables()
_HEAD = 2
_NOISE = 6
"""Mean absolute prediction error, in levels, that deep samples are cut down to."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How a tile is predicted.

    Attributes:
        circuits: which of the model's sets.
        block: samples between two solutions of the least squares.
    """

    circuits: int
    block: int


EFFORTS = {"fast": Effort(0, 16), "medium": Effort(0, 4), "best": Effort(0, 1)}
_DECAY = np.float32(0.84)
_RATE = np.float32(3277)
_NONE = np.zeros((1, 32), dtype=np.int32)


class _Tile:
    """The arrays that a tile's planes share."""

    def __init__(self, shape: tuple[int, int, int], depth: int, effort: Effort) -> None:
        self.height, self.width, self.planes = shape
        self.depth, self.effort = depth, effort
        self.stride = self.width + 2 * MARGIN
        rows = self.height + 2 * MARGIN
        grey = 1 << (depth - 1)
        self.padded = np.full((self.planes, rows, self.stride), grey, dtype=np.int32)
        self.inside = self.padded[:, MARGIN : MARGIN + self.height, MARGIN : MARGIN + self.width]
        self.errors = np.zeros(self.padded.size, dtype=np.int32)
        self.activity = np.zeros(self.padded.size, dtype=np.int32)

    def run(
        self,
        mode: int,
        plane: int,
        circuit: tuple[NDArray[np.int32], NDArray[np.int32]],
        coder: NDArray[np.uint64],
        words: NDArray[np.uint32],
        seen: NDArray[np.uint8],
        predictions: NDArray[np.int32],
    ) -> None:
        size = self.stride * (self.height + 2 * MARGIN)
        offsets = [plane * size + dy * self.stride + dx for dx, dy in _OWN]
        for other in range(plane):
            offsets += [other * size + dy * self.stride + dx for dx, dy in _OTHER]
        prior = np.zeros(32, dtype=np.float32)
        if plane:
            prior[len(_OWN) + (plane - 1) * OTHERS] = 1.0
        else:
            prior[:3] = 0.25, 0.25, -0.5
        run_plane(
            mode,
            plane,
            self.width,
            self.height,
            self.depth,
            self.padded.reshape(-1),
            self.errors,
            self.activity,
            np.array(offsets, dtype=np.int64),
            prior,
            self.effort.block,
            _DECAY,
            _SIGNED,
            _MAGNITUDE,
            FEATURES[plane],
            *circuit,
            _RATE,
            coder,
            words,
            seen,
            predictions,
        )


def encode_tile(pixels: Pixels, bit_depth: int, model: PhotoModel, effort: str) -> bytes:
    """The bytes of `pixels`, (height, width, 1 or 3), samples below 2^bit_depth."""
    planes = _planes(pixels)
    zeros, low = _cuts(planes, bit_depth)
    tile = _Tile(pixels.shape, max(8, bit_depth - zeros - low), EFFORTS[effort])
    tile.inside[:] = planes >> (zeros + low)
    per_sample = 1 if tile.depth == 8 else 2
    words = np.empty(per_sample * pixels.size + 3, dtype=np.uint32)
    coder = start_encoding()
    circuits = model.sets[tile.effort.circuits]
    for plane in range(len(planes)):
        tile.run(CODE, plane, circuits[plane].running(), coder, words, _NO_BINS, _NO_VALUES)
    count = finish(coder, words)
    rest = (planes >> zeros) & ((1 << low) - 1)
    return bytes([low, zeros]) + to_bytes(words, count) + _pack_bits(rest, low)


def decode_tile(
    data: bytes, shape: tuple[int, int, int], bit_depth: int, model: PhotoModel, effort: str
) -> Pixels:
    """The pixels of a tile, (height, width, 1 or 3), uint8 or uint16.

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    height, width, channels = shape
    count = height * width * channels
    low, zeros = data[:_HEAD] if len(data) >= _HEAD else (255, 255)
    stored = (count * low + 7) // 8
    if ((low or zeros) and low + zeros > bit_depth - 1) or len(data) < _HEAD + stored:
        raise DamagedFile(
            f"a tile of {len(data)} bytes is damaged in its first bytes: fetch the file again"
        )
    tile = _Tile(shape, max(8, bit_depth - zeros - low), EFFORTS[effort])
    words = to_words(data[_HEAD : len(data) - stored])
    coder = start_decoding(words)
    circuits = model.sets[tile.effort.circuits]
    for plane in range(channels):
        tile.run(DECODE, plane, circuits[plane].running(), coder, words, _NO_BINS, _NO_VALUES)
    require_intact(coder, words)
    planes = tile.inside << low
    if low:
        planes |= _unpack_bits(data[len(data) - stored :], low, planes.shape)
    kind = np.uint8 if bit_depth <= 8 else np.uint16
    order = _ORDER if channels == 3 else (0,)
    pixels = np.empty(shape, dtype=kind)
    for plane, channel in enumerate(order):
        pixels[:, :, channel] = planes[plane] << zeros
    return pixels


def observe(pixels: Pixels, effort: Effort) -> list[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
    """What the circuits see of 8-bit `pixels`: bins and predictions, by plane.

    Returns:
        Bins, uint8 [samples, features], and predictions in quarter levels, int32 [samples].
    """
    planes = _planes(pixels)
    tile = _Tile(pixels.shape, 8, effort)
    tile.inside[:] = planes
    found = []
    for plane in range(len(planes)):
        seen = np.empty(planes[plane].size * FEATURES[plane], dtype=np.uint8)
        predictions = np.empty(planes[plane].size, dtype=np.int32)
        coder, words = np.zeros(4, dtype=np.uint64), np.zeros(1, dtype=np.uint32)
        tile.run(OBSERVE, plane, (_NONE, _NONE), coder, words, seen, predictions)
        found.append((seen.reshape(-1, FEATURES[plane]), predictions))
    return found


_NO_BINS = np.zeros(1, dtype=np.uint8)
_NO_VALUES = np.zeros(1, dtype=np.int32)


def _planes(pixels: Pixels) -> NDArray[np.int32]:
    """Planes in coding order, int32 (planes, height, width)."""
    order = _ORDER if pixels.shape[2] == 3 else (0,)
    return np.stack([pixels[:, :, channel] for channel in order]).astype(np.int32)


def _cuts(planes: NDArray[np.int32], bit_depth: int) -> tuple[int, int]:
    """How many low bits are always zero, and how many of the others to store as they are."""
    if bit_depth <= 8:
        return 0, 0
    used = int(np.bitwise_or.reduce(planes, axis=None))
    zeros = (used & -used).bit_length() - 1 if used else bit_depth - 1
    values = planes >> zeros
    steps = np.abs(
        values[:, 1:, 1:] - values[:, 1:, :-1] - values[:, :-1, 1:] + values[:, :-1, :-1]
    )
    noise = int(steps.mean() / 2) if steps.size else 0
    low = max(0, (noise // _NOISE).bit_length() - 1)
    return zeros, min(low, max(0, bit_depth - zeros - 8))


def _pack_bits(values: NDArray[np.int32], count: int) -> bytes:
    bits = (values.reshape(-1, 1) >> np.arange(count)) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


def _unpack_bits(data: bytes, count: int, shape: tuple[int, ...]) -> NDArray[np.int32]:
    size = int(np.prod(shape))
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=size * count)
    weights = np.left_shift(1, np.arange(count), dtype=np.int32)
    return (bits.reshape(size, count) @ weights).reshape(shape).astype(np.int32)
