"""The coarsest quantisation whose decoded frames are as good as was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ncodec.errors import TargetUnreachable
from ncodec.formats import VideoInfo
from ncodec.media import Frame
from ncodec.media.quality import mean_psnr, rgb_psnr
from ncodec.plugin import Planes, Window
from ncodec.video.inr.quantize import Floats, shifted
from ncodec.weights import QuantizedTensor
from ncodec.weights.quantize import STEPS_PER_OCTAVE

__all__ = ["RGB_WEIGHTS", "quantize_to_psnr"]

RGB_WEIGHTS = (1.355 / 4,) * 4 + (1.502, 1.166)
"""What squared errors of packed planes are in RGB's, where they do not go together: squares of
BT.709's coefficients for limited range (ITU-R BT.709-6, section 3), meant over R, G and B."""

FINER, COARSER = 4 * STEPS_PER_OCTAVE, 3 * STEPS_PER_OCTAVE
"""How far from the fit's own steps the search goes."""

NOTCH = 4
"""The search's own step, a sixteenth of an octave."""

PROBED = 16

Decode = Callable[[Sequence[QuantizedTensor]], Sequence[Planes]]


def quantize_to_psnr(
    floats: Floats,
    steps: Sequence[float],
    weights: int,
    target: float,
    window: Window,
    decode: Decode,
    grids: bool = False,
) -> list[QuantizedTensor]:
    """`steps` times the largest factor with which the decoded frames reach `target`.

    Args:
        floats: what to quantise.
        steps: the tensors' quantisation steps.
        weights, grids: how many of them are weights, and what the others are; see
            `quantize_stepped`.
        target: mean over frames of RGB-PSNR in dB, as a segment records it.
        window: the source.
        decode: a segment's frames from its tensors.

    Raises:
        TargetUnreachable: even the finest steps do not reach it.
    """
    picks = np.linspace(0, window.frame_count - 1, min(PROBED, window.frame_count)).astype(int)
    indices = set(picks.tolist())
    few = [(i, frame) for i, frame in enumerate(window.frames()) if i in indices]
    low, high = -FINER // NOTCH, COARSER // NOTCH
    # The PSNR of a few frames falls with the factor: the last notch that reaches the target. The
    # fit's own steps come first: its values suit them, and slightly finer ones are no better.
    middle = 0
    while low < high:
        decoded = decode(shifted(floats, steps, weights, middle * NOTCH, grids))
        if _psnr(decoded, few, window.info) >= target:
            low = middle
        else:
            high = middle - 1
        middle = (low + high + 1) // 2
    best = 0.0
    while True:
        tensors = shifted(floats, steps, weights, low * NOTCH, grids)
        reached = _psnr(decode(tensors), enumerate(window.frames()), window.info)
        if reached >= target:
            return tensors
        best = max(best, reached)
        if low * NOTCH <= -FINER:
            raise TargetUnreachable(
                f"frames {window.first_frame} to {window.first_frame + window.frame_count - 1} "
                f"reach {best:.2f} dB, not {target:g}: raise --quality, --epochs or "
                "--time-budget, or lower --target-psnr"
            )
        low -= 1


def _psnr(decoded: Sequence[Planes], source: Iterable[tuple[int, Frame]], info: VideoInfo) -> float:
    """Mean RGB-PSNR of those decoded frames whose numbers and sources are given."""
    psnr = mean_psnr(rgb_psnr(decoded[i], frame.planes, info) for i, frame in source)
    return float("inf") if psnr is None else psnr
