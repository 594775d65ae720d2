"""The E-step: how much probability flows through each parameter, for a batch, in PyTorch.

Upward, every latent's K-vector P(all below | z); downward, its posterior P(z | image). The flow
of a parameter is the expected number of times that the batch uses it. Levels of the tree are
processed as a whole, vectors are rescaled at every step, so float32 is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from numpy.typing import NDArray

from ncodec.circuit.structure import Tree
from ncodec.circuit.variables import Rows, Variables

__all__ = ["Flows", "Parameters", "bits_per_dimension", "marginals", "to_nodes"]

_TINY = 1e-37
_FLOATS = 1 << 26
"""The number of floats that a batch may keep between the two passes."""


@dataclass
class Parameters:
    """A circuit's parameters, or flows through them, float32.

    Attributes:
        root: P(z_0), [K].
        transitions: P(z_i | z_parent), [d, K, K]; that of the root is not used.
        mixes: P(component | z), [d, K, M].
        components: P(x | component), [values, M]: the alphabets of all kinds, one after another.
    """

    root: torch.Tensor
    transitions: torch.Tensor
    mixes: torch.Tensor
    components: torch.Tensor

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Parameters:
        """The parameters with `function` applied to each tensor."""
        return Parameters(*map(function, self.tensors))

    @property
    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The tensors in the order of the attributes."""
        return self.root, self.transitions, self.mixes, self.components


class Flows:
    """Passes over one tree.

    Args:
        tree: the tree, of d nodes.
        device: where parameters and data are.
    """

    def __init__(self, tree: Tree, device: torch.device) -> None:
        self.levels = tree.levels
        self.device = device
        self._parents: list[torch.Tensor] = []
        self._siblings: list[list[tuple[torch.Tensor, torch.Tensor]]] = []
        for above, level in zip([slice(0, 0), *self.levels], self.levels, strict=False):
            parent = tree.parent[level] - above.start
            order = np.arange(len(parent)) - np.searchsorted(parent, parent)
            self._parents.append(torch.from_numpy(parent.astype(np.int64)).to(device))
            # The first children of all parents, then the second ones: each has one row to meet.
            self._siblings.append(
                [
                    (self._parents[-1][members], members)
                    for rank in range(int(order.max()) + 1)
                    for members in [torch.from_numpy(np.flatnonzero(order == rank)).to(device)]
                ]
            )

    def batch_size(self, parameters: Parameters) -> int:
        """The number of images that a pass can take without keeping too much."""
        nodes, states, components = parameters.mixes.shape
        return max(1, _FLOATS // (nodes * (3 * states + components)))

    def upward(
        self, parameters: Parameters, places: torch.Tensor
    ) -> tuple[torch.Tensor, list[tuple[torch.Tensor, ...]]]:
        """Natural log-likelihood of each image [n], and what `downward` needs of each level.

        Args:
            parameters: the circuit's.
            places: rows of `Parameters.components`, integers [d, n], as `to_nodes` gives them.
        """
        count = places.shape[1]
        total = torch.zeros(count, device=self.device)
        kept: list[tuple[torch.Tensor, ...]] = []
        message = total
        for depth in range(len(self.levels) - 1, -1, -1):
            level = self.levels[depth]
            seen = parameters.components.index_select(0, places[level].reshape(-1))
            seen = seen.view(-1, count, seen.shape[1])
            leaf = torch.bmm(seen, parameters.mixes[level].mT)
            up = leaf
            if kept:
                up = leaf.clone()
                for parents, children in self._siblings[depth + 1]:
                    up[parents] = up.index_select(0, parents) * message.index_select(0, children)
                    up, total = _normalised(up, total)
            up, total = _normalised(up, total)
            if depth:
                message = torch.bmm(up, parameters.transitions[level].mT).clamp_(min=_TINY)
            kept.append((seen, leaf, up, message))
        root = up[0] @ parameters.root
        return total + root.clamp(min=_TINY).log(), kept[::-1]

    def downward(
        self,
        parameters: Parameters,
        places: torch.Tensor,
        kept: list[tuple[torch.Tensor, ...]],
        flows: Parameters,
    ) -> None:
        """Add the flows of a batch to `flows`; `kept` is used up."""
        above = parameters.root * kept[0][2]
        above = above / above.sum(-1, keepdim=True)
        flows.root += above.sum((0, 1))
        for depth, level in enumerate(self.levels):
            seen, leaf, up, message = kept[depth]
            if depth:
                table = parameters.transitions[level]
                share = above.index_select(0, self._parents[depth]).div_(message)
                flows.transitions[level] += torch.bmm(share.mT, up).mul_(table)
                above = torch.bmm(share, table).mul_(up)
            mix = parameters.mixes[level]
            share = above / leaf.clamp(min=_TINY)
            flows.mixes[level] += torch.bmm(share.mT, seen).mul_(mix)
            used = torch.bmm(share, mix).mul_(seen)
            flows.components.index_add_(0, places[level].reshape(-1), used.flatten(0, 1))

    def measure(self, parameters: Parameters, places: torch.Tensor) -> float:
        """The bits a dimension of images, int32 [d, n]."""
        size, total = self.batch_size(parameters), 0.0
        for part in torch.split(places, size, dim=1):
            total -= float(
                self.upward(parameters, part.to(self.device, torch.int64))[0].double().sum()
            )
        return bits_per_dimension(total, places.numel())


def _normalised(up: torch.Tensor, total: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors that sum to 1, their logarithms moved to `total`."""
    size = up.sum(-1, keepdim=True).clamp_(min=_TINY)
    return up / size, total + size.log().sum((0, 2))


def marginals(parameters: Parameters, tree: Tree) -> torch.Tensor:
    """P(z) of every node, [d, K]."""
    parent = torch.from_numpy(tree.parent.astype(np.int64)).to(parameters.root.device)
    out = parameters.root.expand(len(parent), -1).clone()
    for level in tree.levels[1:]:
        above = out.index_select(0, parent[level])[:, None]
        out[level] = torch.bmm(above, parameters.transitions[level])[:, 0]
    return out


def bits_per_dimension(nats: float, dimensions: int) -> float:
    """The bits a dimension of a negative log-likelihood in nats."""
    return nats / dimensions / log(2)


def to_nodes(rows: Rows, tree: Tree, variables: Variables) -> torch.Tensor:
    """Rows [n, d] as places in `Parameters.components`, nodes first, int32 [d, n]."""
    sizes = np.array(variables.alphabets)
    starts: NDArray[np.int32] = (np.cumsum(sizes) - sizes)[variables.kind].astype(np.int32)
    return torch.from_numpy(np.ascontiguousarray((rows + starts)[:, tree.variable].T))
