"""A tile as bytes and back: planes in the order G, R, B, each with its circuit."""

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
from ncodec.formats.entropy.vectors import LANES
from ncodec.photo.features import FEATURES, MARGIN, bin_tables
from ncodec.photo.history import History
from ncodec.photo.levels import Levels
from ncodec.photo.model import PhotoModel
from ncodec.photo.plane import (
    CODE,
    DECODE,
    ERRORS,
    OBSERVE,
    OTHERS,
    OWN,
    Planes,
    Stream,
    Tables,
    run_plane,
)
from ncodec.photo.predict import Effort, Squares, squares
from ncodec.photo.together import run_rows

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
Running = tuple[NDArray[np.int32], NDArray[np.int32]]

CHANNELS = (1, 0, 2)
"""The channels in coding order, green first: it tells most about the others."""

_OWN = (
    (-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2),
    (1, -2), (-1, -2), (-2, -1), (2, -1), (-3, 0), (0, -3),
)  # fmt: skip
_OTHER = ((0, 0), (-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (1, -1), (1, 1))
assert (len(_OWN), len(_OTHER)) == (OWN, OTHERS)

_SIGNED, _MAGNITUDE = bin_tables()


EFFORTS = {
    "fast": Effort(0, 8, 8, (0.8, 0.9)),
    "medium": Effort(1, 4, 4, (0.77, 0.9)),
    "best": Effort(1, 4, 1, (0.77, 0.9)),
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
        self, streams: Sequence[Stream], circuits: Sequence[Running], threads: int, first: int = 0
    ) -> None:
        """Codes, decodes or observes the planes from `first` on, each with a circuit's table, which
        adapts, and leaves."""
        works = [
            self._work(plane, stream, circuits[plane])
            for plane, stream in zip(range(first, self.planes), streams, strict=False)
        ]
        run_rows(works, self.height, threads)

    def _work(self, plane: int, stream: Stream, circuit: Running) -> Callable[[int, int], None]:
        """What runs the rows of one plane from a first to before a last, in turn."""
        start = self.start(plane, circuit)

        def work(first: int, last: int) -> None:
            run_plane(self.all, plane, first, last, *start, stream)

        return work

    def start(
        self, plane: int, circuit: Running
    ) -> tuple[NDArray[np.int64], Squares, History, Tables]:
        """What `run_plane` knows before a plane's first row."""
        size = self.stride * (self.height + 2 * MARGIN)
        offsets = [plane * size + dy * self.stride + dx for dx, dy in _OWN]
        for other in range(plane):
            offsets += [other * size + dy * self.stride + dx for dx, dy in _OTHER]
        order = len(offsets) + ERRORS
        prior = np.zeros(order, dtype=np.float32)
        if plane:
            prior[OWN + (plane - 1) * OTHERS] = 1.0
        else:
            prior[:3] = 0.25, 0.25, -0.5
        equations = squares(order, self.width, self.effort, prior)
        history = History.before(self.width, self.height)
        tables = Tables(_SIGNED, _MAGNITUDE, FEATURES[plane], *circuit, _RATE)
        places = np.array(offsets + [0] * (2 * LANES - len(offsets)), dtype=np.int64)
        return places, equations, history, tables

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


def encode_tile(
    pixels: Pixels, bit_depth: int, model: PhotoModel, effort: str, threads: int = 1
) -> bytes:
    """The bytes of `pixels`, (height, width, 1 or 3), of 8 or 16 bits."""
    planes = planes_of(pixels)
    levels = Levels.of(planes, bit_depth)
    high, head, low_bits = levels.apart(planes)
    tile = Tile(pixels.shape, levels.depth, EFFORTS[effort])
    tile.inside[:] = high
    # A symbol has 22 bits at most; a far one is two.
    room = (1 if levels.depth == 8 else 2) * planes[0].size + 3
    streams = [
        Stream(CODE, start_encoding(), np.empty(room, np.uint32), *NOTHING_SEEN) for _ in planes
    ]
    tile.run(streams, running(model, tile.effort), threads)
    coded = [to_bytes(of.words, finish(of.coder, of.words)) for of in streams]
    counts = b"".join((len(part) // 4).to_bytes(3, "little") for part in coded[:-1])
    return b"".join([head, counts, *coded, low_bits])


def decode_tile(
    data: bytes,
    shape: tuple[int, int, int],
    bit_depth: int,
    model: PhotoModel,
    effort: str,
    threads: int = 1,
) -> Pixels:
    """The pixels of a tile, (height, width, 1 or 3), uint8 or uint16.

    Raises:
        DamagedFile: the bytes are none of such a tile.
    """
    height, width, channels = shape
    levels, data, low_bits = Levels.read(data, bit_depth, height * width * channels)
    tile = Tile(shape, levels.depth, EFFORTS[effort])
    streams = []
    for words in map(to_words, parted(data, channels)):
        streams.append(Stream(DECODE, start_decoding(words), words, *NOTHING_SEEN))
    tile.run(streams, running(model, tile.effort), threads)
    for stream in streams:
        require_intact(stream.coder, stream.words)
    planes = levels.together(tile.inside, low_bits)
    pixels = np.empty(shape, dtype=np.uint8 if bit_depth == 8 else np.uint16)
    for plane, channel in enumerate(CHANNELS if channels == 3 else (0,)):
        pixels[:, :, channel] = planes[plane]
    return pixels


def observe(pixels: Pixels, effort: Effort) -> list[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
    """What the circuits see of 8-bit `pixels`: for each plane, bins and predictions.

    Returns:
        Bins, uint8 [samples, features], and the leaves' two centres in quarter levels, int32
        [samples, 2].
    """
    planes = planes_of(pixels)
    tile = Tile(pixels.shape, 8, effort)
    tile.inside[:] = planes
    streams = [
        Stream(
            OBSERVE,
            np.zeros(4, np.uint64),
            np.zeros(1, np.uint32),
            np.empty(plane.size * features, np.uint8),
            np.empty(2 * plane.size, np.int32),
        )
        for plane, features in zip(planes, FEATURES, strict=False)
    ]
    tile.run(streams, [(_NONE, _NONE)] * len(planes), 1)
    return [
        (of.seen.reshape(-1, features), of.predictions.reshape(-1, 2))
        for of, features in zip(streams, FEATURES, strict=False)
    ]


def planes_of(pixels: Pixels) -> NDArray[np.int32]:
    """The planes in coding order, int32 (planes, height, width)."""
    order = CHANNELS if pixels.shape[2] == 3 else (0,)
    return np.stack([pixels[:, :, channel] for channel in order]).astype(np.int32)


def running(model: PhotoModel, effort: Effort) -> list[Running]:
    return [circuit.running() for circuit in model.sets[effort.circuits]]


def parted(data: bytes, count: int) -> list[bytes]:
    """The streams of so many planes: the words of all but the last, in 24 bits each, lead."""
    at, parts = 3 * (count - 1), []
    for plane in range(count - 1):
        size = 4 * int.from_bytes(data[3 * plane : 3 * plane + 3], "little")
        parts.append(data[at : at + size])
        at += size
    if at > len(data):
        raise DamagedFile(
            f"a tile's planes are said to have {at} bytes, of which there are {len(data)}: "
            "fetch the file again"
        )
    return [*parts, data[at:]]
