"""Where learning starts: latents that stand for the picture around them.

A pixel's 3x3 neighbourhood, and the other channels at the pixel, are clustered by k-means; the
number of the nearest cluster is a first guess of the latent, from which all tables are counted.
Every pixel shares the clusters, so a state means the same all over the picture. This is a cheap
form of latent variable distillation (arXiv 2210.04398).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ncodec.circuit.flows import Parameters
from ncodec.circuit.structure import Tree
from ncodec.circuit.variables import Rows, Variables

__all__ = ["first_counts"]

_VALUES = 1 << 22
"""The most values whose latents are guessed."""

_POINTS = 20_000
_ROUNDS = 12
_JITTER = 0.4


def first_counts(
    rows: Rows,
    tree: Tree,
    variables: Variables,
    latents: int,
    components: int,
    random: np.random.Generator,
) -> Parameters:
    """The counts of the tables as if the guessed latents had been seen, for `len(rows)` images."""
    used = rows[: max(1, _VALUES // variables.count)]
    guess = np.empty(used.shape, np.int64)
    component = np.empty(used.shape, np.int64)
    columns = []
    for kind, alphabet in enumerate(variables.alphabets):
        where = variables.kind == kind
        points = _neighbourhoods(used, variables, kind)
        guess[:, where] = _clusters(points, latents, random).reshape(len(used), -1)
        cell, table = _cells(used[:, where], alphabet, components, random)
        component[:, where] = cell[used[:, where]]
        columns.append(table)
    nodes, mixed = guess[:, tree.variable].T, component[:, tree.variable].T
    shape = len(tree.parent), latents
    transitions = np.zeros((*shape, latents), np.float32)
    mixes = np.zeros((*shape, components), np.float32)
    for node, parent in enumerate(tree.parent):
        mixes[node] = _count(nodes[node], mixed[node], latents, components)
        if node:
            transitions[node] = _count(nodes[parent], nodes[node], latents, latents)
    root = np.bincount(nodes[0], minlength=latents).astype(np.float32)
    counts = Parameters(*map(torch.from_numpy, (root, transitions, mixes, np.concatenate(columns))))
    scale = len(rows) / len(used)
    return counts.map(lambda tensor: tensor * scale)


def _count(first: NDArray[Any], second: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    flat = np.bincount(first * columns + second, minlength=rows * columns)
    return flat.reshape(rows, columns)


def _neighbourhoods(rows: Rows, variables: Variables, kind: int) -> NDArray[np.float32]:
    """The surroundings of each value of a kind, float32 [images * pixels, features]."""
    height, width, _ = variables.shape
    sizes = np.array(variables.alphabets, np.float32)
    scaled = (rows.reshape(len(rows), height, width, -1) / sizes).astype(np.float32)
    padded = np.pad(scaled[..., kind], ((0, 0), (1, 1), (1, 1)))
    near = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    near[4] = 2 * near[4]
    others = [scaled[..., other] for other in range(len(sizes)) if other != kind]
    return np.stack(near + others, axis=-1).reshape(-1, 9 + len(others))


def _clusters(
    points: NDArray[np.float32], count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """The k-means cluster of each point; blank points, often most of them, make one."""
    inked = np.flatnonzero((points != points[0]).any(axis=1))
    indices = random.permutation(inked)[:_POINTS]
    sample = torch.from_numpy(np.concatenate([points[indices], points[:1]]))
    start = random.choice(len(sample), count, replace=len(sample) < count)
    centres = sample[torch.from_numpy(start)]
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, centres)
        sums = torch.zeros_like(centres).index_add_(0, nearest, sample)
        sizes = torch.bincount(nearest, minlength=count)[:, None]
        centres = torch.where(sizes > 0, sums / sizes.clamp(min=1), centres)
    every = torch.split(torch.from_numpy(points), 1 << 18)
    labels: NDArray[np.int64] = torch.cat([_nearest(part, centres) for part in every]).numpy()
    return labels


def _nearest(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    return ((centres * centres).sum(1) - 2 * points @ centres.T).argmin(1)


def _cells(
    values: Rows, alphabet: int, components: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A cell for each value, and cells as distributions, float32 [alphabet, components].

    Cells have equal shares of the fourth root of the histogram: frequent values get cells of
    their own, and rare ones are not all in one.
    """
    histogram = np.bincount(values.ravel(), minlength=alphabet) + 1e-3
    root = np.sqrt(np.sqrt(histogram))
    cell = np.minimum((np.cumsum(root) / root.sum() * components).astype(np.int64), components - 1)
    cell = np.unique(cell, return_inverse=True)[1]
    table = np.zeros((alphabet, components))
    for component in range(components):
        inside = cell == min(component, cell[-1])
        table[inside, component] = histogram[inside] / histogram[inside].sum()
    table *= random.uniform(1 - _JITTER, 1 + _JITTER, table.shape)
    return cell, (table * values.size / components).astype(np.float32)
