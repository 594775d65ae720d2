"""Who moves what in a fit; Muon for convolutions: momentum, orthogonalised before each step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ncodec.video.inr.recipe import Recipe
from ncodec.video.inr.shape import GRIDS
from ncodec.video.inr.values import Values

__all__ = ["Muon", "optimizer_tensors", "optimizers", "orthogonalize"]

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Newton-Schulz coefficients that push singular values to about 1 in five steps (K. Jordan)."""


def orthogonalize(matrices: Tensor, steps: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly: singular values land in 0.7 to 1.2.

    Args:
        matrices: (..., rows, columns), any floating dtype.
        steps: Newton-Schulz iterations.
    """
    a, b, c = QUINTIC
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    # Every iterate is a polynomial in the first one's Gram matrix, times the first one: so all
    # but the ends is arithmetic on the short side alone.
    gram = x @ x.mT
    total = factor = None
    for _ in range(steps):
        if factor is not None:
            gram = factor @ gram @ factor
        factor = b * gram + c * gram @ gram
        factor.diagonal(dim1=-2, dim2=-1).add_(a)
        total = factor if total is None else factor @ total
    assert total is not None
    x = total @ x
    result: Tensor = x.mT if tall else x
    return result


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, scaled by 0.2 sqrt(largest side).

    The scale gives an update the root mean square of Adam's, so that one learning rate suits
    both (Liu et al., arXiv 2502.16982, section 2.2). Tensors of more than two dimensions are
    taken as (first, everything else), which for a convolution is (out, in * k * k).
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            momentum: float = group["momentum"]
            # Small matrices cost more in calls than in arithmetic: those of one shape go together.
            alike: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state: dict[str, Any] = self.state[parameter]
                buffer: Tensor = state.setdefault("momentum", torch.zeros_like(parameter))
                buffer.lerp_(parameter.grad, 1 - momentum)
                matrix = parameter.grad.lerp(buffer, momentum).flatten(1)
                alike[matrix.shape].append((parameter, matrix))
            for shape, members in alike.items():
                updates = orthogonalize(torch.stack([matrix for _, matrix in members]))
                for (parameter, _), update in zip(members, updates, strict=True):
                    scale = -0.2 * max(shape) ** 0.5 * group["lr"]
                    parameter.add_(update.reshape(parameter.shape), alpha=scale)


def optimizers(
    recipe: Recipe, decoder: nn.Module, encoder: nn.Module | None, values: Values
) -> list[torch.optim.Optimizer]:
    """Muon for matrices, if the recipe has it, and Adam for the rest, for grids at a rate of
    their own; with a rate, Adam for quantisation steps and for embeddings, too.
    """
    weights = [p for n, p in decoder.named_parameters() if not n.startswith(GRIDS)]
    grids = [p for n, p in decoder.named_parameters() if n.startswith(GRIDS)]
    parameters = [*weights, *([] if encoder is None else encoder.parameters())]
    matrices = [p for p in parameters if p.ndim >= 2 and recipe.muon_rate is not None]
    rest = [p for p in parameters if p.ndim < 2 or recipe.muon_rate is None]
    rules: list[torch.optim.Optimizer] = [
        torch.optim.Adam(rest, lr=recipe.adam_rate, betas=recipe.betas, fused=True)
    ]
    if recipe.muon_rate is not None:
        rules.append(Muon(matrices, lr=recipe.muon_rate))
    if grids:
        rules.append(torch.optim.Adam(grids, lr=recipe.grids_rate, betas=recipe.betas, fused=True))
    if recipe.rate_weight:
        rules.append(torch.optim.Adam([values.steps.octaves], lr=recipe.steps_rate))
    if recipe.rate_weight and values.embeddings is not None:
        rules.append(torch.optim.Adam([values.embeddings], lr=recipe.embeddings_rate))
    return rules


def optimizer_tensors(optimizers: Sequence[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """The state of every optimizer by name, made where there is none yet."""
    tensors = {}
    for i, optimizer in enumerate(optimizers):
        _materialize(optimizer)
        for j, parameter in enumerate(optimizer.param_groups[0]["params"]):
            for key, value in optimizer.state[parameter].items():
                tensors[f"optimizer.{i}.{j}.{key}"] = value
    return tensors


def _materialize(optimizer: torch.optim.Optimizer) -> None:
    """Gives an optimizer that has not stepped yet the state tensors that a checkpoint fills."""
    parameters = optimizer.param_groups[0]["params"]
    if all(p in optimizer.state for p in parameters):
        return
    rate, grads = optimizer.param_groups[0]["lr"], [p.grad for p in parameters]
    optimizer.param_groups[0]["lr"] = 0.0
    for p in parameters:
        p.grad = torch.zeros_like(p)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = rate
    for p, grad in zip(parameters, grads, strict=True):
        p.grad = grad
        for value in optimizer.state[p].values():
            value.zero_()
