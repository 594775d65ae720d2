"""FFV1 in Matroska, with the tracks that were copied: to a file or, as it is made, to a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import BinaryIO

import av

from ncodec.media.fields import FieldMarker
from ncodec.media.frame import Frame, to_av
from ncodec.media.matroska.picture import picture_entry
from ncodec.media.matroska.stored import PICTURES, Stored
from ncodec.media.matroska.writer import COARSE, FINE, Block, MatroskaWriter
from ncodec.media.presentation import Presentation
from ncodec.media.timeline import end_tick

__all__ = ["MkvWriter"]

_SECOND = 10**9
_OPTIONS = {"level": "3", "slicecrc": "1"}


class MkvWriter:
    """A Matroska file with one track of FFV1, and those of another Matroska file.

    Args:
        stream: where to.
        clip: what it is to hold.
        seeking: whether the stream begins here and can go back, for an index.
    """

    def __init__(
        self,
        stream: BinaryIO,
        clip: Presentation,
        *,
        seeking: bool = True,
    ) -> None:
        self._info = info = clip.info
        # FFV1 codes 8-bit RGB from a packed layout only; the samples are the same.
        self._layout = "bgr0" if info.pixel_format == "gbrp" else info.pixel_format
        self._encoder = self._opened()
        self._fields = FieldMarker(info, self._layout)
        copied = Stored(clip.tracks) if clip.tracks is not None else None
        self._waiting: Iterator[Block] = copied.blocks() if copied else iter(())
        tags = copied.picture_tags if copied else {}
        entry = picture_entry(
            info,
            clip.hdr,
            codec=("V_FFV1", bytes(self._encoder.extradata or b"")),
            frame_time=clip.frame_time,
            language=tags.get("language", "und"),
            name=tags.get("title", ""),
        )
        others = [bytes(each.whole) for each in copied.entries] if copied else []
        shown = (
            (info.time_base,) if clip.times is None else [t * info.time_base for t in clip.times]
        )
        whole = all((time * 1000).denominator == 1 for time in shown)
        scale = COARSE if whole else FINE
        self._muxer = MatroskaWriter(
            stream,
            [entry, *others],
            parts=copied.parts_beside_pictures() if copied else (),
            scale=min(scale, copied.scale) if copied else scale,
            title=copied.title if copied else "",
            video=PICTURES,
            duration=max(_duration(clip), copied.duration if copied else 0),
            seeking=seeking,
        )

    def _opened(self) -> av.VideoCodecContext:
        info = self._info
        encoder = av.CodecContext.create("ffv1", "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = info.width, info.height, self._layout
        encoder.time_base = info.time_base
        encoder.options = _OPTIONS
        encoder.sample_aspect_ratio = info.sample_aspect_ratio
        encoder.open()
        return encoder

    def write(self, frame: Frame) -> None:
        """Encodes one frame at its `pts`."""
        picture = to_av(frame, self._info)
        if self._layout != self._info.pixel_format:
            tags = (picture.pts, picture.time_base)
            picture = picture.reformat(format=self._layout, threads=1)
            picture.pts, picture.time_base = tags
        self._mux(self._encoder.encode(self._fields.marked(picture)))

    def finish(self) -> None:
        """Encodes what is held back and completes the file; the stream stays open."""
        self._mux(self._encoder.encode(None))
        for block in self._waiting:
            self._muxer.write(block)
        self._muxer.finish()

    def _mux(self, packets: Sequence[av.Packet[av.VideoStream]]) -> None:
        for packet in packets:
            time = round(Fraction(packet.pts or 0) * self._info.time_base * _SECOND)
            for block in self._waiting:
                if block.time > time:
                    self._waiting = chain((block,), self._waiting)
                    break
                self._muxer.write(block)
            self._muxer.write(Block(PICTURES, time, bytes(packet), packet.is_keyframe))


def _duration(clip: Presentation) -> int:
    """Nanoseconds to the end of the last frame, which lasts as long as the one before."""
    end = clip.info.frames if clip.times is None else end_tick(clip.times)
    return round(end * clip.info.time_base * _SECOND)
