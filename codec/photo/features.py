"""What the circuit sees of a sample's surroundings: bins of residuals, gradients and energy.

Samples count in quarter levels here. An error is the sample less its prediction; errors are known
of this plane where samples were coded already, and of earlier planes everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel
from ncodec.formats.entropy.vectors import item

__all__ = ["BINS", "FEATURES", "MARGIN", "bin_tables", "see"]

BINS = 32
MARGIN = 4
"""The columns and rows around a plane that neighbours may reach."""

FEATURES = (20, 24, 28)
"""The number of features of a first, second and third plane (docs/photo.md, "Features")."""

_SIGNED = 2048
_MAGNITUDE = 8192

I32 = NDArray[np.int32]


def bin_tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The bins of signed values, uint8 [2 * 2048], and of magnitudes, uint8 [8192].

    Steps grow with the value: about three bins a factor of two.
    """
    edges = [1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 60, 90, 140, 240, 480]
    values = np.arange(-_SIGNED, _SIGNED)
    signed = 16 + np.sign(values) * np.searchsorted(edges, np.abs(values), side="right")
    steps = [1, 2, 4, 6, 9, 12, 16, 21, 27, 34, 43, 54, 68, 85, 106, 133, 166, 208, 260, 325]
    steps += [406, 508, 635, 793, 992, 1240, 1550, 2100, 3000, 4300, 6300]
    magnitude = np.searchsorted(steps, np.arange(_MAGNITUDE), side="right")
    return signed.astype(np.uint8), magnitude.astype(np.uint8)


@inner_kernel(forceinline=True)
def _signed(table: NDArray[np.uint8], value: Any) -> Any:
    return np.int64(item(table, np.int64(min(max(value, -_SIGNED), _SIGNED - 1) + _SIGNED)))


@inner_kernel(forceinline=True)
def _magnitude(table: NDArray[np.uint8], value: Any) -> Any:
    return np.int64(item(table, np.int64(min(value, _MAGNITUDE - 1))))


@inner_kernel(forceinline=True)
def see(
    bins: NDArray[np.int64],
    samples: I32,
    errors: I32,
    activity: I32,
    plane: int,
    at: int,
    stride: int,
    size: int,
    prediction: int,
    energy: int,
    apart: int,
    missed: int,
    shift: int,
    fine: int,
    signed: NDArray[np.uint8],
    magnitude: NDArray[np.uint8],
) -> None:
    """Fills `bins` with the bin of every feature.

    `samples`, `errors` and `activity` hold the planes one after another, `size` elements each and
    `stride` a row; `at` is the sample's place in its plane, `prediction` in quarter levels,
    `energy` that of the least squares, `apart` how far two predictions differ, in 1/16 level, and
    `missed` how far the better one missed nearby samples. Differences are seen in units of
    2^`fine` of these, `energy` and `missed` are given in them.
    """
    # All is looked up before anything is stored: the compiler cannot tell that they are apart.
    here = plane * size + at
    north = here - stride
    w, n = 4 * item(samples, here - 1), 4 * item(samples, north)
    nw, ne = 4 * item(samples, north - 1), 4 * item(samples, north + 1)
    ww, nn = 4 * item(samples, here - 2), 4 * item(samples, north - stride)
    ew, en = item(errors, here - 1), item(errors, north)
    enw, ene = item(errors, north - 1), item(errors, north + 1)
    eww, enn = item(errors, here - 2), item(errors, north - stride)
    near = 2 * (abs(ew) + abs(en)) + abs(enw) + abs(ene) + abs(eww) + abs(enn)
    wide = 3 * item(activity, here - 1) + 3 * item(activity, north)
    wide += item(activity, north + 1) + item(activity, north - 1)
    same = (w == n) + (n == nw) + (n == ne) + (w == ww) + (n == nn) + (w == nw) + (ew == 0)
    above = (w > prediction) + (n > prediction) + (nw > prediction) + (ne > prediction)
    above += (ww > prediction) + (nn > prediction)
    near_bin, energy_bin = _magnitude(magnitude, near >> fine), _magnitude(magnitude, energy)
    half = (1 << fine) >> 1
    b0, b1, b2, b3 = (
        _signed(signed, (ew + half) >> fine), _signed(signed, (en + half) >> fine),
        _signed(signed, (enw + half) >> fine), _signed(signed, (ene + half) >> fine),
    )  # fmt: skip
    b5 = _magnitude(magnitude, wide >> (4 + fine))
    b6 = _signed(signed, (prediction - w) >> (1 + fine))
    b7 = _signed(signed, (prediction - n) >> (1 + fine))
    b8 = _signed(signed, (prediction - ne) >> (1 + fine))
    b9 = _signed(signed, (prediction - w - n + nw) >> (1 + fine))
    b10 = _magnitude(magnitude, (abs(w - nw) + abs(n - ne) + abs(ww - w)) >> fine)
    b11 = _magnitude(magnitude, (abs(w - n) + abs(n - nn) + abs(nw - n)) >> fine)
    b15 = _signed(signed, apart >> fine)
    b16 = _signed(signed, (ew + en - enw + half) >> fine)
    b17 = _magnitude(magnitude, missed)
    bins[0], bins[1], bins[2], bins[3], bins[4], bins[5] = b0, b1, b2, b3, near_bin, b5
    bins[6], bins[7], bins[8], bins[9], bins[10], bins[11] = b6, b7, b8, b9, b10, b11
    bins[12], bins[13], bins[14], bins[15] = (
        energy_bin, prediction >> shift, 4 * same + ((prediction >> fine) & 3), b15
    )  # fmt: skip
    bins[16], bins[17] = b16, b17
    bins[18] = 4 * (near_bin >> 2) + (energy_bin >> 3)
    bins[19] = 4 * above + 2 * (ew > 0) + (en > 0)
    for p in range(plane):
        # The latest of the earlier planes first.
        other, first = here - (p + 1) * size, 20 + 4 * p
        e, c = item(errors, other), 4 * item(samples, other)
        around = abs(item(errors, other - 1)) + abs(item(errors, other + 1)) + 2 * abs(e)
        around += abs(item(errors, other - stride)) + abs(item(errors, other + stride))
        west = w + c - 4 * item(samples, other - 1) - prediction
        north_too = n + c - 4 * item(samples, other - stride) - prediction
        b0 = _signed(signed, (e + half) >> fine)
        b1 = _magnitude(magnitude, around >> fine)
        b2, b3 = _signed(signed, west >> (1 + fine)), _signed(signed, north_too >> (1 + fine))
        bins[first], bins[first + 1], bins[first + 2], bins[first + 3] = b0, b1, b2, b3
