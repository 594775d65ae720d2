"""The progress of a whole job from that of its segments."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ncodec.jobs.events import Progressed

__all__ = ["Board"]


class Board:
    """A board of the progress of all segments, weighted by their frames."""

    def __init__(self, counts: Sequence[int], done: set[int], start: float) -> None:
        self.counts = counts
        self.started = set(done)
        self.fractions = {i: 1.0 if i in done else 0.0 for i in range(len(counts))}
        self._start = start
        self._first = self._whole()

    def progressed(self, index: int, values: Mapping[str, Any]) -> Progressed:
        before = self._whole()
        self.fractions[index] = values["fraction"]
        whole, elapsed = self._whole(), time.monotonic() - self._start
        if values.get("resumed"):
            # Reached by an earlier run: it says nothing of this one's speed.
            self._first += whole - before
        gained = whole - self._first
        return Progressed(
            segment=index,
            segments=len(self.counts),
            epoch=values.get("epoch", 0),
            epochs=values.get("epochs", 0),
            psnr=values.get("psnr"),
            fraction=whole,
            elapsed=elapsed,
            eta=elapsed * (1 - whole) / gained if gained > 0 else None,
            size=values.get("size"),
        )

    def _whole(self) -> float:
        done = sum(self.fractions[i] * count for i, count in enumerate(self.counts))
        return done / sum(self.counts)
