"""The flow: additive couplings on squeezed images, an exact bijection of integers modulo 256.

Integer discrete flows (arXiv 1905.07376): x_b becomes x_b + round(t(x_a)) for a partition (a, b)
of the channels, with a convolutional network t. Here everything is modulo 256, so that latents
keep the alphabet of samples, and t is integer arithmetic from end to end: weights and activations
are fixed-point numbers whose sums stay below 2^53, so that float64 matrix products are exact
whatever their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel

__all__ = [
    "ACTIVATION_BITS",
    "LARGEST_BIAS",
    "LARGEST_WEIGHT",
    "WEIGHT_BITS",
    "Coupling",
    "Flow",
    "mask",
    "squeeze",
    "unsqueeze",
]

WEIGHT_BITS = 12
"""The fractional bits of weights."""

ACTIVATION_BITS = 8
"""The fractional bits of activations."""

CEILING = (1 << 20) - 1
"""The largest activation: 20 bits of activation, 16 of weight and 9 x 128 inputs make 47."""

LARGEST_WEIGHT = (1 << 15) - 1
LARGEST_BIAS = (1 << 20) - 1
CENTRE = 128
KERNEL = 3

Samples = NDArray[np.uint8]
Weights = NDArray[np.int64]


def mask(index: int, channels: int) -> NDArray[np.bool_]:
    """Which channels coupling `index` changes, bool [4 x channels]; the others are its input.

    Squeezed channel 4c + p is the sample at position p of its 2x2 block, of channel c. In turn
    the right columns, the left ones, the lower rows, the upper ones, and with colours the
    outer channels given the middle one, and the other way round.
    """
    position = np.tile(np.arange(4), channels)
    channel = np.repeat(np.arange(channels), 4)
    masks = [position % 2 == 1, position % 2 == 0, position >= 2, position < 2]
    if channels > 1:
        masks = [channel % 2 == 0, channel % 2 == 1, *masks]
    pattern: NDArray[np.bool_] = masks[index % len(masks)]
    return pattern


def squeeze(samples: NDArray[Any]) -> NDArray[Any]:
    """[n, c, h, w] as [n, 4c, h/2, w/2]."""
    n, c, h, w = samples.shape
    blocks = samples.reshape(n, c, h // 2, 2, w // 2, 2)
    return blocks.transpose(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


def unsqueeze(samples: NDArray[Any]) -> NDArray[Any]:
    """The inverse of `squeeze`."""
    n, c, h, w = samples.shape
    blocks = samples.reshape(n, c // 4, 2, 2, h, w)
    return blocks.transpose(0, 1, 4, 2, 5, 3).reshape(n, c // 4, 2 * h, 2 * w)


@dataclass(frozen=True)
class Coupling:
    """One additive coupling.

    Attributes:
        changed: which channels it changes, bool [channels].
        weights: of three 3x3 convolutions, int64 [out, in, 3, 3], `WEIGHT_BITS` fractional.
        biases: int64 [out], `ACTIVATION_BITS` fractional.
    """

    changed: NDArray[np.bool_]
    weights: Sequence[Weights]
    biases: Sequence[Weights]

    def shift(self, samples: Samples) -> NDArray[np.int64]:
        """t of the unchanged channels, [n, changed channels, h, w], in whole grey levels."""
        inputs = samples[:, ~self.changed].astype(np.int64) - CENTRE
        values = inputs << ACTIVATION_BITS
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            sums = _convolved(values, weight) + (bias << WEIGHT_BITS)[:, None, None]
            bits = WEIGHT_BITS if layer < last else WEIGHT_BITS + ACTIVATION_BITS
            values = (sums + (1 << (bits - 1))) >> bits
            if layer < last:
                values = np.clip(values, 0, CEILING)
        return values

    def forward(self, samples: Samples) -> Samples:
        return self._moved(samples, self.shift(samples))

    def backward(self, samples: Samples) -> Samples:
        return self._moved(samples, -self.shift(samples))

    def _moved(self, samples: Samples, by: NDArray[np.int64]) -> Samples:
        out = samples.copy()
        out[:, self.changed] = (samples[:, self.changed] + by) & 255
        return out


@dataclass(frozen=True)
class Flow:
    """Couplings at one or more scales; each scale squeezes what the one before leaves.

    Attributes:
        scales: couplings of each scale, in order.
    """

    scales: Sequence[Sequence[Coupling]]

    def forward(self, images: Samples) -> Samples:
        """Latents, uint8 [n, c, h, w] of the squeezed shape, of images [n, c, h, w]."""
        for couplings in self.scales:
            images = squeeze(images)
            for coupling in couplings:
                images = coupling.forward(images)
        return images

    def backward(self, latents: Samples) -> Samples:
        """The images whose latents these are."""
        for couplings in reversed(self.scales):
            for coupling in reversed(couplings):
                latents = coupling.backward(latents)
            latents = unsqueeze(latents)
        return latents


def _convolved(values: NDArray[np.int64], weight: Weights) -> NDArray[np.int64]:
    """A 3x3 convolution with zero padding, exact."""
    n, _, h, w = values.shape
    # Images last, so that the innermost loop runs over them, whatever their size.
    padded = np.pad(values.transpose(1, 2, 3, 0), ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.zeros((len(weight), h, w, n))
    _accumulate(np.ascontiguousarray(padded, np.float64), weight.astype(np.float64), out)
    return np.ascontiguousarray(out.transpose(3, 0, 1, 2), np.int64)


@kernel
def _accumulate(padded: Any, weight: Any, out: Any) -> Any:
    """Adds to `out` the convolution with `weight`. It does not use BLAS, whose own threads would
    fight with those that share out the chunks."""
    for o in range(weight.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                sums = out[o, y, x]
                for i in range(weight.shape[1]):
                    for down in range(KERNEL):
                        for right in range(KERNEL):
                            factor = weight[o, i, down, right]
                            row = padded[i, y + down, x + right]
                            for b in range(len(sums)):
                                sums[b] += factor * row[b]
