"""What still images decode to that are not yet written, where their codec is lossy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from ncodec.formats import Segment, VideoInfo
from ncodec.media import Image
from ncodec.media.quality import image_psnr, span_psnr
from ncodec.plugin import Coded, Context, ImageCodec
from ncodec.store import find_model

__all__ = ["measured"]


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """Segments in memory as `ncodec.plugin.Stored`."""

    info: VideoInfo
    shared: Sequence[bytes]
    segments: Sequence[Segment]
    models: Sequence[str | Path]

    @property
    def present(self) -> Sequence[tuple[int, int, int]]:
        return [(s.index, s.first_frame, s.frame_count) for s in self.segments]

    def segment(self, index: int) -> Segment:
        return self.segments[index]


def measured(
    codec: ImageCodec,
    coded: Coded,
    segments: Iterable[Segment],
    images: Sequence[Image],
    models: Sequence[str | Path],
    context: Context,
) -> tuple[list[Segment], float]:
    """Segments with the PSNR of what they decode to, and the mean over images in dB.

    Args:
        codec: the codec that made them.
        coded: what it said of them.
        segments: its segments, all of which are held in memory.
        images: the sources.
        models: files of models that decoding needs.
        context: what surrounds their decoding.

    Raises:
        VerificationFailed: an image decodes to another shape or type than its source has.
    """
    coded_segments = list(segments)
    shared = [conf.content(lambda digest: find_model(digest, models)) for conf in coded.confs]
    pictures = codec.open_images(_Unwritten(coded.info, shared, coded_segments, models), context)
    decoded = pictures.stream(range(len(images)))
    values = [image_psnr(a, b.pixels) for a, b in zip(decoded, images, strict=True)]
    mean = sum(values) / len(values)

    def psnr(segment: Segment) -> float | None:
        value = span_psnr(values, segment.first_frame, segment.frame_count, coded.info.frames)
        return value if isfinite(value) else None

    return [replace(segment, psnr=psnr(segment)) for segment in coded_segments], mean
