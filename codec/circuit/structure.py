"""The tree: pairwise mutual information, the Chow-Liu tree, its centre as root.

Chow and Liu (1968); hidden Chow-Liu trees as in "Tractable Regularization of Probabilistic
Circuits" (arXiv 2106.02264). Statistics are taken on 4-bit data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.circuit.variables import Rows, Variables
from ncodec.errors import DamagedFile
from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "Tree",
    "candidate_pairs",
    "chow_liu_tree",
    "displacements",
    "mutual_information",
    "tree_of_parents",
]

_BINS = 16
_SAMPLES = 5000
_ALL_PAIRS = 1024
"""The number of variables up to which every pair is a candidate."""

_NEAR = 2

_REACH = 2
"""The distance in pixels, in either direction, within which pairs are candidates where there are
more variables."""

Integers = NDArray[np.int32]


@dataclass(frozen=True)
class Tree:
    """A rooted tree over the variables, its nodes in breadth-first order.

    Attributes:
        variable: the variable of each node, int32 [d]; node 0 is the root.
        parent: the parent node of each node, int32 [d]; -1 for the root. Never decreases.
    """

    variable: Integers
    parent: Integers

    @property
    def parents(self) -> Integers:
        """The parent variable of each variable, int32 [d]; -1 for the root."""
        above = np.where(self.parent < 0, -1, self.variable[self.parent])
        out = np.empty_like(self.variable)
        out[self.variable] = above
        return out

    @cached_property
    def levels(self) -> list[slice]:
        """The nodes of each depth."""
        bounds = [0, 1]
        while bounds[-1] < len(self.parent):
            bounds.append(int(np.searchsorted(self.parent, bounds[-1])))
        return [slice(a, b) for a, b in pairwise(bounds)]


def displacements(tree: Tree, variables: Variables) -> tuple[NDArray[np.int64], int]:
    """The group of each node, which holds all that stand to their parents alike, and the number of
    groups.

    Int64 [d]: nodes of one displacement in rows and columns, kind and parent's kind share a
    group. The last group holds the root and nodes more than two pixels from their parent.
    """
    position, kind = variables.position[tree.variable], variables.kind[tree.variable]
    step = position[1:] - position[tree.parent[1:]]
    keys = np.column_stack([step, kind[1:], kind[tree.parent[1:]]])
    near = np.abs(step).sum(axis=1) <= _NEAR
    group = np.unique(keys[near], axis=0, return_inverse=True)[1].reshape(-1)
    groups = int(group.max(initial=-1)) + 2
    out = np.full(len(tree.parent), groups - 1, np.int64)
    out[1:][near] = group
    return out, groups


def candidate_pairs(variables: Variables) -> tuple[Integers, Integers]:
    """The pairs of variables that a tree may join, as two lists; they connect all variables."""
    count = variables.count
    if count <= _ALL_PAIRS:
        first, second = np.triu_indices(count, 1)
        return first.astype(np.int32), second.astype(np.int32)
    height, width, _ = variables.shape
    grid = np.arange(count, dtype=np.int32).reshape(height, width, variables.kinds)
    firsts, seconds = [], []
    for down in range(_REACH + 1):
        for right in range(-_REACH, _REACH + 1):
            here = grid[: height - down, max(0, -right) : width - max(0, right)]
            there = grid[down:, max(0, right) : width + min(0, right)]
            for a in range(variables.kinds):
                for b in range(variables.kinds):
                    if (down, right, b) > (0, 0, a):
                        firsts.append(here[..., a].ravel())
                        seconds.append(there[..., b].ravel())
    return np.concatenate(firsts), np.concatenate(seconds)


def mutual_information(rows: Rows, alphabets: Integers, pairs: tuple[Any, Any]) -> NDArray[Any]:
    """Mutual information of pairs of variables in nats, float64 [pairs].

    Args:
        rows: int32 [n, d]; the first 5,000 are used.
        alphabets: alphabet size of each variable, int32 [d].
        pairs: two int32 lists of variables.
    """
    sample = np.ascontiguousarray((rows[:_SAMPLES].T * _BINS) // alphabets[:, None])
    information = np.empty(len(pairs[0]))
    _information(sample.astype(np.uint8), *pairs, information)
    return information


@kernel
def _information(sample: Any, first: Any, second: Any, out: Any) -> None:
    """The mutual information from the joint histogram, with a pseudocount of one in all."""
    n = sample.shape[1]
    joint = np.empty(_BINS * _BINS, np.int64)
    share = 1.0 / (_BINS * _BINS)
    for pair in range(len(first)):
        a, b = sample[first[pair]], sample[second[pair]]
        joint[:] = 0
        for i in range(n):
            joint[a[i] * _BINS + b[i]] += 1
        rows = np.full(_BINS, share * _BINS)
        columns = np.full(_BINS, share * _BINS)
        total = 0.0
        for i in range(_BINS):
            for j in range(_BINS):
                c = joint[i * _BINS + j]
                rows[i] += c
                columns[j] += c
                total += (c + share) * np.log(c + share)
        for i in range(_BINS):
            total -= rows[i] * np.log(rows[i]) + columns[i] * np.log(columns[i])
        out[pair] = total / (n + 1) + np.log(n + 1)


def chow_liu_tree(count: int, pairs: tuple[Any, Any], weights: NDArray[Any]) -> Tree:
    """The spanning tree of largest total weight, rooted at its centre (Kruskal).

    Args:
        count: variables.
        pairs: two int32 lists of variables.
        weights: the pairs'; among equals the earlier pair wins.
    """
    order = np.argsort(-weights, kind="stable")
    edges = np.empty((count - 1, 2), np.int64)
    _span(pairs[0][order], pairs[1][order], edges)
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    far = _breadth_first(neighbours, 0)[0][-1]
    nodes, parents = _breadth_first(neighbours, far)
    path = [count - 1]
    while parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    return _rooted(neighbours, nodes[path[len(path) // 2]])


def tree_of_parents(parents: NDArray[np.int32]) -> Tree:
    """The tree in which variable i hangs under variable ``parents[i]``, the root under -1.

    Raises:
        DamagedFile: this is no tree.
    """
    count = len(parents)
    roots = np.flatnonzero(parents < 0)
    if len(roots) == 1 and parents.max(initial=-1) < count:
        neighbours: list[list[int]] = [[] for _ in range(count)]
        for child, parent in enumerate(parents.tolist()):
            if parent >= 0:
                neighbours[parent].append(child)
        tree = _rooted(neighbours, int(roots[0]))
        if len(tree.variable) == count:
            return tree
    raise DamagedFile("a circuit's tree is damaged: its latents are not all below one root")


def _rooted(neighbours: list[list[int]], root: int) -> Tree:
    """The tree that hangs from `root`, breadth first, siblings by ascending variable."""
    nodes, parents = _breadth_first([sorted(others) for others in neighbours], root)
    return Tree(np.array(nodes, np.int32), np.array(parents, np.int32))


def _breadth_first(neighbours: list[list[int]], root: int) -> tuple[list[int], list[int]]:
    """The variables in breadth-first order from `root`, and the index of each one's parent."""
    nodes, parents = [root], [-1]
    for index, node in enumerate(nodes):
        above = nodes[parents[index]] if index else -1
        for other in neighbours[node]:
            if other != above:
                nodes.append(other)
                parents.append(index)
    return nodes, parents


@kernel
def _span(first: Any, second: Any, edges: Any) -> None:
    """Fills in the edges of Kruskal's tree, pairs being sorted by falling weight."""
    root = np.arange(len(edges) + 1)
    size = 0
    for i in range(len(first)):
        a, b = first[i], second[i]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        if a != b:
            root[a] = b
            edges[size, 0], edges[size, 1] = first[i], second[i]
            size += 1
            if size == len(edges):
                break
