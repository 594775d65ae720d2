"""What the circuit sees of a sample's surroundings: bins of residuals, gradients and energy.

Samples count in quarter levels here. An error is the sample less its prediction; errors are known
of this plane where samples were coded already, and of earlier planes everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import inner_kernel

__all__ = ["BINS", "FEATURES", "MARGIN", "bin_tables", "see"]

BINS = 32
MARGIN = 4
"""The columns and rows around a plane that neighbours may reach."""

FEATURES = (16, 20, 24)
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


@inner_kernel(inline="always")
def _signed(table: NDArray[np.uint8], value: Any) -> Any:
    return np.int64(table[min(max(value, -_SIGNED), _SIGNED - 1) + _SIGNED])


@inner_kernel(inline="always")
def _magnitude(table: NDArray[np.uint8], value: Any) -> Any:
    return np.int64(table[min(value, _MAGNITUDE - 1)])


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
    shift: int,
    signed: NDArray[np.uint8],
    magnitude: NDArray[np.uint8],
) -> None:
    """Fills `bins` with table rows: BINS * feature + bin.

    `samples`, `errors` and `activity` hold the planes one after another, `size` elements each and
    `stride` a row; `at` is the sample's place in its plane, `prediction` in quarter levels,
    `energy` that of the least squares, `apart` how far two predictions differ, in 1/16 level.
    """
    here = plane * size + at
    north = here - stride
    w, n = 4 * samples[here - 1], 4 * samples[north]
    nw, ne = 4 * samples[north - 1], 4 * samples[north + 1]
    ww, nn = 4 * samples[here - 2], 4 * samples[north - stride]
    ew, en, enw, ene = errors[here - 1], errors[north], errors[north - 1], errors[north + 1]
    eww, enn = errors[here - 2], errors[north - stride]
    near = 2 * (abs(ew) + abs(en)) + abs(enw) + abs(ene) + abs(eww) + abs(enn)
    wide = 3 * activity[here - 1] + 3 * activity[north] + activity[north + 1] + activity[north - 1]
    bins[0] = _signed(signed, ew)
    bins[1] = BINS + _signed(signed, en)
    bins[2] = 2 * BINS + _signed(signed, enw)
    bins[3] = 3 * BINS + _signed(signed, ene)
    bins[4] = 4 * BINS + _magnitude(magnitude, near)
    bins[5] = 5 * BINS + _magnitude(magnitude, wide >> 4)
    bins[6] = 6 * BINS + _signed(signed, (prediction - w) >> 1)
    bins[7] = 7 * BINS + _signed(signed, (prediction - n) >> 1)
    bins[8] = 8 * BINS + _signed(signed, (prediction - ne) >> 1)
    bins[9] = 9 * BINS + _signed(signed, (prediction - w - n + nw) >> 1)
    bins[10] = 10 * BINS + _magnitude(magnitude, abs(w - nw) + abs(n - ne) + abs(ww - w))
    bins[11] = 11 * BINS + _magnitude(magnitude, abs(w - n) + abs(n - nn) + abs(nw - n))
    bins[12] = 12 * BINS + _magnitude(magnitude, energy)
    bins[13] = 13 * BINS + (prediction >> shift)
    same = (w == n) + (n == nw) + (n == ne) + (w == ww) + (n == nn) + (w == nw) + (ew == 0)
    bins[14] = 14 * BINS + 4 * same + (prediction & 3)
    bins[15] = 15 * BINS + _signed(signed, apart)
    if plane >= 1:
        other = here - size
        e, c = errors[other], 4 * samples[other]
        around = abs(errors[other - 1]) + abs(errors[other + 1]) + abs(errors[other - stride])
        around += abs(errors[other + stride]) + 2 * abs(e)
        bins[16] = 16 * BINS + _signed(signed, e)
        bins[17] = 17 * BINS + _magnitude(magnitude, around)
        bins[18] = 18 * BINS + _signed(signed, (w + c - 4 * samples[other - 1] - prediction) >> 1)
        bins[19] = 19 * BINS + _signed(
            signed, (n + c - 4 * samples[other - stride] - prediction) >> 1
        )
    if plane >= 2:
        other = here - 2 * size
        e, c = errors[other], 4 * samples[other]
        around = abs(errors[other - 1]) + abs(errors[other + 1]) + abs(errors[other - stride])
        around += abs(errors[other + stride]) + 2 * abs(e)
        bins[20] = 20 * BINS + _signed(signed, e)
        bins[21] = 21 * BINS + _magnitude(magnitude, around)
        bins[22] = 22 * BINS + _signed(signed, (w + c - 4 * samples[other - 1] - prediction) >> 1)
        bins[23] = 23 * BINS + _signed(
            signed, (n + c - 4 * samples[other - stride] - prediction) >> 1
        )
