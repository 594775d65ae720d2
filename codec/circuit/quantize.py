"""Learned parameters as levels: a logarithmic scale, each row relative to its largest entry."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ncodec.circuit.circuit import ABSENT, STEPS_PER_OCTAVE, Circuit, Levels
from ncodec.circuit.learn import Learned

__all__ = ["quantize"]


def quantize(learned: Learned) -> Circuit:
    """The frozen circuit nearest to what was learned."""
    variables, parameters = learned.variables, learned.parameters
    mixes = parameters.mixes
    if learned.tied:
        kind = variables.kind[learned.tree.variable]
        mixes = mixes[[int(np.flatnonzero(kind == k)[0]) for k in range(variables.kinds)]]
    components = torch.split(parameters.components, list(variables.alphabets))
    levels = Levels(
        _levels(parameters.root),
        _levels(parameters.transitions[1:]),
        _levels(mixes),
        tuple(_levels(component.T) for component in components),
    )
    return Circuit(variables, learned.tree, levels)


def _levels(table: torch.Tensor) -> NDArray[np.uint8]:
    """Levels of rows in proportion to the last axis of `table`."""
    share = table / table.amax(dim=-1, keepdim=True)
    levels = torch.round(-STEPS_PER_OCTAVE * torch.log2(share))
    return levels.clamp_(max=ABSENT).to(torch.uint8).numpy()
