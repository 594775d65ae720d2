"""Post-training quantisation of a fitted decoder and its embeddings, to a size or to a loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ncodec.errors import TargetUnreachable
from ncodec.formats.entropy.tensor import estimate_bytes
from ncodec.video.fit import Fit
from ncodec.weights import QuantizedTensor, affine, pack_tensors, step_index, stepped
from ncodec.weights.bitstream import pack_side
from ncodec.weights.quantize import STEPS_PER_OCTAVE

__all__ = [
    "balanced_steps",
    "fitted_floats",
    "load_tensors",
    "pack_sections",
    "quantize_published",
    "quantize_stepped",
]

Floats = Sequence[np.ndarray]
"""A decoder's tensors in its state dict's order, then the embeddings (T, d, h, w): float32."""

LOSS = 0.1
"""What quantisation adds to the fit's squared error when no size is given: 0.4 dB."""

PROBE_FRAMES = 8
COARSEST, FINEST = 8 * STEPS_PER_OCTAVE, -16 * STEPS_PER_OCTAVE


def quantize_published(floats: Floats) -> list[QuantizedTensor]:
    """HNeRV's own: 8 bits between the extremes for weights, 6 for embeddings."""
    *weights, embeddings = floats
    return [*(affine(w, 8) for w in weights), affine(embeddings, 6)]


def quantize_stepped(
    floats: Floats, steps: Sequence[float], limit: int | None
) -> list[QuantizedTensor]:
    """One step a tensor; with a limit, `steps` times the least factor that meets it.

    Args:
        floats: what to quantise.
        steps: from `balanced_steps`.
        limit: bytes that the two sections of `pack_sections` may take, or None.

    Raises:
        TargetUnreachable: the limit is too small even for the coarsest steps.
    """
    base = [step_index(step) for step in steps]

    def at(shift: int) -> list[QuantizedTensor]:
        return [stepped(t, index + shift) for t, index in zip(floats, base, strict=True)]

    if limit is None:
        return at(0)
    low, high = FINEST, COARSEST
    while low < high:
        middle = (low + high) // 2
        if _estimate(at(middle)) <= limit:
            high = middle
        else:
            low = middle + 1
    # The estimate is within a percent: walk from there to the exact answer.
    while low > FINEST and _exact(at(low - 1)) <= limit:
        low -= 1
    while (size := _exact(at(low))) > limit:
        if low >= COARSEST:
            raise TargetUnreachable(
                f"{limit} bytes are too few for this segment's network: the coarsest "
                f"quantisation takes {size}; raise --target-size or lower --model-size"
            )
        low += 1
    return at(low)


def balanced_steps(floats: Floats, fit: Fit) -> list[float]:
    """The steps that spend bits where the picture feels them, adding `LOSS` to its error.

    Uniform noise of a step's size in tensor t of n values adds ``s * step**2 / 12`` to the
    picture's squared error, s being measured here, and costs ``-n * log2(step)`` bits. At a
    given rate the sum of errors is least where every ``s * step**2 / n`` is the same.

    Args:
        floats: the fit's result.
        fit: whose decoder holds the same weights; it is left as it was.
    """
    generator = torch.Generator().manual_seed(fit.seed)
    decoder = fit.decoder
    embeddings = torch.from_numpy(floats[-1]).to(next(decoder.parameters()).device)
    error = fit.errors(embeddings, decoder).mean().item()
    picks = np.linspace(0, len(embeddings) - 1, min(PROBE_FRAMES, len(embeddings)))
    some = embeddings[torch.from_numpy(picks.astype(np.int64))]
    count = sum(t.size for t in floats)
    steps = []
    with torch.no_grad():
        clean = decoder(some)
        for tensor in [*decoder.state_dict().values(), some]:
            kept = tensor.clone()
            deviation = 0.01 * float(kept.square().mean().sqrt()) + 1e-6
            noise = torch.randn(kept.shape, generator=generator).to(kept.device)
            tensor.add_(noise, alpha=deviation)
            change = float((decoder(some) - clean).square().mean())
            tensor.copy_(kept)
            total = embeddings.numel() if tensor is some else kept.numel()
            sensitivity = max(change / deviation**2, 1e-12)
            steps.append((12 * LOSS * error / count * total / sensitivity) ** 0.5)
    return steps


def fitted_floats(fit: Fit) -> list[np.ndarray]:
    """The decoder's tensors and the embeddings that a fit came to."""
    tensors = [*fit.decoder.state_dict().values(), fit.embeddings()]
    return [t.detach().float().cpu().contiguous().numpy() for t in tensors]


def load_tensors(decoder: nn.Module, tensors: Sequence[QuantizedTensor]) -> Tensor:
    """Puts the weights into `decoder`; returns the embeddings (T, d, h, w) on its device."""
    parameters = list(decoder.state_dict().values())
    for parameter, tensor in zip(parameters, tensors[:-1], strict=True):
        parameter.copy_(torch.from_numpy(tensor.dequantize()))
    return torch.from_numpy(tensors[-1].dequantize()).to(parameters[0].device)


def pack_sections(tensors: Sequence[QuantizedTensor]) -> tuple[bytes, bytes]:
    """The sections of weights and of embeddings."""
    return pack_tensors(tensors[:-1]), pack_tensors(tensors[-1:])


def _exact(tensors: Sequence[QuantizedTensor]) -> int:
    return sum(map(len, pack_sections(tensors)))


def _estimate(tensors: Sequence[QuantizedTensor]) -> int:
    return len(pack_side(tensors)) + estimate_bytes([t.values for t in tensors])
