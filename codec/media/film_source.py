"""Films, and raw video: what FFmpeg decodes of a file."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from ncodec.errors import InputError
from ncodec.media import film
from ncodec.media.alpha import check_opaque, check_stream
from ncodec.media.clock import Clock, stated_rates
from ncodec.media.declared import cut_short, declared_frames
from ncodec.media.described import check_same, described, hdr_of, left_out
from ncodec.media.frame import Frame, fingerprint, from_av
from ncodec.media.reading import READING, Reading
from ncodec.media.source import DEEPEST_REORDERING, VideoSource

__all__ = ["FilmSource"]

_NEAR_TEXT = 1
"""Seconds by which subtitles may start before everything else and still set the start (FFmpeg)."""

_INDEXED = ("matroska", "mov")
"""Containers that know where their keyframes are."""
_LEAD = 1
"""Seconds before the part that is read at which a keyframe is looked for."""


class FilmSource(VideoSource):
    """A file that PyAV decodes: its best video stream, or the one that `reading` names.

    What is damaged or missing is concealed as FFmpeg does it, and noticed; a damaged film is
    decoded on one thread, so that every pass gives the same pictures.

    Attributes:
        shifts: the seconds by which times are moved from each of their jumps on, once the film has
            been read.

    Raises:
        InputError: nothing can be decoded, `reading` refuses what is found, or does not fit.
    """

    def __init__(self, path: Path, reading: Reading = READING) -> None:
        name = str(path)
        self._threads = self._seeks = True
        raw = reading.size is not None
        self._cut_short = film.raw_rest(path, reading) if raw else cut_short(path)
        self._damage = film.Damage()
        self._wrong: list[str] = []
        self.shifts: Sequence[Fraction] = ()
        if self._cut_short and reading.strict:
            raise InputError(f"{self._cut_short}: copy or make it again, or leave --strict out")
        with film.opened(path, reading) as container:
            stream = film.video_stream(container, name, reading.stream)
            if reading.alpha:
                check_stream(stream, name)
            self._rates = stated_rates(stream)
            self._others, self._zero = _starts(container, stream.index)
            with closing(film.pictures(container, stream, name)) as pictures:
                picture = next(pictures)
            clock = Clock(container, stream)
            clock.tick(picture)
            info = described(picture, stream, clock.time_base)
            super().__init__(path, "video", info, reading)
            self.hdr, self._left_out = hdr_of(picture), left_out(picture)

    def rates(self) -> Sequence[Fraction]:
        return self._rates

    @property
    def notices(self) -> list[str]:
        said = [self._cut_short] if self._cut_short else []
        if self.reading.size is None:  # of raw video, the rest of a frame alone can be wrong
            said += self._damage.notices(self.name)
        said += self._wrong
        said += [f"{self.name} has {what}: that is left out" for what in self._left_out]
        return said

    def starts_at(self, first: int) -> Fraction:
        seconds = first * self.info.time_base
        if self._others is None:
            return seconds
        if self.reading.start is not None:
            return self._zero + self.reading.start
        return min(seconds, self._others)

    def _decoded(self, first: int) -> Iterator[Frame]:
        seen = self._landmarks.fingerprints
        if DEEPEST_REORDERING < first < len(seen):
            with closing(self._sought(first)) as frames:
                for frame in frames:
                    if fingerprint(frame) != seen[first]:
                        break
                    yield frame
                    first += 1
            if first == len(seen):
                return
        yield from self._all(first)

    def _all(self, first: int) -> Iterator[Frame]:
        while True:
            try:
                with closing(self._pass()) as pictures:
                    for index, (picture, tick) in enumerate(pictures):
                        if index == first:
                            yield self._frame(picture, tick, index)
                            first += 1
                return
            except film.Damaged:
                self._refuse(self._damage.notices(self.name))
                self._threads = False

    def _pass(self) -> Generator[tuple[av.VideoFrame, int], None, None]:
        """The pictures that are to be read, with their ticks; notes what is wrong on the way."""
        assert self.path is not None
        start, end = self.reading.start, self.reading.end
        self._damage, self._wrong, count = film.Damage(), [], 0
        with film.opened(self.path, self.reading) as container:
            stream = film.video_stream(container, self.name, self.reading.stream)
            clock = Clock(container, stream)
            sought = self._seeks and self._enter(container, stream)
            base, zero = self.as_opened.time_base, self._zero
            decoding = film.pictures(
                container, stream, self.name, self._damage, threads=self._threads
            )
            with closing(decoding):
                for picture in decoding:
                    tick = clock.tick(picture)
                    count += 1
                    self.shown_until = tick * base - zero
                    if sought and count == 1 and self.shown_until > (start or 0):
                        self._seeks = False  # the keyframe did not start afresh
                        yield from self._pass()
                        return
                    if end is not None and self.shown_until >= end:
                        break
                    if start is None or self.shown_until >= start:
                        yield picture, tick
                else:
                    declared = (0, "") if sought else declared_frames(container, stream)
                    self._wrong += _miscounted(self.name, count, *declared)
            self._wrong += clock.notices(self.name)
            self.shifts = tuple(clock.shifts)
            if sought:
                self._damage.before = 0
        self._refuse(self._damage.notices(self.name) + self._wrong)

    def _enter(self, container: InputContainer, stream: VideoStream) -> bool:
        """Goes to a keyframe well before the part that is read; whether it did."""
        indexed = container.format.name.split(",")[0] in _INDEXED
        to = (self.reading.start or 0) - _LEAD
        if to <= 0 or not indexed or not stream.time_base:
            return False
        try:
            container.seek(int((self._zero + to) / Fraction(stream.time_base)), stream=stream)
        except av.FFmpegError:
            return False
        return True

    def _sought(self, first: int) -> Generator[Frame, None, None]:
        """The frames from `first` on, by a keyframe before it; ends where seeking did not work."""
        assert self.path is not None
        ticks = self._landmarks.ticks
        with film.opened(self.path, self.reading) as container, suppress(InputError):
            stream = film.video_stream(container, self.name, self.reading.stream)
            with suppress(av.FFmpegError):
                container.seek(ticks[first - DEEPEST_REORDERING], stream=stream)
            with closing(film.pictures(container, stream, self.name)) as pictures:
                for picture in pictures:
                    if picture.pts is None or picture.pts > ticks[first]:
                        return
                    if picture.pts == ticks[first]:
                        yield self._frame(picture, picture.pts, first)
                        first += 1
                        if first == len(ticks):
                            return

    def _frame(self, picture: av.VideoFrame, tick: int, index: int) -> Frame:
        name = f"frame {index} of {self.name}"
        check_same(picture, self.as_opened, name)
        if self.reading.alpha:
            check_opaque(picture, name)
        return from_av(picture, self.as_opened.pixel_format, tick)

    def _refuse(self, wrong: Sequence[str]) -> None:
        if wrong and self.reading.strict:
            raise InputError(f"{wrong[0]}: repair it, or leave --strict out to code it")


def _starts(container: InputContainer, index: int) -> tuple[Fraction | None, Fraction]:
    """The earliest start of the streams beside stream `index`, None without any, and of all.

    As FFmpeg has it: cover pictures do not count, and subtitles and data do only if they start
    just before the others.
    """
    played, text = dict[int, Fraction](), dict[int, Fraction]()
    for stream in container.streams:
        if stream.start_time is None or not stream.time_base:
            continue
        if stream.disposition & Disposition.attached_pic:
            continue
        kept = played if stream.type in ("audio", "video") else text
        kept[stream.index] = stream.start_time * Fraction(stream.time_base)
    everything = min(played.values(), default=Fraction(0))
    early = [s for s in text.values() if everything - _NEAR_TEXT < s < everything]
    zero = min([everything, *early])
    others = [start for stream, start in played.items() if stream != index] + early
    return (min(others) if others else None), zero


def _miscounted(name: str, count: int, declared: int, where: str) -> list[str]:
    if not declared or count == declared:
        return []
    return [f"{name} has {count} frames that can be decoded, its {where} says {declared}"]
