"""From a fit's tensors to integers: how fine each is, and sections of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from ncodec.errors import TargetUnreachable
from ncodec.weights import (
    QuantizedTensor,
    SteppedTensor,
    affine,
    pack_tensors,
    step_index,
    stepped,
)
from ncodec.weights.bitstream import differences, estimate_tensors
from ncodec.weights.quantize import STEPS_PER_OCTAVE

__all__ = [
    "balanced_steps",
    "load_tensors",
    "pack_sections",
    "quantize_published",
    "quantize_stepped",
    "shifted",
]


Floats = Sequence[np.ndarray]
"""A decoder's tensors in its state dict's order, which ends with its grids, then the embeddings
(T, d, h, w) if it takes embeddings: float32."""

COARSEST, FINEST = 8 * STEPS_PER_OCTAVE, -16 * STEPS_PER_OCTAVE


def quantize_published(floats: Floats, weights: int) -> list[QuantizedTensor]:
    """HNeRV's own: 8 bits between the extremes for weights, 6 for embeddings.

    Args:
        floats: what to quantise.
        weights: how many of them are a decoder's.
    """
    return [affine(t, 8 if i < weights else 6) for i, t in enumerate(floats)]


def quantize_stepped(
    floats: Floats,
    steps: Sequence[float],
    weights: int,
    limit: int | None,
    grids: bool = False,
) -> list[QuantizedTensor]:
    """One step a tensor; with a limit, `steps` times the least factor that meets it.

    Args:
        floats: what to quantise.
        steps: the tensors' quantisation steps.
        weights: how many of them are weights; the others go along time.
        limit: bytes that the two sections of `pack_sections` may take, or None.
        grids: whether the others are grids and not embeddings.

    Raises:
        TargetUnreachable: the limit is too small even for the coarsest steps.
    """

    def at(shift: int) -> list[QuantizedTensor]:
        return shifted(floats, steps, weights, shift, grids)

    if limit is None:
        return at(0)
    low, high = FINEST, COARSEST
    while low < high:
        middle = (low + high) // 2
        if estimate_tensors(at(middle)) <= limit:
            high = middle
        else:
            low = middle + 1
    # The estimate is within a percent: walk from there to the exact answer.
    while low > FINEST and _exact(at(low - 1), weights) <= limit:
        low -= 1
    while (size := _exact(at(low), weights)) > limit:
        if low >= COARSEST:
            raise TargetUnreachable(
                f"{limit} bytes are too few for this segment's network: the coarsest "
                f"quantisation takes {size}; raise --target-size or lower --model-size"
            )
        low += 1
    return at(low)


def shifted(
    floats: Floats, steps: Sequence[float], weights: int, shift: int, grids: bool = False
) -> list[QuantizedTensor]:
    """One step a tensor, `shift` indices coarser than `steps`; embeddings the cheaper way."""
    tensors = [stepped(t, step_index(s) + shift) for t, s in zip(floats, steps, strict=True)]
    along = (replace(t, predicted=True) if grids else cheaper(t) for t in tensors[weights:])
    return [*tensors[:weights], *along]


def cheaper(tensor: SteppedTensor) -> SteppedTensor:
    """The tensor, by differences along time where that is shorter."""
    if np.abs(differences(tensor.values)).max(initial=0) > np.iinfo(np.int32).max:
        return tensor
    changes = replace(tensor, differences=True)
    return min(tensor, changes, key=lambda way: estimate_tensors([way]))


def load_tensors(decoder: nn.Module, tensors: Sequence[QuantizedTensor]) -> Tensor | None:
    """Puts the weights into `decoder`; returns the embeddings (T, d, h, w), if there are any."""
    parameters = list(decoder.state_dict().values())
    for parameter, tensor in zip(parameters, tensors, strict=False):
        parameter.copy_(torch.from_numpy(tensor.dequantize()))
    if len(tensors) == len(parameters):
        return None
    return torch.from_numpy(tensors[-1].dequantize())


def pack_sections(tensors: Sequence[QuantizedTensor], weights: int) -> tuple[bytes, ...]:
    """The section of the first `weights` tensors, and that of the others if there are any."""
    parts = (tensors[:weights], tensors[weights:])
    return tuple(pack_tensors(part) for part in parts if part)


def _exact(tensors: Sequence[QuantizedTensor], weights: int) -> int:
    return sum(map(len, pack_sections(tensors, weights)))


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
        inputs: the decoder's inputs of every frame, (T, ...).
        coded: whether the inputs are quantised, too.
        error: the fit's mean squared error.
        seed: what the noise comes from.
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
