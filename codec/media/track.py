"""A track on its way: when each of its packets is heard or shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

from ncodec.media.matroska.retiming import Stamp
from ncodec.media.reading import Reading

__all__ = ["Track"]

_SECOND = 10**9
_JUMP = Fraction(1)
_CUT = 10
"""Seconds that times go back or, in a broadcast, ahead where they are those of another part."""

_ROUNDED = Fraction(1, 10_000)
"""Seconds by which a packet is shorter than the others only if something is cut off of it."""


@dataclass(slots=True)
class Track:
    """A stream of the source and its counterpart.

    Attributes:
        source, copy: the streams.
        as_text: whether packets of mov_text become plain text.
        shift: seconds by which times are moved, since those of the source have jumped.
        last, end: seconds at which the last packet of sound begins and ends.
        stamps: the times of the packets.
        lost: packets that are damaged.
    """

    source: Stream
    copy: Stream
    as_text: bool
    shift: Fraction = Fraction(0)
    last: Fraction | None = None
    end: Fraction = Fraction(0)
    stamps: list[Stamp] = field(default_factory=list)
    lost: int = 0

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
        self, packet: Packet[Stream], reading: Reading, origin: Fraction, broadcast: bool
    ) -> bool:
        """Notes when a packet begins; False if that is outside of what is coded.

        Args:
            packet: the next one.
            reading: which part of the source is coded.
            origin: the seconds of the container's clock that become 0.
            broadcast: whether times of the container may jump ahead.
        """
        base = packet.time_base
        lasts = (packet.duration or 0) * base
        ticks = packet.dts if packet.pts is None else packet.pts
        time = self.end - self.shift if ticks is None else ticks * base - origin
        if self.source.type == "audio":
            time = self._steadied(time, lasts, broadcast)
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

    def _steadied(self, time: Fraction, lasts: Fraction, broadcast: bool) -> Fraction:
        """The time of a packet of sound, which goes on where those of the source jump."""
        time += self.shift
        if self.last is not None and time <= self.last:
            if time < self.last - _JUMP:
                self.shift += self.end - time
            time = self.end
        elif self.last is not None and broadcast and time > self.end + _CUT:
            self.shift += self.end - time
            time = self.end
        self.last, self.end = time, time + lasts
        return time


def _frame_time(stream: Stream) -> Fraction | None:
    """Seconds of a packet of sound, where its codec has them all alike."""
    context = stream.codec_context
    size, rate = (getattr(context, name, 0) or 0 for name in ("frame_size", "sample_rate"))
    return Fraction(size, rate) if size and rate else None
