"""Quantisation steps that spend bits where the picture feels them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["balanced_steps"]

LOSS = 0.1
"""What quantisation with these steps adds to the fit's squared error: 0.4 dB."""

PROBE_FRAMES = 8


@torch.no_grad()
def balanced_steps(
    decoder: nn.Module, inputs: Tensor, coded: bool, error: float, seed: int
) -> list[float]:
    """Steps for the decoder's tensors and, last, for its inputs if those are coded.

    Uniform noise of a step's size in tensor t of n values adds ``s * step**2 / 12`` to the
    picture's squared error, s being measured here, and costs ``-n * log2(step)`` bits. At a
    given rate the sum of errors is least where every ``s * step**2 / n`` is the same.

    Args:
        decoder: left as it was.
        inputs: of every frame, (T, ...).
        coded: whether the inputs are quantised, too.
        error: the fit's mean squared error.
        seed: of the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    picks = np.linspace(0, len(inputs) - 1, min(PROBE_FRAMES, len(inputs))).astype(np.int64)
    some = inputs[torch.from_numpy(picks).to(inputs.device)]
    probed = [*decoder.parameters(), *([some] if coded else [])]
    totals = [inputs.numel() if tensor is some else tensor.numel() for tensor in probed]
    clean = decoder(some)
    steps = []
    for tensor, total in zip(probed, totals, strict=True):
        kept = tensor.clone()
        deviation = 0.01 * float(kept.square().mean().sqrt()) + 1e-6
        noise = torch.randn(kept.shape, generator=generator).to(kept.device)
        tensor.add_(noise, alpha=deviation)
        change = float((decoder(some) - clean).square().mean())
        tensor.copy_(kept)
        sensitivity = max(change / deviation**2, 1e-12)
        step = (12 * LOSS * error / sum(totals) * total / sensitivity) ** 0.5
        # All of a tensor within half a step is nothing but noise: coarser would be louder.
        steps.append(min(step, 2 * float(kept.abs().max()) or 1.0))
    return steps
