"""Blocks of which only a part is seen: coefficients that give what is seen, and are likely.

The samples that are seen, in units of their noise, and the coefficients, in units of their spread,
are linear in the integers that are sought: these are a point of a lattice near a given one. Its
basis is reduced (Lenstra, Lenstra, Lovász), and the point found plane by plane (Babai).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.past.jpeg_combs import SAMPLES

__all__ = ["Lattice"]

Array = NDArray[Any]


class Lattice:
    """All blocks of one quantiser table that show the same samples.

    Args:
        seen: bool [64], the samples that are known.
        table: float [64], the quantisers.
        spread: float [64], how far coefficients are from 0, as standard deviations.
        noise: that of a sample.
    """

    def __init__(self, seen: Array, table: Array, spread: Array, noise: float) -> None:
        self._seen = seen
        self._noise = noise
        rows = np.concatenate([SAMPLES[seen] * table / noise, np.diag(table / spread)])
        self._order = np.argsort(np.linalg.norm(rows, axis=0))
        orthogonal, self._basis = np.linalg.qr(rows[:, self._order])
        self._turn = np.ascontiguousarray(orthogonal[: np.count_nonzero(seen)].T)
        self._changes = np.eye(64)
        _reduce(self._basis, self._changes, self._turn)

    def nearest(self, blocks: Array) -> Array:
        """int64 [blocks, 64], the integers for blocks of samples, float [blocks, 64]."""
        targets = (blocks[:, self._seen] - 128) / self._noise @ self._turn.T
        points = np.zeros((len(blocks), 64))
        for k in range(63, -1, -1):
            points[:, k] = np.rint(targets[:, k] / self._basis[k, k])
            targets -= points[:, k, None] * self._basis[:, k]
        out = np.empty((len(blocks), 64), dtype=np.int64)
        out[:, self._order] = np.rint(points @ self._changes.T).astype(np.int64)
        return out


@kernel
def _reduce(basis: Array, changes: Array, turn: Array) -> None:
    """Reduces an upper triangular basis; `changes` are the new vectors in the old ones, and `turn`
    is rotated as the basis is."""
    size = basis.shape[0]
    k = 1
    while k < size:
        for j in range(k - 1, -1, -1):
            times = np.rint(basis[j, k] / basis[j, j])
            if times != 0:
                basis[: j + 1, k] -= times * basis[: j + 1, j]
                changes[:, k] -= times * changes[:, j]
        before, above, own = basis[k - 1, k - 1], basis[k - 1, k], basis[k, k]
        length = np.hypot(above, own)
        if 0.99 * before * before <= length * length:
            k += 1
            continue
        for i in range(size):
            basis[i, k - 1], basis[i, k] = basis[i, k], basis[i, k - 1]
            changes[i, k - 1], changes[i, k] = changes[i, k], changes[i, k - 1]
        cosine, sine = above / length, own / length
        for matrix in (basis, turn):
            for i in range(matrix.shape[1]):
                first, second = matrix[k - 1, i], matrix[k, i]
                matrix[k - 1, i] = cosine * first + sine * second
                matrix[k, i] = cosine * second - sine * first
        k = max(k - 1, 1)
