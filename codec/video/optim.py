"""Muon for convolutions: momentum whose matrix form is orthogonalised before each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["Muon", "orthogonalize"]

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Newton-Schulz coefficients that push singular values to about 1 in five steps (K. Jordan)."""


def orthogonalize(matrix: Tensor, steps: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrix, roughly: singular values land in 0.7 to 1.2.

    Args:
        matrix: (rows, columns), any floating dtype.
        steps: Newton-Schulz iterations.
    """
    a, b, c = QUINTIC
    x = matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if matrix.shape[0] > matrix.shape[1] else x


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
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state: dict[str, Any] = self.state[parameter]
                buffer: Tensor = state.setdefault("momentum", torch.zeros_like(parameter))
                buffer.lerp_(parameter.grad, 1 - momentum)
                matrix = parameter.grad.lerp(buffer, momentum).flatten(1)
                update = orthogonalize(matrix).view(parameter.shape)
                parameter.add_(update, alpha=-0.2 * max(matrix.shape) ** 0.5 * group["lr"])
