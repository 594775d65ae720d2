"""A track on its way: when each of its packets is heard or shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

from ncodec.media.matroska.retiming import Stamp
from ncodec.media.reading import Reading

__all__ = ["Track"]

_SECOND = 10**9
_JUMP = Fraction(1)
"""Seconds that times go back where they are those of another part."""

_BACK, _AHEAD = Fraction(1, 10), 10
"""Those that they go back or ahead there in a broadcast, as in `ncodec.media.clock`."""

_TICK = Fraction(1, 1000)
"""Seconds from one packet to the next at least."""

_ROUNDED = Fraction(1, 10_000)
"""Seconds by which a packet is shorter than the others only if something is cut off of it."""


@dataclass(slots=True)
class Track:
    """A stream of the source and its counterpart.

    Attributes:
        source, copy: the streams.
        as_text: whether packets of mov_text become plain text.
        jumps: how often the times of the source have jumped.
        shift: seconds by which they are moved since.
        last, end: seconds at which the last packet begins and ends.
        stamps: the times of the packets.
        lost: packets that are damaged.
        styled: whether text comes with styles.
    """

    source: Stream
    copy: Stream
    as_text: bool
    jumps: int = 0
    shift: Fraction = Fraction(0)
    last: Fraction | None = None
    end: Fraction = Fraction(0)
    stamps: list[Stamp] = field(default_factory=list)
    lost: int = 0
    styled: bool = False

    @property
    def damage(self) -> str:
        """What is wrong with the packets, in words, or ""."""
        many = f"{self.lost} packet{'s' * (self.lost > 1)}"
        where = f"stream {self.source.index} ({self.source.type})"
        return f"{where} has {many} that are damaged and left out" if self.lost else ""

    def drop(self) -> None:
        """Forgets the packet that was taken last, which is damaged."""
        self.stamps.pop()
        self.lost += 1

    def take(
        self,
        packet: Packet[Stream],
        reading: Reading,
        origin: Fraction,
        shifts: Sequence[Fraction],
        broadcast: bool,
    ) -> bool:
        """Notes when a packet begins; False if that is outside of what is coded.

        Args:
            packet: the next one.
            reading: which part of the source is coded.
            origin: the seconds of the container's clock that become 0.
            shifts: the seconds by which the pictures' times are moved from each jump on.
            broadcast: whether times of the container may jump ahead.
        """
        base = packet.time_base
        lasts = (packet.duration or 0) * base
        ticks = packet.dts if packet.pts is None else packet.pts
        time = self.end - self.shift if ticks is None else ticks * base - origin
        time = self._steadied(time + self.shift, lasts, shifts, broadcast)
        # Sound before time 0 is what its codec needs to run in, unless it is cut there.
        if reading.start is not None and time + lasts <= 0:
            return False
        if reading.end is not None and time >= reading.end - (reading.start or 0):
            return False
        if self.source.type == "subtitle":
            lasts += min(time, Fraction(0))
            time = max(time, Fraction(0))
            said = lasts > 0
        else:
            usual = _frame_time(self.source)
            said = usual is not None and 0 < lasts < usual - max(base, _ROUNDED)
        self.stamps.append(Stamp(round(time * _SECOND), round(lasts * _SECOND) if said else None))
        return True

    def _steadied(
        self, time: Fraction, lasts: Fraction, shifts: Sequence[Fraction], broadcast: bool
    ) -> Fraction:
        """The time of a packet, which goes on with the pictures where those of the source jump."""
        sounds = self.source.type == "audio"
        if self.last is not None:
            back = time < self.last - (_BACK if broadcast and sounds else _JUMP)
            if back or (broadcast and sounds and time > self.end + _AHEAD):
                time = self._moved(time, shifts)
            if sounds and time <= self.last:
                time = self.end
        self.last, self.end = time, time + lasts
        return time

    def _moved(self, time: Fraction, shifts: Sequence[Fraction]) -> Fraction:
        """The time of the first packet after a jump: moved as the pictures are there.

        Sound whose pictures have not jumped, or otherwise, goes on where it was.
        """
        self.jumps += 1
        moved = time - self.shift
        sounds = self.source.type == "audio"
        if self.jumps <= len(shifts):
            shift = shifts[self.jumps - 1]
            if not sounds or abs(moved + shift - self.end) < _JUMP:
                self.shift = shift
                # Parts overlap by what their encoder ran in for: a packet is late, as in FFmpeg.
                return max(moved + shift, (self.last or moved) + _TICK) if sounds else moved + shift
        if not sounds:
            return time
        self.shift = self.end - moved
        return self.end


def _frame_time(stream: Stream) -> Fraction | None:
    """Seconds of a packet of sound, where its codec has them all alike."""
    context = stream.codec_context
    size, rate = (getattr(context, name, 0) or 0 for name in ("frame_size", "sample_rate"))
    return Fraction(size, rate) if size and rate else None
