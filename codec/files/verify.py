"""Whether a file is what its encoder wrote, and decodes to what it recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ncodec.errors import DamagedFile, InputError, UsageError, VerificationFailed
from ncodec.files.album import Album
from ncodec.files.features import FeatureFile
from ncodec.files.opening import open
from ncodec.formats import Reader
from ncodec.media import open_collection, open_source
from ncodec.media.quality import mean_psnr, planes_psnr, rgb_psnr

__all__ = ["Verification", "verify"]

TOLERANCE = 0.05
"""dB by which another machine's floats may move the PSNR of a segment."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found right.

    Attributes:
        frames, segments: decoded; every box's CRC and every segment's integer hash held.
        rgb: mean over frames of RGB-PSNR in dB against the source; None without one.
        planes: the same for each plane of the clip's pixel format.
        recorded: what the file says for `rgb`.
        identical: images only: that every sample equals the source's.
    """

    frames: int
    segments: int
    rgb: float | None
    planes: tuple[float, ...]
    recorded: float | None
    identical: bool = False


def verify(
    file: str | Path | bytes,
    *,
    source: str | Path | None = None,
    models: Iterable[str | Path] = (),
    device: str = "auto",
    threads: int = 0,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
) -> Verification:
    """Reads every box, decodes every segment, and compares with `source` if there is one.

    Raises:
        DamagedFile: a checksum does not hold, or a segment is lost.
        VerificationFailed: integers or quality differ from what the encoder recorded.
        InputError: the source has another number of frames or images, or another size.

    >>> _ = ncodec.encode("clip.mkv", "clip.nc", codec="hnerv", preset="ultrafast", epochs=1)
    >>> ncodec.verify("clip.nc", source="clip.mkv").frames
    10
    """
    with Reader(file) as reader:
        name = reader.name
        reader.check()
        if reader.gaps:
            gaps = ", ".join(f"{gap.start} to {gap.stop - 1}" for gap in reader.gaps)
            raise DamagedFile(
                f"{name} was repaired and lacks frames {gaps}: decode it, or get another copy"
            )
        segments = len(reader.segments)
        recorded = [reader.read_segment(s.index).psnr for s in reader.segments]
        spans = [range(s.first_frame, s.first_frame + s.frame_count) for s in reader.segments]
    opened = open(file, device=device, threads=threads, models=models)
    if isinstance(opened, FeatureFile):
        with opened:
            return _verify_features(opened, segments, source, watch)
    if isinstance(opened, Album):
        with opened:
            return _verify_images(name, opened, segments, source, watch)
    with opened as clip:
        if source is None:
            for done, span in enumerate(spans, 1):
                # Decoding a segment's first frame checks the hash of all its integers.
                clip[span.start]
                watch(done, len(spans))
            return Verification(len(clip), segments, None, (), None)
        rgb, planes = [], []
        with open_source(source) as original:
            size = (original.info.width, original.info.height, original.info.pixel_format)
            if size != (clip.info.width, clip.info.height, clip.info.pixel_format):
                raise InputError(
                    f"{source} is {size[0]}x{size[1]} {size[2]}, {name} is {clip.info.width}x"
                    f"{clip.info.height} {clip.info.pixel_format}: give the clip that was encoded"
                )
            frames = original.frames()
            for index in range(len(clip)):
                frame = next(frames, None)
                if frame is None:
                    raise InputError(f"{source} ends at frame {index}, {name} has {len(clip)}")
                decoded = clip[index]
                rgb.append(rgb_psnr(decoded.planes, frame.planes, clip.info))
                planes.append(planes_psnr(decoded.planes, frame.planes, clip.info))
                watch(index + 1, len(clip))
            if next(frames, None) is not None:
                raise InputError(f"{source} goes on after the {len(clip)} frames of {name}")
    for span, expected in zip(spans, recorded, strict=True):
        measured = mean_psnr(rgb[span.start : span.stop])
        if expected is not None and measured is not None and abs(measured - expected) > TOLERANCE:
            raise VerificationFailed(
                f"frames {span.start} to {span.stop - 1} decode to {measured:.2f} dB, "
                f"{expected:.2f} dB were recorded: this is another source, or this machine "
                "decodes differently"
            )
    total = [psnr * len(span) for psnr, span in zip(recorded, spans, strict=True) if psnr]
    return Verification(
        frames=len(clip),
        segments=segments,
        rgb=mean_psnr(rgb),
        planes=tuple(sum(p) / len(planes) for p in zip(*planes, strict=True)),
        recorded=sum(total) / len(clip) if len(total) == segments else None,
    )


def _verify_features(
    opened: FeatureFile,
    segments: int,
    source: str | Path | None,
    watch: Callable[[int, int], None],
) -> Verification:
    """Decodes the integers of all images, which checks their hashes."""
    if source is not None:
        raise UsageError("features are not compared with a source: leave --source out")
    for index in range(len(opened)):
        opened.check(index)
        watch(index + 1, len(opened))
    return Verification(len(opened), segments, None, (), None)


def _verify_images(
    name: str,
    album: Album,
    segments: int,
    source: str | Path | None,
    watch: Callable[[int, int], None],
) -> Verification:
    """Decodes every image, which checks its hash, and compares the samples."""
    originals = open_collection(source) if source is not None else None
    if originals is not None and len(originals) != len(album):
        raise InputError(f"{source} has {len(originals)} images, {name} has {len(album)}")
    for index in range(len(album)):
        pixels = album[index].pixels
        if originals is not None and not np.array_equal(originals[index].pixels, pixels):
            raise VerificationFailed(
                f"image {index} of {name} differs from {source}: this is another source, or "
                "this machine decodes differently"
            )
        watch(index + 1, len(album))
    return Verification(len(album), segments, None, (), None, identical=originals is not None)
