"""The M-step: parameters from flows, with priors that carry over what other places have learned.

One rule covers both published schedules. With flows F of a batch (for the whole set of images),
a prior and a step eta, every table becomes, up to the sum of its rows,

    (1 - eta) * weight * table + eta * (F + prior)

Mini-batch EM weighs a row by what flowed through it in the batch, so all rows move alike.
Anemone (arXiv 2505.19982) weighs it by the flow that the whole set is expected to send, the
top-down probability: a row that a batch hardly used hardly moves.

Priors are pseudocounts a row. Transitions are drawn to the latent's marginal and to the average
transition between pixels of the same displacement and channels (states mean the same everywhere:
see `initial`); mixes to the average mix of their node and of their channel; components to uniform.
"""

from __future__ import annotations

import numpy as np
import torch

from ncodec.circuit.flows import Parameters, marginals
from ncodec.circuit.recipe import Priors
from ncodec.circuit.structure import Tree, displacements
from ncodec.circuit.variables import Variables

__all__ = ["Updates"]

_SOME = 1e-2


class Updates:
    """The M-steps of one tree.

    Args:
        tree, variables: of the circuit.
        priors: pseudocounts.
        rule: ``anemone`` or ``em``.
        tied: whether all nodes of a kind have one mix.
        images: in the whole set.
        device: where the parameters are.
    """

    def __init__(
        self,
        tree: Tree,
        variables: Variables,
        priors: Priors,
        rule: str,
        tied: bool,
        images: int,
        device: torch.device,
    ) -> None:
        self._tree = tree
        self._parent = torch.from_numpy(tree.parent.astype(np.int64)).to(device)
        self._priors, self._rule, self._tied, self._images = priors, rule, tied, images
        kind = variables.kind[tree.variable]
        self._kind = torch.from_numpy(kind.astype(np.int64)).to(device)
        self._kinds = variables.kinds
        values = np.repeat(np.arange(variables.kinds), variables.alphabets)
        self._kind_of_value = torch.from_numpy(values).to(device)
        group, self._groups = displacements(tree, variables)
        self._group = torch.from_numpy(group).to(device)

    def first(self, counts: Parameters) -> Parameters:
        """The parameters that counts for the whole set give."""
        even = counts.map(torch.ones_like)
        even.root /= even.root.sum()
        marginal = counts.transitions.sum(1, keepdim=True)
        even.transitions = _rows(marginal).expand_as(even.transitions)
        even.mixes = _rows(even.mixes)
        even.components /= self._per_kind(even.components)
        return self.step(even, counts, 1.0)

    def step(self, parameters: Parameters, flows: Parameters, eta: float) -> Parameters:
        """The parameters after a step of `eta` towards `flows`, which count for the whole set."""
        priors, images = self._priors, self._images
        marginal = marginals(parameters, self._tree)
        before = marginal[self._parent.clamp(min=0)]

        expected = parameters.transitions * (images * before[..., None])
        pooled = torch.zeros_like(expected[: self._groups])
        pooled = _rows(pooled.index_add_(0, self._group, expected) + _SOME)
        prior = priors.displaced * pooled[self._group] + priors.own * _rows(marginal[:, None])
        transitions = self._moved(
            parameters.transitions, flows.transitions, prior, before[..., None], eta
        )

        expected = parameters.mixes * (images * marginal[..., None])
        used = _rows(expected.sum(1, keepdim=True) + _SOME)
        pooled = torch.zeros_like(expected[: self._kinds]).index_add_(0, self._kind, expected)
        prior = priors.shared * _rows(pooled + _SOME)[self._kind] + priors.own * used
        flow = flows.mixes
        if self._tied:
            total = torch.zeros_like(flow[: self._kinds]).index_add_(0, self._kind, flow)
            flow = total[self._kind]
            share = pooled.sum(-1, keepdim=True)[self._kind] / images
        else:
            share = marginal[..., None]
        mixes = self._moved(parameters.mixes, flow, prior, share, eta)

        weight = pooled.sum(1) / images
        weight = weight[self._kind_of_value]
        prior = torch.full_like(flows.components, priors.value / flows.components.shape[1])
        components = self._moved(
            parameters.components, flows.components, prior, weight, eta, by_kind=True
        )
        root = (1 - eta) * parameters.root + eta * (flows.root + 1) / (flows.root + 1).sum()
        return Parameters(root, transitions, mixes, components)

    def _moved(
        self,
        table: torch.Tensor,
        flow: torch.Tensor,
        prior: torch.Tensor,
        share: torch.Tensor,
        eta: float,
        by_kind: bool = False,
    ) -> torch.Tensor:
        sums = self._per_kind if by_kind else _sums
        target = flow + prior
        weight = sums(target) if self._rule == "em" else self._images * share + sums(prior)
        moved = (1 - eta) * weight * table + eta * target
        return moved / sums(moved)

    def _per_kind(self, table: torch.Tensor) -> torch.Tensor:
        """The sums of the columns of `components` over each kind's values, as large as the
        table."""
        total = torch.zeros_like(table[: self._kinds]).index_add_(0, self._kind_of_value, table)
        return total[self._kind_of_value]


def _sums(table: torch.Tensor) -> torch.Tensor:
    return table.sum(-1, keepdim=True)


def _rows(table: torch.Tensor) -> torch.Tensor:
    return table / _sums(table).clamp(min=1e-30)
