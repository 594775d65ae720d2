"""The student in training: both networks, gains of every rate, and the learned prior."""

from __future__ import annotations

import warnings
from math import log
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ncodec.errors import MissingDependency
from ncodec.student.network import build_decoder, build_encoder
from ncodec.student.preparation import Preparation
from ncodec.student.shape import Architecture
from ncodec.student.transform import begin_as_transform

__all__ = ["Student"]

_LARGEST = 512
"""The number of values to either side of the median that a table may list; others are escaped."""


def _compressai() -> tuple[Any, Any]:
    try:
        with warnings.catch_warnings():  # of what it uses of PyTorch
            warnings.simplefilter("ignore")
            from compressai.entropy_models import EntropyBottleneck
            from compressai.layers import GDN1
    except ImportError:
        raise MissingDependency(
            "training a student needs CompressAI: run python -m pip install 'ncodec[features]'"
        ) from None
    return EntropyBottleneck, GDN1


class Student(nn.Module):
    """An encoder and a decoder for all rates; image i of a batch has rate i mod `rates`.

    A rate is a gain for every channel of the latents (arXiv 2003.02012), another one after
    rounding, and a factorised prior of its own (CompressAI's EntropyBottleneck).
    """

    def __init__(self, architecture: Architecture, rates: int) -> None:
        super().__init__()
        bottleneck, gdn = _compressai()
        self.rates, self.channels = rates, architecture.latents
        self.encoder = build_encoder(architecture, gdn)
        self.decoder = build_decoder(architecture, gdn)
        gains = _GAINS
        if architecture.picture:
            begin_as_transform(self.encoder, self.decoder)
            gains = _TRANSFORM_GAINS
        start = torch.linspace(log(gains[0]), log(gains[1]), rates)[:, None]
        self.gain = nn.Parameter(start.repeat(1, self.channels))
        self.inverse = nn.Parameter(-start.repeat(1, self.channels))
        self.prior = bottleneck(rates * self.channels, init_scale=_SPREAD)

    def latents(self, images: Tensor) -> Tensor:
        """The latents of normalised images [n, 3, h, w], scaled, [n / rates, rates * channels,
        ...]."""
        y = self.encoder(images)
        gain = self.gain.exp().repeat(len(y) // self.rates, 1)
        return self._folded(y * gain[:, :, None, None])

    @torch.no_grad()
    def encoded(self, images: NDArray[np.uint8], preparation: Preparation) -> NDArray[np.float32]:
        """The latents of prepared images [n, h, w, 3] before any gain, float32 [n, channels,
        ...]."""
        batches = []
        for start in range(0, len(images), 16):
            part = torch.from_numpy(images[start : start + 16]).to(self.gain.device)
            inputs = preparation.normalised(part.permute(0, 3, 1, 2).float())
            batches.append(self.encoder(inputs).cpu())
        latents: NDArray[np.float32] = torch.cat(batches).numpy()
        return latents

    def bits(self, latents: Tensor) -> Tensor:
        """The bits of each image, [n], from latents with uniform noise in place of rounding.

        The decoder meets rounded latents from the start (arXiv 2004.06720): one that has learned
        from noise is far off once they are.
        """
        # A quarter of the places, in a grid that is elsewhere in every step, is told from.
        top, left = torch.randint(2, (2,)).tolist() if min(latents.shape[2:]) > 1 else (0, 0)
        part = latents[:, :, top::2, left::2]
        _, likelihoods = self.prior(part, training=True)
        bits: Tensor = self._unfolded(likelihoods).log2().neg().sum(dim=(1, 2, 3))
        return bits * (latents[0, 0].numel() / part[0, 0].numel())

    def rounded(self, latents: Tensor) -> Tensor:
        """Latents rounded around the medians of their priors; the gradient passes."""
        medians = self.prior.quantiles[:, 0, 1].detach()[:, None, None]
        rounded: Tensor = torch.round(latents - medians) + medians
        return latents + (rounded - latents).detach()

    def decode(self, latents: Tensor) -> Tensor:
        """The teacher's features [n, ...] of rounded latents, or pictures."""
        y = self._unfolded(latents)
        inverse = self.inverse.exp().repeat(len(y) // self.rates, 1)
        features: Tensor = self.decoder(y * inverse[:, :, None, None])
        return features

    def settle(self) -> None:
        """Finds the medians of the priors, which training has only followed."""
        optimiser = torch.optim.Adam([self.prior.quantiles], lr=0.05)
        for step in range(_SETTLING):
            for group in optimiser.param_groups:
                group["lr"] = 0.05 * 0.002 ** (step / _SETTLING)
            optimiser.zero_grad()
            self.prior.loss().backward()
            optimiser.step()

    @torch.no_grad()
    def masses(self) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """The probabilities of the values -k..k around each median, [rates, channels, 2k + 1], and
        the medians."""
        medians = self.prior.quantiles[:, 0, 1]
        steps = torch.arange(-_LARGEST, _LARGEST + 1, device=medians.device)
        grid = (medians[:, None] + steps)[None, :, None, :]
        _, mass = self.prior(grid, training=False)
        masses: NDArray[np.float64] = mass[0, :, 0].double().cpu().numpy()
        centres = medians.cpu().numpy().astype(np.float32)
        shape = (self.rates, self.channels)
        return masses.reshape(*shape, -1), centres.reshape(shape)

    def _folded(self, y: Tensor) -> Tensor:
        return y.reshape(-1, self.rates * self.channels, *y.shape[2:])

    def _unfolded(self, y: Tensor) -> Tensor:
        return y.reshape(-1, self.channels, *y.shape[2:])


_GAINS = (4.0, 0.4)
"""The gains of the first and the last rate, to begin with."""

_TRANSFORM_GAINS = (14.0, 1.0)
_SPREAD = 4.0
_SETTLING = 2000
