"""One pass over a source finds its frames, their times, scene changes, and a digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.info import VideoInfo
from ncodec.media.frame import Frame, bit_depth, fingerprint
from ncodec.media.source import Landmarks, VideoSource
from ncodec.media.timeline import standstills, timeline

__all__ = ["Scan", "scan"]


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of one pass over all frames.

    Attributes:
        info: the source's description with `frames` and `time_base` final.
        times: presentation times in ticks of `info.time_base`, 0 at the source's `origin`; None
            where the rate is constant and frame i is shown at tick i.
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
        InputError: nothing can be decoded, or what is wrong is to be refused.
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
        start, end = source.reading.start or 0, source.reading.end
        span = f"from {float(start):g} s" + (f" to {float(end):g} s" if end is not None else " on")
        which = "next" if end is not None and source.shown_until >= end else "last"
        raise InputError(
            f"{source.name} shows no frame {span}: its {which} one is shown at"
            f" {float(source.shown_until):g} s"
        )
    line = timeline(ticks, source.info.time_base, source.rates(), source.starts_at(ticks[0]))
    source.origin = line.origin
    info = replace(source.info, frames=len(ticks), time_base=line.time_base)
    landmarks = Landmarks(tuple(ticks), tuple(fingerprints))
    source.settle(info, line.times, landmarks)
    notices = (*source.notices, *standstills(ticks, source.as_opened.time_base, source.name))
    return Scan(info, line.times, tuple(cuts), digest.hexdigest(), notices, landmarks)


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
