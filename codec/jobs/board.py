"""The progress of a whole job from that of its segments."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ncodec.jobs.events import Progressed

__all__ = ["Board"]


class Board:
    """A board of the progress of all segments, weighted by their frames.

    Args:
        counts: frames of each segment.
        done: bytes of the segments that are finished, and their PSNR, None where lossless.
        start: when the work began, by the monotonic clock.
        container: bytes of the file that belong to no segment.
    """

    def __init__(
        self,
        counts: Sequence[int],
        done: Mapping[int, tuple[int, float | None]],
        start: float,
        container: int = 0,
    ) -> None:
        self.counts = counts
        self.started, self._done = set(done), frozenset(done)
        self._fractions = {i: 1.0 if i in done else 0.0 for i in range(len(counts))}
        self._sizes = {index: size for index, (size, _) in done.items()}
        self._psnrs = {index: psnr for index, (_, psnr) in done.items() if psnr is not None}
        self._start, self._container = start, container
        self._first, self._working = self._whole(), start

    def begin(self, index: int) -> None:
        """Segment `index` is begun."""
        if self.started == self._done:
            # What came before, reading and measuring, says nothing of the speed.
            self._working = time.monotonic()
        self.started.add(index)

    def finished(self, index: int, size: int, psnr: float | None) -> None:
        """Segment `index` has come to so many bytes, and to this PSNR."""
        self._fractions[index], self._sizes[index] = 1.0, size
        if psnr is not None:
            self._psnrs[index] = psnr

    def progressed(self, index: int, values: Mapping[str, Any]) -> Progressed:
        before = self._whole()
        self._fractions[index] = values["fraction"]
        if values.get("size") is not None:
            self._sizes[index] = values["size"]
        if values.get("psnr") is not None:
            self._psnrs[index] = values["psnr"]
        whole, now = self._whole(), time.monotonic()
        if values.get("resumed"):
            # Reached by an earlier run: it says nothing of this one's speed.
            self._first += whole - before
        gained = whole - self._first
        return Progressed(
            segment=index,
            segments=len(self.counts),
            epoch=values.get("epoch", 0),
            epochs=values.get("epochs", 0),
            psnr=self._psnr(),
            fraction=whole,
            elapsed=now - self._start,
            eta=(now - self._working) * (1 - whole) / gained if gained > 0 else None,
            size=self._size(),
        )

    def _whole(self) -> float:
        done = sum(self._fractions[i] * count for i, count in enumerate(self.counts))
        return done / sum(self.counts)

    def _size(self) -> int | None:
        """Bytes of the file, if segments of which nothing is known are like the others."""
        frames = sum(self.counts[i] for i in self._sizes)
        if not frames:
            return None
        return self._container + sum(self._sizes.values()) * sum(self.counts) // frames

    def _psnr(self) -> float | None:
        """The mean over the frames of which it is known."""
        frames = sum(self.counts[i] for i in self._psnrs)
        if not frames:
            return None
        return sum(psnr * self.counts[i] for i, psnr in self._psnrs.items()) / frames
