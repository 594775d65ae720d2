"""The PSNR that the file of an unfinished fit would have, as its decoded frames are measured."""

from __future__ import annotations

import time
from collections import deque
from statistics import fmean

from torch import Tensor

from ncodec.formats import VideoInfo
from ncodec.media.quality import rgb_psnr
from ncodec.plugin import Planes
from ncodec.video.inr.distortion import decibels
from ncodec.video.inr.fit import Fit
from ncodec.video.inr.pictures import Pictures

__all__ = ["Quality"]

EVERY_SECONDS = 2.0
FRAMES, FRAMES_AT_END = 2, 8
"""Frames that are decoded for a report, and for the last one."""


class Quality:
    """What `Fit.run` reports: the mean over frames of the RGB-PSNR.

    The errors of the steps are known for all frames, but count luma and chroma as the fit does.
    How far that is from RGB is measured on a few decoded frames, others each time.

    Args:
        pictures: what the network shows.
        info: the clip.
    """

    def __init__(self, pictures: Pictures, info: VideoInfo) -> None:
        self._pictures, self._info = pictures, info
        self._offsets: deque[float] = deque(maxlen=FRAMES_AT_END)
        self._asked, self._measured = 0, -EVERY_SECONDS

    def __call__(self, fit: Fit) -> float:
        """The PSNR in dB."""
        now, count = time.monotonic(), len(fit.distortion)
        if fit.progress == 1:
            frames = min(count, FRAMES_AT_END)
            self._offsets.extend([self._offset(fit, i * count // frames) for i in range(frames)])
        elif now - self._measured > EVERY_SECONDS:
            self._measured = now
            for _ in range(FRAMES):
                # Steps of the golden ratio come everywhere soon.
                self._asked += 1
                self._offsets.append(self._offset(fit, int(0.618 * self._asked % 1 * count)))
        return fit.psnr() + fmean(self._offsets)

    def checking(self, fit: Fit) -> float:
        """Seconds that decoding and comparing all frames takes, by those of one."""
        self._offset(fit, 0)
        start = time.monotonic()
        self._offset(fit, len(fit.distortion) // 2)
        return len(fit.distortion) * (time.monotonic() - start)

    def _offset(self, fit: Fit, index: int) -> float:
        shown, target = fit.shown(index), fit.distortion.pictures(slice(index, index + 1))
        own = float(decibels(fit.distortion.errors(shown[None], target))[0])
        return rgb_psnr(self._planes(shown), self._planes(target[0]), self._info) - own

    def _planes(self, picture: Tensor) -> Planes:
        rows, columns = self._pictures.size(self._info)
        levels = picture[..., :rows, :columns].permute(1, 2, 0).float().cpu().numpy()
        return self._pictures.unpack(levels, self._info)
