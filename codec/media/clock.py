"""Presentation times of decoded pictures, as FFmpeg's tools make them of what a container has."""

from __future__ import annotations

from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream

__all__ = ["BROADCAST", "Clock", "stated_rates"]

BROADCAST = 0x200
"""AVFMT_TS_DISCONT: the flag of formats whose times may jump, such as transport streams."""

_BACK, _AHEAD = Fraction(1, 10), 10
"""Seconds by which the times of a broadcast go back or ahead where FFmpeg takes them for those of
another part."""


class Clock:
    """Gives each picture, in the order of decoding, a tick later than the one before.

    Presentation times count, and decoding times where more of the former are missing or out of
    order (libavcodec's "best effort timestamp"); always in AVI, which has no others. Raw streams
    have none: there the pictures count. Where times jump back, as in transport streams that were
    joined, and where those of a broadcast jump far ahead, they go on as if they had not.

    Attributes:
        time_base: seconds a tick.
        shifts: the seconds by which all times are moved from each jump on.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        rates = stated_rates(stream) or (Fraction(25),)
        self._avi = container.format.name == "avi"
        self._counts = stream.start_time is None and not stream.duration
        self._broadcast = bool(container.format.flags & BROADCAST)
        self._start = stream.start_time or 0
        self.time_base = Fraction(stream.time_base or 1 / rates[0])
        self._rate = rates[0]
        self._settled = False
        self._faulty = [0, 0]
        self._before: list[int | None] = [None, None]
        self._last: int | None = None
        self._shift = self._old_shift = 0
        self._index = -1
        self.shifts: list[Fraction] = []
        self._jumps: list[str] = []
        self._made = 0

    def tick(self, picture: av.VideoFrame) -> int:
        """When `picture`, the next one, is shown; called once for each."""
        self._index += 1
        if self._index == 0:
            self._settle(picture)
        if self._counts:
            return self._index
        stamp = self._best_effort(picture.pts, picture.dts)
        if self._last is None:
            self._last = self._start if self._avi or stamp is None else stamp
            self._shift = self._old_shift = self._last - (self._last if stamp is None else stamp)
            return self._last
        self._last = self._after(self._last, stamp)
        return self._last

    def notices(self, name: str) -> list[str]:
        """What was wrong with the times of the clip `name`, a sentence each."""
        said = []
        if self._jumps:
            more = f", and {len(self._jumps) - 1} times more" if len(self._jumps) > 1 else ""
            said.append(
                f"{name} has times that jump {self._jumps[0]}{more}: they go on without the jump"
            )
        if self._made:
            said.append(
                f"{name} lacks presentation times that increase for {self._made} of its frames:"
                " they are put right after the one before"
            )
        return said

    def _settle(self, picture: av.VideoFrame) -> None:
        """Pictures count where the container has no times at all."""
        self._counts = picture.pts is None and (self._counts or picture.dts is None)
        if self._counts:
            self.time_base = 1 / self._rate
        self._step = max(1, round(1 / (self._rate * self.time_base)))

    def _best_effort(self, pts: int | None, dts: int | None) -> int | None:
        if self._avi:
            return dts
        for kind, stamp in enumerate((pts, dts)):
            if stamp is not None:
                before = self._before[kind]
                self._faulty[kind] += before is not None and stamp <= before
                self._before[kind] = stamp
        if pts is not None and (dts is None or self._faulty[0] <= self._faulty[1]):
            return pts
        return dts if dts is not None else pts

    def _after(self, last: int, stamp: int | None) -> int:
        """The tick of a picture that follows one at `last`."""
        if stamp is None:
            self._made += not self._avi  # the last pictures have none there
            return last + self._step
        second = 1 / self.time_base
        tick, unshifted, due = stamp + self._shift, stamp + self._old_shift, last + self._step
        if last < unshifted <= last + second and abs(unshifted - due) < abs(tick - due):
            # The picture before was alone out of order: the times before it go on.
            self._shift, tick = self._old_shift, unshifted
            self._jumps.pop()
            self.shifts.pop()
            self._made += 1
        if last < tick and not (self._broadcast and tick > last + _AHEAD * second):
            return tick
        if last - second * (_BACK if self._broadcast else 1) < tick <= last:
            self._made += 1
            return last + 1
        self._jumps.append(
            f"from {float((last - self._start) * self.time_base):.3g} to"
            f" {float((tick - self._start) * self.time_base):.3g} s at frame {self._index}"
        )
        self._old_shift, self._shift = self._shift, self._shift + due - tick
        self.shifts.append(sum(self.shifts[-1:], (due - tick) * self.time_base))
        return due


def stated_rates(stream: VideoStream) -> tuple[Fraction, ...]:
    """The frames a second that the container states, likeliest first."""
    stated = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return tuple(Fraction(rate) for rate in stated if rate)
