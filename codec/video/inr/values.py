"""All that a segment's file will hold: a decoder's weights and its embeddings, being fitted."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ncodec.video.inr.quantize import shifted
from ncodec.video.inr.shape import GRIDS
from ncodec.weights.bitstream import estimate_tensors
from ncodec.weights.rate import LearnedSteps, bits, grid_bits

__all__ = ["Values"]


class Values:
    """Weights, embeddings and their quantisation steps.

    Args:
        decoder: whose weights they are.
        embedding: shape of a frame's, or None.
        frames: how many have one.
        place: where they are.

    Attributes:
        weights: the decoder's parameters by name.
        embeddings: float32 (frames, *embedding), or None.
        steps: quantisation steps of the weights and, last, of the embeddings.
    """

    def __init__(
        self,
        decoder: nn.Module,
        embedding: tuple[int, ...] | None,
        frames: int,
        place: torch.device,
    ) -> None:
        self.weights = dict(decoder.named_parameters())
        self._grids = [name.startswith(GRIDS) for name in self.weights]
        self.embeddings: Tensor | None = None
        if embedding is not None:
            self.embeddings = torch.zeros(frames, *embedding, device=place, requires_grad=True)
        self.steps = LearnedSteps(len(self.tensors), place)

    @property
    def tensors(self) -> list[Tensor]:
        """Weights and, last, embeddings."""
        weights: list[Tensor] = [*self.weights.values()]
        return weights if self.embeddings is None else [*weights, self.embeddings]

    def quantized(
        self, generator: torch.Generator | None, rated: bool
    ) -> tuple[dict[str, Tensor], Tensor | None, Tensor | None]:
        """Weights by name and embeddings as they will be decoded, and what they cost.

        Args:
            generator: what makes the noise that stands for rounding; None rounds.
            rated: whether to count bits.

        Returns:
            weights, embeddings or None, and bits or None; all with gradients.
        """
        quantized = [self.steps.quantize(i, t, generator) for i, t in enumerate(self.tensors)]
        shown = [values for values, *_ in quantized]
        embeddings = shown.pop() if self.embeddings is not None else None
        rate = None
        if rated:
            parts = [
                grid_bits(*integers) if grid else bits(*integers)
                for grid, (_, *integers) in zip(self._grids, quantized, strict=False)
            ]
            if self.embeddings is not None:
                parts.append(_cheaper(*quantized[-1][1:]))
            rate = torch.stack(parts).sum()
        return dict(zip(self.weights, shown, strict=True)), embeddings, rate

    def floats(self) -> list[np.ndarray]:
        """All of them as they are, float32: what is quantised in the end."""
        return [t.detach().float().cpu().contiguous().numpy() for t in self.tensors]

    def size(self) -> int:
        """Bytes that they will take as they are, by the coder's own models."""
        weights = self._grids.count(False)
        tensors = shifted(self.floats(), self.steps.values(), weights, 0, any(self._grids))
        return estimate_tensors(tensors)


def _cheaper(values: Tensor, unrounded: Tensor) -> Tensor:
    """Bits of integers along time, as they are or by their differences."""
    changes, steady = (torch.diff(t, dim=0, prepend=t[:1] * 0) for t in (values, unrounded))
    return torch.minimum(bits(values, unrounded), bits(changes, steady))
