"""Priors of a flow's latents, each a circuit: a learned tree, or one distribution a latent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.circuit import ABSENT, STEPS_PER_OCTAVE, Circuit, Levels
from ncodec.circuit.structure import Tree
from ncodec.circuit.variables import Rows, Variables

__all__ = ["factorised", "from_rows", "latent_variables", "to_rows"]

_VALUES = 256
_SHARED = 16.0
"""How many images' worth of the average distribution each latent's own is mixed with."""

_UNIFORM = 0.05
"""How many images' worth of the uniform distribution are mixed in: no value is impossible."""


def latent_variables(shape: tuple[int, int, int]) -> Variables:
    """The variables of latents (channels, height, width): a grey image of their own."""
    channels, height, width = shape
    return Variables((channels * height, width, 1), 8)


def to_rows(latents: NDArray[np.uint8]) -> Rows:
    """Latents [n, channels, height, width] as int32 [n, variables].

    Latents are small differences modulo 256: half a turn puts them around the middle.
    """
    return (latents.reshape(len(latents), -1) + np.uint8(_VALUES // 2)).astype(np.int32)


def from_rows(rows: Rows, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The inverse of `to_rows`."""
    return (rows.astype(np.uint8) - np.uint8(_VALUES // 2)).reshape(len(rows), *shape)


def factorised(rows: Rows, variables: Variables) -> Circuit:
    """A circuit of latents independent of one another, each with the smoothed histogram of `rows`.

    One state, and one component a value: the mixture weights are the distribution.
    """
    count = variables.count
    histogram = np.zeros((count, _VALUES))
    for value in range(_VALUES):
        histogram[:, value] = (rows == value).sum(axis=0)
    pooled = histogram.mean(axis=0)
    weights = histogram + _SHARED * pooled / pooled.sum() + _UNIFORM / _VALUES
    identity = np.full((_VALUES, _VALUES), ABSENT, np.uint8)
    np.fill_diagonal(identity, 0)
    chain = np.arange(count, dtype=np.int32)
    levels = Levels(
        root=np.zeros(1, np.uint8),
        transitions=np.zeros((count - 1, 1, 1), np.uint8),
        mixes=_levels(weights)[:, None, :],
        components=(identity,),
    )
    return Circuit(variables, Tree(chain, np.maximum(chain - 1, -1)), levels)


def _levels(weights: NDArray[Any]) -> NDArray[np.uint8]:
    """Logarithmic levels of each row relative to its largest entry."""
    share = weights / weights.max(axis=-1, keepdims=True)
    levels = np.rint(-STEPS_PER_OCTAVE * np.log2(share))
    clipped: NDArray[np.uint8] = np.minimum(levels, ABSENT - 1).astype(np.uint8)
    return clipped
