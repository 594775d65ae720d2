"""One pass over a source finds its frames, their times, scene changes, and a digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.info import VideoInfo
from ncodec.media.frame import Frame, bit_depth, fingerprint
from ncodec.media.source import Landmarks, VideoSource

__all__ = ["Scan", "scan"]

_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of one pass over all frames.

    Attributes:
        info: the source's description with `frames` and `time_base` final.
        times: presentation times in ticks of `info.time_base`; None where the rate is constant,
            and frame i is shown at tick i.
        cuts: indices of the first frame of each new scene, in order, without 0.
        digest: BLAKE3 (hex) of all planes in display order, 16-bit samples little-endian.
        notices: what is concealed, missing or left out, a sentence each.
        landmarks: what lets another source of the same path seek, through its `settle`.
    """

    info: VideoInfo
    times: tuple[int, ...] | None
    cuts: tuple[int, ...]
    digest: str
    notices: tuple[str, ...]
    landmarks: Landmarks = field(repr=False, compare=False)

    @property
    def frames(self) -> int:
        return self.info.frames

    @property
    def time_base(self) -> Fraction:
        """The seconds of a tick; for a constant rate, those of a frame."""
        return self.info.time_base


def scan(
    source: VideoSource,
    *,
    scene_threshold: float | None,
    progress: Callable[[int], None] | None = None,
) -> Scan:
    """Decodes everything once. Afterwards `source` has the final `info` and times.

    Args:
        source: a pipe is used up by this.
        scene_threshold: score (0 to 100, libavfilter's scdet) from which a frame begins a scene;
            about 10 suits film. None: no cuts are looked for.
        progress: called with the number of frames seen after each one.

    Raises:
        InputError: nothing can be decoded, the source is cut short, or its times go backwards.
    """
    source.settle(source.as_opened, None)
    digest = blake3()
    detector = None if scene_threshold is None else _SceneDetector(source.info, scene_threshold)
    ticks: list[int] = []
    fingerprints: list[int] = []
    cuts: list[int] = []
    for frame in source.frames():
        for plane in frame.planes:
            digest.update(plane.data.cast("B"))
        if detector is not None and detector.begins_scene(frame):
            cuts.append(len(ticks))
        ticks.append(frame.pts)
        fingerprints.append(fingerprint(frame))
        if progress is not None:
            progress(len(ticks))
    if not ticks:
        raise InputError(f"{source.name} has no frames: give a clip with at least one")
    info = replace(source.info, frames=len(ticks))
    frame_time = _constant(ticks, info.time_base, source.rates())
    times = None if frame_time else tuple(ticks)
    if any(later <= earlier for earlier, later in pairwise(ticks)):
        raise InputError(
            f"{source.name} has presentation times that do not increase: make it again with"
            " `ffmpeg -fflags +genpts -i INPUT -c copy OUTPUT`"
        )
    info = replace(info, time_base=frame_time or info.time_base)
    landmarks = Landmarks(tuple(ticks), tuple(fingerprints))
    source.settle(info, times, landmarks)
    notices = tuple(source.notices)
    return Scan(info, times, tuple(cuts), digest.hexdigest(), notices, landmarks)


def _constant(
    ticks: Sequence[int], time_base: Fraction, rates: Sequence[Fraction]
) -> Fraction | None:
    """The seconds of a frame if the rate is constant, else None.

    Constant is: equal steps; or a stated rate whose every grid time is less than a tick away,
    which is what ticks that do not divide it make of one. Where ticks are as coarse as
    Matroska's and FLV's milliseconds, the stated rate goes before equal steps.
    """
    steps = {later - earlier for earlier, later in pairwise(ticks)}
    if not steps:
        return 1 / _nominal(rates[0]) if rates else Fraction(1, 25)
    equal = next(iter(steps)) * time_base if len(steps) == 1 else None
    if equal and time_base < _MILLISECOND:
        return equal
    for rate in (*map(_nominal, rates), *rates):
        step = 1 / (rate * time_base)
        if step > 1 and _on_grid(ticks, step):
            return 1 / rate
    return equal


def _nominal(rate: Fraction) -> Fraction:
    """The whole or NTSC (n * 1000/1001) rate that `rate` is an estimate of, else `rate`.

    Matroska states a frame's length in nanoseconds, and FFmpeg makes 19001/317 of 60000/1001.
    """
    near = (Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001))
    return next((n for n in near if abs(n - rate) < rate / 1_000_000), rate)


def _on_grid(ticks: Sequence[int], step: Fraction) -> bool:
    """Whether one offset puts every `ticks[i]` less than a tick from `offset + i * step`."""
    slips = [tick - i * step for i, tick in enumerate(ticks)]
    return max(slips) - min(slips) < 1


class _SceneDetector:
    """The score of libavfilter's scdet, on 8-bit luma (G of RGB) whatever the pixel format.

    The mean absolute difference to the frame before, in percent; what counts is how far it
    stands out from the difference before that, so that steady motion is no cut. Computed here
    because PyAV before 18 cannot read the score that the filter leaves with a frame.
    """

    def __init__(self, info: VideoInfo, threshold: float) -> None:
        self._shift = bit_depth(info.pixel_format) - 8
        self._threshold = threshold
        self._luma: NDArray[np.uint8] | None = None
        self._difference = 0.0

    def begins_scene(self, frame: Frame) -> bool:
        luma = (frame.planes[0] >> self._shift).astype(np.uint8)
        last, self._luma = self._luma, luma
        if last is None:
            return False
        apart = np.maximum(luma, last) - np.minimum(luma, last)
        difference = float(apart.mean(dtype=np.float64)) * 100 / 256
        score = min(difference, abs(difference - self._difference))
        self._difference = difference
        return score >= self._threshold
