"""The cost of quantised values, as a function that a fit can follow downhill."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor
from torch.nn import functional as F

from ncodec.weights.places import CLASSES, LARGEST_ERROR, THRESHOLDS, WEIGHT_BITS
from ncodec.weights.quantize import STEPS_PER_OCTAVE

__all__ = ["LearnedSteps", "bits", "classes", "grid_bits", "predictor_of"]

_NARROWEST = 0.02
"""The smallest scale in steps: under it every value is the same symbol."""

_LEAST = 1e-9
"""The smallest probability: what lies farther out is an escape."""


_RIDGE = 1e-5
"""The share of the moments' trace on the diagonal that keeps least squares solvable."""


class LearnedSteps:
    """Quantises a list of tensors inside a fit, with a step for each that is learned, too.

    While the fit is coarse, uniform noise of a step's width stands for the rounding (Balle et
    al., arXiv 1611.01704, section 3.1); towards its end values are rounded, and gradients pass
    straight through.

    Attributes:
        octaves: float32 (tensors,), base-2 logarithms of the steps; to be optimised.
    """

    def __init__(self, count: int, place: torch.device) -> None:
        self.octaves = torch.zeros(count, device=place, requires_grad=True)

    def quantize(
        self, index: int, tensor: Tensor, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tensor `index` as it will be decoded, roughly or exactly.

        Args:
            index: the tensor's in the list.
            tensor: the tensor, or a part of it.
            generator: makes the noise; None rounds.

        Returns:
            values, their integers, and what those were before noise or rounding; all of the
            tensor's shape, all with gradients.
        """
        octaves = self.octaves[index]
        # Only the steps that a file can say.
        said = (octaves.detach() * STEPS_PER_OCTAVE).round() / STEPS_PER_OCTAVE
        step = torch.exp2(octaves + (said - octaves.detach()))
        scaled = tensor / step
        if generator is None:
            integers = scaled + (scaled.detach().round() - scaled.detach())
        else:
            noise = torch.empty_like(scaled).uniform_(-0.5, 0.5, generator=generator)
            integers = scaled + noise
        return integers * step, integers, scaled

    def values(self) -> list[float]:
        """The steps."""
        return [2.0**octaves for octaves in self.octaves.tolist()]


def bits(integers: Tensor, unrounded: Tensor) -> Tensor:
    """Bits that the coder's fixed models take for integers, noisy or rounded; a scalar.

    The better of a discretised Laplace and a discretised Gaussian with the scale of the
    unrounded values, as `ncodec.formats.entropy` chooses among its tables.
    """
    distance = integers.abs()
    laplace = _laplace_bits(distance, unrounded.abs().mean().clamp_min(_NARROWEST))
    squares = unrounded.square().mean().clamp_min(_NARROWEST**2)
    return torch.minimum(laplace.sum(), _gaussian_bits(distance, squares.sqrt()).sum())


def grid_bits(integers: Tensor, unrounded: Tensor) -> Tensor:
    """The bits, as of `bits`, for a grid (times, channels, rows, columns) coded by prediction: of
    the distances from what is expected, every class of `ncodec.weights.predicted` has a scale of
    its own.
    """
    whole = integers.detach().round()
    predictor = predictor_of(whole)
    places = classes(whole, predictor).flatten()
    expected = _expected(integers, predictor)
    distance = (integers - expected).abs().flatten()
    values = (unrounded - expected).flatten()
    none = torch.zeros(CLASSES, device=values.device)

    def totals(terms: Tensor) -> Tensor:
        return none.index_add(0, places, terms)

    counts = totals(torch.ones_like(values)).clamp_min(1)
    scales = (totals(values.abs()) / counts).clamp_min(_NARROWEST)
    deviations = (totals(values.square()) / counts).clamp_min(_NARROWEST**2).sqrt()
    laplace = totals(_laplace_bits(distance, scales[places]))
    gaussian = totals(_gaussian_bits(distance, deviations[places]))
    return torch.minimum(laplace, gaussian).sum()


@torch.no_grad()
def predictor_of(values: Tensor) -> Tensor:
    """A good predictor for a grid of whole numbers: float32 (5,), multiples of 1/64.

    Least squares, where squares count the less the more the places around them change: so it is
    close to what costs the fewest bits.
    """
    before, left, above = _neighbours(values)
    counts = 1 / (1 + _around((values - before).abs()))

    def least_squares(time: slice, *terms: Tensor) -> Tensor:
        matrix = torch.stack([term[time].flatten() for term in terms])
        weighted = matrix * counts[time].flatten()
        moments = weighted @ matrix.T
        ridge = (_RIDGE * moments.trace() + _LEAST) * torch.eye(len(terms), device=values.device)
        # Without a check, which would wait for the device.
        aims = weighted @ values[time].flatten()
        solution: Tensor = torch.linalg.solve_ex(moments + ridge, aims)[0]
        return solution

    # Moments are sums of many: not in half precision.
    with torch.autocast(values.device.type, enabled=False):
        later = least_squares(slice(1, None), before, left, above)
        coefficients = torch.cat([later, least_squares(slice(1), left, above)])
    scale = 1 << WEIGHT_BITS
    return (coefficients * scale).round().clamp(-2 * scale, 2 * scale - 1) / scale


@torch.no_grad()
def classes(values: Tensor, predictor: Tensor) -> Tensor:
    """The class of every value of a grid of whole numbers, int64, as in `ncodec.weights.places`."""
    centres = (_expected(values, predictor) + 0.5).floor()
    edges = torch.tensor(THRESHOLDS, device=values.device, dtype=values.dtype)
    return torch.bucketize(_around((values - centres).abs()), edges, right=True)


def _neighbours(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The slice before, and the changes from it to the left and above."""
    before = F.pad(values[:-1], (0, 0, 0, 0, 0, 0, 1, 0))
    changes = F.pad(values - before, (1, 0, 1, 0))
    return before, changes[..., 1:, :-1], changes[..., :-1, 1:]


def _expected(values: Tensor, predictor: Tensor) -> Tensor:
    before, left, above = _neighbours(values)
    first = predictor[3] * left[:1] + predictor[4] * above[:1]
    later = predictor[0] * before[1:] + predictor[1] * left[1:] + predictor[2] * above[1:]
    return torch.cat([first, later])


def _around(errors: Tensor) -> Tensor:
    """The sum of errors around each place whose thresholds make the classes."""
    errors = errors.clamp_max(LARGEST_ERROR)
    start = errors[:1].mean().round().expand_as(errors[:1])
    framed = F.pad(torch.cat([start, errors]), (1, 1, 1, 1))
    then, now = framed[:-1], framed[1:]
    total = 2 * (then[..., 1:-1, 1:-1] + now[..., 1:-1, :-2] + now[..., :-2, 1:-1])
    total += then[..., :-2, 1:-1] + then[..., 2:, 1:-1] + then[..., 1:-1, :-2] + then[..., 1:-1, 2:]
    total += now[..., :-2, :-2] + now[..., :-2, 2:]
    return total


def _laplace_bits(distance: Tensor, scale: Tensor) -> Tensor:
    outer = torch.exp(-(distance + 0.5) / scale)
    # Within half a step of zero the interval has its mode inside.
    inner = torch.exp(-(distance - 0.5).abs() / scale)
    mass = torch.where(distance < 0.5, 1 - 0.5 * (inner + outer), 0.5 * (inner - outer))
    return -torch.log2(mass.clamp_min(_LEAST))


def _gaussian_bits(distance: Tensor, deviation: Tensor) -> Tensor:
    scale = 1 / (sqrt(2) * deviation)
    mass = torch.erf((distance + 0.5) * scale) - torch.erf((distance - 0.5) * scale)
    return -torch.log2((0.5 * mass).clamp_min(_LEAST))
