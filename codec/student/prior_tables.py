"""Learning the integer prior from latents: which channels tell about which, classes, tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from ncodec.formats.entropy.coder import TOTAL, Table
from ncodec.student.prior import LARGEST_WEIGHT, Channel, Prior, differences, nearby

__all__ = ["learn_prior"]

_SOURCES = 4
"""The most channels that tell about another."""

_SHARES = (0.25, 0.45, 0.65, 0.8, 0.93)
"""The shares of a channel's values that lie below each threshold."""

_LARGEST = 8
"""The cap on magnitudes that sources are fitted to: rare large ones would decide alone."""

_BELIEF = 20.0
"""The number of values that the masses count as, beside those that were seen."""

_TAIL = 2.0**-20
"""The mass on either side that a table leaves to its escape."""


def learn_prior(
    values: NDArray[np.integer], masses: NDArray[np.float64], medians: NDArray[np.float32]
) -> Prior:
    """A prior from latents of several images.

    Args:
        values: integers [images, channels, height, width].
        masses: the probabilities of the values -k..k of every channel as the factorised prior
            learned them, [channels, 2k + 1]: what a class is taken for where it has seen little.
        medians: the channels'.
    """
    coded = values.astype(np.int64)
    steps = differences(values)
    moved = [_entropy(steps[:, c]) < _entropy(coded[:, c]) for c in range(len(masses))]
    coded[:, moved] = steps[:, moved]
    near = nearby(coded).swapaxes(0, 1)
    rows = near.reshape(len(near), -1).astype(np.float32)
    # The last row is a constant part, which thresholds make good.
    rows = np.concatenate([rows, np.ones((1, rows.shape[1]), np.float32)])
    products = (rows @ rows.T).astype(np.float64)
    channels = []
    for number, mass in enumerate(masses):
        row = coded[:, number].reshape(-1)
        moments = rows @ np.minimum(np.abs(row), _LARGEST).astype(np.float32)
        sources, weights = _sources(products, moments.astype(np.float64), number)
        if moved[number]:
            mass = np.convolve(mass, mass[::-1])
        channels.append(_channel(row, near, (sources, weights), mass, moved[number]))
    return Prior(medians, channels)


def _entropy(values: NDArray[np.int64]) -> float:
    """The entropy of `values` by their histogram, in bits a value."""
    counts = np.unique(values, return_counts=True)[1]
    return float(-(counts * np.log2(counts / values.size)).sum() / values.size)


def _sources(
    products: NDArray[np.float64], moments: NDArray[np.float64], number: int
) -> tuple[list[int], list[int]]:
    """The channels before `number` that say most of its magnitudes, and integer weights."""
    candidates = list(range(number))
    for _ in range(2):  # among all, then among the best
        weights = _fitted(products, moments, candidates)
        spread = np.sqrt(np.diag(products)[candidates])
        best = np.argsort(-weights * spread, kind="stable")[:_SOURCES]
        candidates = sorted(candidates[i] for i in best if weights[i] > 0)
    weights = _fitted(products, moments, candidates)
    scaled = np.rint(LARGEST_WEIGHT * weights / weights.max(initial=1e-9)).astype(int)
    pairs = [(c, w) for c, w in zip(candidates, scaled.tolist(), strict=True) if w > 0]
    return [c for c, _ in pairs], [w for _, w in pairs]


def _fitted(
    products: NDArray[np.float64], moments: NDArray[np.float64], sources: list[int]
) -> NDArray[np.float64]:
    """The least-squares weights, none negative, from the products of `sources` and the constant
    part."""
    rows = [*sources, len(products) - 1]
    square = products[np.ix_(rows, rows)]
    triangle = cholesky(square + 1e-6 * products.max() * np.eye(len(rows)))
    target = solve_triangular(triangle, moments[rows], trans="T")
    solution: NDArray[np.float64] = nnls(triangle, target)[0][:-1]
    return solution


def _channel(
    row: NDArray[np.int64],
    near: NDArray[np.int64],
    told: tuple[list[int], list[int]],
    mass: NDArray[np.float64],
    moved: bool,
) -> Channel:
    sources, weights = told
    total = sum(
        (w * near[s].reshape(-1) for s, w in zip(sources, weights, strict=True)),
        np.zeros(row.size, np.int64),
    )
    thresholds = sorted({int(t) for t in np.quantile(total, _SHARES)} - {int(total.min())})
    classes = np.searchsorted(thresholds, total, side="right")
    first, believed = _listed(mass)
    count = len(believed) - 1
    symbols = row - first
    symbols[(symbols < 0) | (symbols >= count)] = count
    tables = []
    for number in range(len(thresholds) + 1):
        seen = np.bincount(symbols[classes == number], minlength=count + 1)
        tables.append(Table(_frequencies(seen + _BELIEF * believed)))
    return Channel(first, sources, weights, thresholds, tables, moved)


def _listed(mass: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]]:
    """The first value between the tails, and the masses from there on, the tails' last."""
    middle = len(mass) // 2
    below, above = np.cumsum(mass), np.cumsum(mass[::-1])
    low = min(int((below < _TAIL).sum()), middle)
    high = max(len(mass) - int((above < _TAIL).sum()), middle + 1)
    listed = mass[low:high]
    return low - middle, np.append(listed, max(1 - listed.sum(), 0))


def _frequencies(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Integers of at least 1 that sum to `TOTAL`, in proportion."""
    shares = np.floor(weights / weights.sum() * (TOTAL - len(weights)))
    frequencies: NDArray[np.int64] = 1 + shares.astype(np.int64)
    frequencies[int(frequencies.argmax())] += TOTAL - int(frequencies.sum())
    return frequencies
