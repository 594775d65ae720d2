"""A trained set of circuits: one a plane for each kind of prediction, in integers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import DamagedFile
from ncodec.formats import Model
from ncodec.photo.features import BINS, FEATURES
from ncodec.photo.mixture import CELLS, STATES
from ncodec.store import shipped_model

__all__ = ["FAMILY", "SETS", "Circuit", "PhotoModel", "load_model"]

FAMILY = "pc-photo"
SETS = 2
"""The sets of circuits: one for a solution of the least squares every 8 samples, one for more
frequent ones."""

_VERSION = 1
_FINE = 4
"""The bits that a table entry has at run time below the 2^-12 that are stored."""
_WHOLE = (1 << 16) - 1


@dataclass(frozen=True)
class Circuit:
    """The circuit of one plane.

    Attributes:
        table: log2 weights in 2^-12, int16 [features * 32, 32 states]; rows by feature and bin.
        leaves: cumulative probability below each quarter-level edge in 2^-16, uint16
            [2048, 32 states]; each state's column ascends from 0 to 65535.
    """

    table: NDArray[np.int16]
    leaves: NDArray[np.uint16]

    def running(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """A copy of the table that may adapt, int32 in 2^-16, and the leaves as int32."""
        table = _aligned(self.table.shape)
        table[:] = self.table
        table <<= _FINE
        leaves = _aligned(self.leaves.shape)
        leaves[:] = self.leaves
        return table, leaves

    @classmethod
    def quantised(cls, logits: NDArray[Any], density: NDArray[Any]) -> Circuit:
        """The circuit nearest to log2 weights and to probabilities of cells, [2048, 32]."""
        table = np.clip(np.rint(logits * 4096), -(1 << 15), (1 << 15) - 1).astype(np.int16)
        below = np.cumsum(density, axis=0) - density
        leaves = np.floor(below / below[-1] * _WHOLE).astype(np.uint16)
        return cls(table, leaves)


class PhotoModel:
    """The circuits of every set and plane, with how they were made.

    Args:
        sets: for each set the circuits of a first, second and third plane.
        tags: tool, seed, options, figures.
        model: the model file that they come from, if any.
    """

    def __init__(
        self,
        sets: Sequence[Sequence[Circuit]],
        tags: Mapping[str, Any],
        model: Model | None = None,
    ) -> None:
        self.sets = tuple(tuple(planes) for planes in sets)
        self.model = model or Model(FAMILY, _VERSION, _packed(self.sets), tags)

    @property
    def digest(self) -> bytes:
        """BLAKE3 of the model file."""
        return self.model.digest

    def pack(self) -> bytes:
        """The model file's bytes."""
        return self.model.pack()

    @classmethod
    def of(cls, model: Model) -> PhotoModel:
        """The circuits in a model file.

        Raises:
            UnsupportedFormat: it is another family's, or newer.
            DamagedFile: it holds no circuits.
        """
        sets = _unpacked(model.expect(FAMILY, _VERSION))
        return cls(sets, model.tags, model)

    @classmethod
    def unpack(cls, data: bytes) -> PhotoModel:
        """The circuits in the bytes of a model file; raises what `of` does."""
        return cls.of(Model.unpack(data))


@cache
def load_model() -> PhotoModel:
    """The model that comes with ncodec.

    Raises:
        MissingDependency: the installation lacks it.
    """
    return PhotoModel.of(shipped_model(FAMILY))


def _aligned(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """A C-ordered array whose rows of 32 begin with a cache line."""
    line = 16
    room = np.empty(int(np.prod(shape)) + line, dtype=np.int32)
    start = -(room.ctypes.data // 4) % line
    return room[start : len(room) - line + start].reshape(shape)


def _packed(sets: Sequence[Sequence[Circuit]]) -> bytes:
    parts = [bytes([len(sets)])]
    for planes in sets:
        for circuit in planes:
            parts.append(np.diff(circuit.table, axis=0, prepend=0).T.astype("<i2").tobytes())
            parts.append(np.diff(circuit.leaves, axis=0, prepend=0).T.astype("<u2").tobytes())
    return zlib.compress(b"".join(parts), 9)


def _unpacked(data: bytes) -> list[list[Circuit]]:
    table_bytes = [2 * count * BINS * STATES for count in FEATURES]
    leaf_bytes = 2 * CELLS * STATES
    a_set = sum(table_bytes) + len(FEATURES) * leaf_bytes
    decompressor = zlib.decompressobj()
    try:
        raw = decompressor.decompress(data, 1 + SETS * a_set)
    except zlib.error as error:
        raise DamagedFile(f"the circuits of a photograph model are damaged ({error})") from None
    whole = decompressor.eof and not decompressor.unused_data
    if not whole or len(raw) != 1 + SETS * a_set or raw[0] != SETS:
        raise DamagedFile("the circuits of a photograph model are of another size than announced")
    at, sets = 1, []
    for _ in range(SETS):
        planes = []
        for size in table_bytes:
            table = np.frombuffer(raw, "<i2", size // 2, at).reshape(STATES, -1).T
            leaves = np.frombuffer(raw, "<u2", leaf_bytes // 2, at + size).reshape(STATES, CELLS).T
            at += size + leaf_bytes
            sums = np.cumsum(leaves, axis=0, dtype=np.int64)
            if sums[-1].max() > _WHOLE:
                raise DamagedFile("a leaf of a photograph model has more than all probability")
            planes.append(Circuit(np.cumsum(table, axis=0, dtype=np.int16), sums.astype(np.uint16)))
        sets.append(planes)
    return sets
