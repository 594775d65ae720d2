"""Learned parameters as levels: a logarithmic scale, each row relative to its largest entry.

Entries that the training images hardly use are left to a fallback, a product of a level a row and
a level a column that keeps the row's mass and, on average, the column's: see `Fallback`. They
are most of the entries, and cost the file next to nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ncodec.circuit.circuit import ABSENT, STEPS_PER_OCTAVE, Circuit, Fallback, Levels
from ncodec.circuit.flows import marginals
from ncodec.circuit.learn import Learned

__all__ = ["quantize"]

USES = 0.1
"""The expected uses by the training images from which on an entry is spelt out."""

_COARSE = 2
"""Spelt-out weights and fallbacks are multiples of this many levels, which are half an octave."""

_SOME = 1e-9


def quantize(learned: Learned, uses: float = USES) -> Circuit:
    """The frozen circuit nearest to what was learned, but for entries used less than `uses`."""
    variables, tree, parameters = learned.variables, learned.tree, learned.parameters
    marginal = marginals(parameters, tree)
    parent = torch.from_numpy(tree.parent[1:].astype(np.int64))
    transitions, transition_fallback = _sparse(
        parameters.transitions[1:], learned.images * marginal[parent], uses
    )
    mixes, weight = parameters.mixes, learned.images * marginal
    if learned.tied:
        kind = variables.kind[tree.variable]
        nodes = [np.flatnonzero(kind == k) for k in range(variables.kinds)]
        mixes = mixes[[int(of_kind[0]) for of_kind in nodes]]
        weight = torch.stack([weight[torch.from_numpy(of_kind)].sum(0) for of_kind in nodes])
    mix_levels, mix_fallback = _sparse(mixes, weight, uses)
    components = torch.split(parameters.components, list(variables.alphabets))
    levels = Levels(
        _levels(_relative(parameters.root), 1),
        transitions,
        mix_levels,
        tuple(_levels(_relative(component.T), 1) for component in components),
        transition_fallback,
        mix_fallback,
    )
    return Circuit(variables, tree, levels)


def _sparse(
    table: torch.Tensor, weight: torch.Tensor, uses: float
) -> tuple[NDArray[np.uint8], Fallback]:
    """Levels of `table` [n, r, c], whose rows are used `weight` [n, r] times."""
    used = table * weight[..., None]
    kept = used >= uses
    table = _relative(table)
    left = torch.where(kept, 0.0, used).sum(1) + _SOME
    columns = _levels(_relative(left), _COARSE)
    share = 2.0 ** (-torch.from_numpy(columns).float() / STEPS_PER_OCTAVE)
    rest = torch.where(kept, 0.0, table).sum(-1)
    room = torch.where(kept, 0.0, share[:, None]).sum(-1)
    rows = _levels(rest / room.clamp(min=_SOME), _COARSE)
    fallback = Fallback(rows, columns)
    levels = np.where(kept.numpy(), _levels(table, _COARSE), fallback.levels)
    return levels.astype(np.uint8), fallback


def _relative(table: torch.Tensor) -> torch.Tensor:
    """Rows in proportion to those along the last axis, their largest entries 1."""
    return table / table.amax(dim=-1, keepdim=True)


def _levels(share: torch.Tensor, step: int) -> NDArray[np.uint8]:
    """Levels of weights of at most 1, rounded to multiples of `step`."""
    octaves = -torch.log2(share.clamp(min=1e-30))
    levels = step * torch.round(octaves * (STEPS_PER_OCTAVE / step))
    integers: NDArray[np.uint8] = levels.clamp_(0, ABSENT).to(torch.uint8).numpy()
    return integers
