"""Learning circuits from photographs: gradient steps on code length, and EM for the leaves.

A circuit's log2 weights take one step of stochastic gradient descent a sample, as the coder does
when it adapts, at a rate that falls. The leaves P(r | z) are re-estimated four times a pass from
expected counts, smoothed over more residuals the rarer these are. Leaves start as Laplace
distributions of all scales, so the states are ordered by how much noise they expect.

Nothing here needs to be exact: what is learned is quantised once, and the integers are shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import UsageError
from ncodec.formats.entropy.kernels import kernel
from ncodec.formats.entropy.vectors import (
    LANES,
    as_floats,
    as_integers,
    every,
    load,
    store,
    total,
)
from ncodec.photo.features import BINS
from ncodec.photo.kernel import CHANNELS, EFFORTS, observe
from ncodec.photo.mixture import CELLS, CENTRE, STATES, softmax
from ncodec.photo.model import Circuit, PhotoModel

__all__ = ["RATES", "learn"]

RATES = ((0.1, 0.05), (0.05, 0.02), (0.03, 0.01), (0.02, 0.002))
"""The step sizes at the start and the end of each pass (docs/photo.md, "Training")."""

_PARTS = 4
"""The number of times in a pass that the leaves are estimated (docs/photo.md, "Training")."""

_SCALE_FEATURE = 4
"""The feature, residuals close by, that picks the scale before anything is learned."""

_PRIOR_COUNT = 20.0
"""The samples that the first leaves count as (docs/photo.md, "Training")."""

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Pixels = NDArray[np.uint8]
Report = Callable[[int, int, float], None]


def learn(
    images: Iterable[Pixels],
    seed: int,
    report: Report = lambda step, steps, bits: None,
    rates: tuple[tuple[float, float], ...] = RATES,
) -> PhotoModel:
    """Circuits for every effort, from RGB `images`, uint8 (height, width, 3).

    Args:
        images: a few million samples; all that is seen of them is kept in memory.
        seed: decides the order that samples are seen in.
        report: called after each pass with its number, the number of passes, and the mean bits
            of a sample during it.

    Raises:
        UsageError: there are no images, or some are not RGB of 8 bits.
    """
    images = list(images)
    if not images or any(i.dtype != np.uint8 or i.ndim != 3 or i.shape[2] != 3 for i in images):
        raise UsageError("photographs to train on must be 8-bit RGB images, at least one")
    by_set = {effort.circuits: effort for effort in (EFFORTS["fast"], EFFORTS["medium"])}
    steps = len(by_set) * len(CHANNELS) * len(rates)
    rng = np.random.default_rng(seed)
    sets, step, bits = [], 0, []
    for number in sorted(by_set):
        seen = [observe(image, by_set[number]) for image in images]
        planes = []
        for plane, channel in enumerate(CHANNELS):
            bins = np.concatenate([observation[plane][0] for observation in seen])
            predictions = np.concatenate([observation[plane][1] for observation in seen])
            samples = np.concatenate([image[:, :, channel].ravel() for image in images])
            learner = _Learner(bins, 4 * samples.astype(np.int32)[:, None] - predictions)
            for first, last in rates:
                bits.append(learner.run(first, last, rng))
                step += 1
                report(step, steps, bits[-1])
            planes.append(Circuit.quantised(learner.logits, learner.density))
        sets.append(planes)
    reached = bits[len(rates) - 1 :: len(rates)]
    tags = {"seed": seed, "samples": sum(i.size for i in images), "bits": reached}
    return PhotoModel(sets, tags)


class _Learner:
    """One circuit while it learns.

    Args:
        bins: uint8 [samples, features].
        residuals: int32 [samples], in quarter levels.
    """

    def __init__(self, bins: NDArray[np.uint8], residuals: NDArray[np.int32]) -> None:
        self._bins, self._residuals = bins, residuals
        self.logits: F32 = np.zeros((bins.shape[1] * BINS, STATES), dtype=np.float32)
        distance = np.arange(BINS)[:, None] - 2 * (np.arange(STATES) % 16)
        rows = slice(_SCALE_FEATURE * BINS, (_SCALE_FEATURE + 1) * BINS)
        self.logits[rows] = -0.02 * distance**2
        self._prior = _laplace()
        self.density = self._prior

    def run(self, first: float, last: float, rng: np.random.Generator) -> float:
        """Learns for one pass at rates from `first` to `last`; returns the mean bits of a
        sample."""
        order = rng.permutation(len(self._residuals))
        rates = np.linspace(first, last, _PARTS + 1)
        bits = 0.0
        for part, indices in enumerate(np.array_split(order, _PARTS)):
            counts = np.zeros((CELLS, STATES), dtype=np.float32)
            below = np.cumsum(self.density, axis=0) - self.density
            bits += _descend(
                self._bins,
                self._residuals,
                indices,
                self.logits,
                below.astype(np.float32),
                self.density.astype(np.float32),
                counts,
                rates[part],
                rates[part + 1],
            )
            self.density = _smoothed(counts.astype(np.float64) + _PRIOR_COUNT * self._prior)
        return bits / len(order)


def _laplace() -> F64:
    """Laplace distributions over cells, float64 [CELLS, STATES], scales 0.12 to 60 levels."""
    level = np.abs((np.arange(CELLS)[:, None] + 0.5 - CENTRE) / 4)
    scale = np.tile(np.geomspace(0.12, 60, STATES // 2), 2)
    density = 0.97 * np.exp(-level / scale) + 0.06 / (1 + (level / scale) ** 2) ** 1.8
    normalised: F64 = density / density.sum(axis=0)
    return normalised


def _smoothed(counts: F64) -> F64:
    """The probabilities of cells: counts averaged over a sixth of the residual either way."""
    cells = np.arange(CELLS)
    reach = np.minimum(np.abs(cells - CENTRE) // 6, 150)
    low, high = np.maximum(cells - reach, 0), np.minimum(cells + reach + 1, CELLS)
    below = np.concatenate([np.zeros((1, STATES)), np.cumsum(counts, axis=0)])
    density = (below[high] - below[low]) / (high - low)[:, None]
    normalised: F64 = density / density.sum(axis=0)
    return normalised


@kernel
def _descend(
    bins: NDArray[np.uint8],
    residuals: NDArray[np.int32],
    order: NDArray[np.int64],
    logits: F32,
    below: F32,
    density: F32,
    counts: F32,
    first: float,
    last: float,
) -> Any:
    """Takes one step a sample, adds expected counts to `counts`, and returns the bits of all."""
    features = bins.shape[1]
    tiny, unit = every(np.float32(1e-9)), every(np.float32(1 << 16))
    bits = 0.0
    for step in range(len(order)):
        at = order[step]
        low, high = every(np.float32(0.0)), every(np.float32(0.0))
        for j in range(features):
            row = STATES * (BINS * j + bins[at, j])
            low += load(logits, row)
            high += load(logits, row + LANES)
        low, high, whole = softmax(as_integers(low * unit), as_integers(high * unit))
        share = every(np.float32(1.0) / np.float32(whole))
        low, high = as_floats(low) * share, as_floats(high) * share
        cell = residuals[at, 0] - 2 + CENTRE
        row, behind = STATES * cell, STATES * (cell + 4)
        cell2 = residuals[at, 1] - 2 + CENTRE
        row2, behind2 = STATES * cell2, STATES * (cell2 + 4)
        in_low = load(below, behind) - load(below, row) + tiny
        in_high = load(below, behind2 + LANES) - load(below, row2 + LANES) + tiny
        mass = total(low * in_low + high * in_high)
        bits -= np.log2(mass)
        rate = every(np.float32(first + (last - first) * step / len(order)))
        inverse = every(np.float32(1.0) / mass)
        # Posteriors are weight * probability / mass; the step is towards them from the weights.
        part_low, part_high = low * inverse, high * inverse
        low, high = rate * (part_low * in_low - low), rate * (part_high * in_high - high)
        for j in range(features):
            row = STATES * (BINS * j + bins[at, j])
            store(logits, row, load(logits, row) + low)
            store(logits, row + LANES, load(logits, row + LANES) + high)
        for c in range(STATES * cell, STATES * (cell + 4), STATES):
            store(counts, c, load(counts, c) + part_low * load(density, c))
        for c in range(STATES * cell2 + LANES, STATES * (cell2 + 4) + LANES, STATES):
            store(counts, c, load(counts, c) + part_high * load(density, c))
    return bits
