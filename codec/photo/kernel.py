"""A tile as bytes and back: planes in the order G, R, B, each with its circuit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.ranges import (
    finish,
    require_intact,
    start_decoding,
    start_encoding,
    to_bytes,
    to_words,
)
from ncodec.photo.features import FEATURES, MARGIN, bin_tables
from ncodec.photo.levels import Levels
from ncodec.photo.model import PhotoModel
from ncodec.photo.plane import (
    CODE,
    DECODE,
    OBSERVE,
    OTHERS,
    Planes,
    Stream,
    Tables,
    run_plane,
)
from ncodec.photo.predict import squares

__all__ = [
    "CHANNELS",
    "EFFORTS",
    "NOTHING_SEEN",
    "Effort",
    "Tile",
    "decode_tile",
    "encode_tile",
    "observe",
]

Pixels = NDArray[Any]

CHANNELS = (1, 0, 2)
"""The channels in coding order, green first: it tells most about the others."""

_OWN = (
    (-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2),
    (1, -2), (-1, -2), (-2, -1), (2, -1), (-3, 0), (0, -3),
)  # fmt: skip
_OTHER = ((0, 0), (-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (1, -1), (1, 1))
assert len(_OTHER) == OTHERS

_SIGNED, _MAGNITUDE = bin_tables()


@dataclass(frozen=True, slots=True)
class Effort:
    """How a tile is predicted.

    Attributes:
        circuits: the number of the set among the model's.
        block: samples between two solutions of the least squares.
        decays: of one or two windows of the least squares.
    """

    circuits: int
    block: int
    decays: tuple[float, ...]


EFFORTS = {
    "fast": Effort(0, 16, (0.85,)),
    "medium": Effort(1, 4, (0.8, 0.9)),
    "best": Effort(1, 1, (0.8, 0.9)),
}
_RATE = np.float32(3277)
_NONE = np.zeros((1, 32), dtype=np.int32)
NOTHING_SEEN = (np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.int32))
"""What coding needs of the arrays that observing fills."""


class Tile:
    """The arrays that a tile's planes share."""

    def __init__(self, shape: tuple[int, int, int], depth: int, effort: Effort) -> None:
        self.height, self.width, self.planes = shape
        self.effort = effort
        self.stride = self.width + 2 * MARGIN
        rows = self.height + 2 * MARGIN
        grey = 1 << (depth - 1)
        self.padded = np.full((self.planes, rows, self.stride), grey, dtype=np.int32)
        self.inside = self.padded[:, MARGIN : MARGIN + self.height, MARGIN : MARGIN + self.width]
        self.all = Planes(
            self.width,
            self.height,
            depth,
            self.padded.reshape(-1),
            errors=np.zeros(self.padded.size, dtype=np.int32),
            activity=np.zeros(self.padded.size, dtype=np.int32),
        )

    def run(
        self,
        plane: int,
        circuit: tuple[NDArray[np.int32], NDArray[np.int32]],
        stream: Stream,
    ) -> None:
        """Codes, decodes or observes a plane with a circuit's table, which adapts, and leaves."""
        size = self.stride * (self.height + 2 * MARGIN)
        offsets = [plane * size + dy * self.stride + dx for dx, dy in _OWN]
        for other in range(plane):
            offsets += [other * size + dy * self.stride + dx for dx, dy in _OTHER]
        prior = np.zeros(32, dtype=np.float32)
        if plane:
            prior[len(_OWN) + (plane - 1) * OTHERS] = 1.0
        else:
            prior[:3] = 0.25, 0.25, -0.5
        decays = self.effort.decays
        equations = squares(len(offsets), self.width, self.effort.block, decays, prior)
        tables = Tables(_SIGNED, _MAGNITUDE, FEATURES[plane], *circuit, _RATE)
        run_plane(self.all, plane, np.array(offsets, dtype=np.int64), equations, tables, stream)

    def know(self, plane: int, samples: NDArray[np.int32], errors: NDArray[np.int32]) -> None:
        """Takes `samples` and `errors`, int32 (height, width), for those of a plane that is coded
        otherwise, and what stands around them from their edges."""
        self.padded[plane] = np.pad(samples, MARGIN, mode="edge")
        self.all.errors.reshape(self.padded.shape)[plane] = np.pad(errors, MARGIN, mode="edge")

    def coded(self, plane: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The samples and errors of a plane, int32 (height, width) each."""
        errors = self.all.errors.reshape(self.padded.shape)[plane]
        inside = errors[MARGIN : MARGIN + self.height, MARGIN : MARGIN + self.width]
        return self.inside[plane], inside


def encode_tile(pixels: Pixels, bit_depth: int, model: PhotoModel, effort: str) -> bytes:
    """The bytes of `pixels`, (height, width, 1 or 3), of 8 or 16 bits."""
    planes = _planes(pixels)
    levels = Levels.of(planes, bit_depth)
    high, head, low_bits = levels.apart(planes)
    tile = Tile(pixels.shape, levels.depth, EFFORTS[effort])
    tile.inside[:] = high
    # A symbol has 22 bits at most; a far one is two.
    words = np.empty((1 if levels.depth == 8 else 2) * pixels.size + 3, dtype=np.uint32)
    coder = start_encoding()
    stream = Stream(CODE, coder, words, *NOTHING_SEEN)
    for plane, circuit in zip(range(len(planes)), model.sets[tile.effort.circuits], strict=False):
        tile.run(plane, circuit.running(), stream)
    return head + to_bytes(words, finish(coder, words)) + low_bits


def decode_tile(
    data: bytes, shape: tuple[int, int, int], bit_depth: int, model: PhotoModel, effort: str
) -> Pixels:
    """The pixels of a tile, (height, width, 1 or 3), uint8 or uint16.

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    height, width, channels = shape
    levels, data, low_bits = Levels.read(data, bit_depth, height * width * channels)
    words = to_words(data)
    coder = start_decoding(words)
    tile = Tile(shape, levels.depth, EFFORTS[effort])
    stream = Stream(DECODE, coder, words, *NOTHING_SEEN)
    for plane, circuit in zip(range(channels), model.sets[tile.effort.circuits], strict=False):
        tile.run(plane, circuit.running(), stream)
    require_intact(coder, words)
    planes = levels.together(tile.inside, low_bits)
    pixels = np.empty(shape, dtype=np.uint8 if bit_depth == 8 else np.uint16)
    for plane, channel in enumerate(CHANNELS if channels == 3 else (0,)):
        pixels[:, :, channel] = planes[plane]
    return pixels


def observe(pixels: Pixels, effort: Effort) -> list[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
    """What the circuits see of 8-bit `pixels`: for each plane, bins and predictions.

    Returns:
        Bins, uint8 [samples, features], and predictions in quarter levels, int32 [samples].
    """
    planes = _planes(pixels)
    tile = Tile(pixels.shape, 8, effort)
    tile.inside[:] = planes
    views = []
    for plane in range(len(planes)):
        seen = np.empty(planes[plane].size * FEATURES[plane], dtype=np.uint8)
        predictions = np.empty(planes[plane].size, dtype=np.int32)
        coder, words = np.zeros(4, dtype=np.uint64), np.zeros(1, dtype=np.uint32)
        tile.run(plane, (_NONE, _NONE), Stream(OBSERVE, coder, words, seen, predictions))
        views.append((seen.reshape(-1, FEATURES[plane]), predictions))
    return views


def _planes(pixels: Pixels) -> NDArray[np.int32]:
    """The planes in coding order, int32 (planes, height, width)."""
    order = CHANNELS if pixels.shape[2] == 3 else (0,)
    return np.stack([pixels[:, :, channel] for channel in order]).astype(np.int32)
