"""Whether a file is what its encoder wrote, and decodes to what it recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile, InputError, UsageError, VerificationFailed
from ncodec.files.album import Album
from ncodec.files.features import FeatureFile
from ncodec.files.nested import NestedAlbum
from ncodec.files.opening import open
from ncodec.formats import Reader, Segment
from ncodec.formats.limits import raised
from ncodec.media import Collection, Reading, open_collection
from ncodec.media.picture_files import open_pictures
from ncodec.media.quality import image_psnr, mean_psnr, planes_psnr, rgb_psnr, span_psnr
from ncodec.media.sheets import is_array
from ncodec.plugin import ImageCodec
from ncodec.registry import load_codec

__all__ = ["Verification", "verify"]

TOLERANCE = 0.05
"""dB by which another machine's floats may move the PSNR of a segment."""

SAME_FEATURES = 0.98
"""The least share of integers that another machine's floats leave as they are."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found right.

    Attributes:
        frames, segments: decoded; every box's CRC held.
        rgb: mean over frames of RGB-PSNR in dB against the source; None without one.
        planes: the same for each plane of the clip's pixel format; images have none.
        recorded: what the file says for `rgb`.
        identical: that every sample equals the source's, every byte of files that are kept, or
            every integer of features; never of what is coded with loss.
        checked: whether the codec compared the integers of every segment with their hash.
        files: SHA-256 of each file that is kept as it is.
        agreement: of features with a source: the share of the integers that it gives, too.
    """

    frames: int
    segments: int
    rgb: float | None
    planes: tuple[float, ...]
    recorded: float | None
    identical: bool = False
    checked: bool = False
    files: tuple[str, ...] = ()
    agreement: float | None = None


class _Witness(Reader):
    """A file that knows whether the segments that were read from it were checked."""

    def __init__(self, file: str | Path | bytes) -> None:
        super().__init__(file)
        self._handed_out: list[Segment] = []
        self._checked = True

    def read_segment(self, index: int) -> Segment:
        segment = super().read_segment(index)
        self._handed_out.append(segment)
        return segment

    def hear(self) -> bool:
        """Whether all segments were checked, so far; lets go of those read since the last time."""
        self._checked = self._checked and all(segment.checked for segment in self._handed_out)
        self._handed_out.clear()
        return self._checked


def verify(
    file: str | Path | bytes,
    *,
    source: str | Path | None = None,
    models: Iterable[str | Path] = (),
    device: str = "auto",
    threads: int = 0,
    limit_pixels: int | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
) -> Verification:
    """Reads every box, decodes every segment, and compares with `source` if there is one.

    Arguments as of `open`.

    Raises:
        DamagedFile: a checksum does not hold, or a segment is lost.
        VerificationFailed: integers or quality differ from what the encoder recorded.
        InputError: the source has another number of frames or images, or another size.

    >>> _ = ncodec.encode("clip.mkv", "clip.nc", codec="hnerv", preset="ultrafast", epochs=1)
    >>> ncodec.verify("clip.nc", source="clip.mkv").frames
    10
    """
    with raised(frame_pixels=limit_pixels):
        return _verified(
            file, source=source, models=models, device=device, threads=threads, watch=watch
        )


def _verified(
    file: str | Path | bytes,
    *,
    source: str | Path | None,
    models: Iterable[str | Path],
    device: str,
    threads: int,
    watch: Callable[[int, int], None],
) -> Verification:
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
        reading = _reading(reader.meta)
        spans = [range(s.first_frame, s.first_frame + s.frame_count) for s in reader.segments]
    witness = _Witness(file)
    opened = open(witness, device=device, threads=threads, models=models)
    if isinstance(opened, FeatureFile):
        with opened:
            return _verify_features(witness, opened, segments, source, watch)
    if isinstance(opened, Album):
        with opened:
            return _verify_images(witness, opened, spans, recorded, source, watch)
    with opened as clip:
        if source is None:
            for done, span in enumerate(spans, 1):
                # Decoding a segment's first frame checks the hash of all its integers.
                clip[span.start]
                witness.hear()
                watch(done, len(spans))
            return Verification(len(clip), segments, None, (), None, checked=witness.hear())
        rgb, planes = [], []
        from ncodec.media import open_source  # FFmpeg, which images do without

        with open_source(source, reading) as original:
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
                    raise InputError(
                        f"{source} ends at frame {index}, {name} has {len(clip)}: give the clip "
                        "that was encoded"
                    )
                decoded = clip[index]
                rgb.append(rgb_psnr(decoded.planes, frame.planes, clip.info))
                planes.append(planes_psnr(decoded.planes, frame.planes, clip.info))
                witness.hear()
                watch(index + 1, len(clip))
            if next(frames, None) is not None:
                raise InputError(
                    f"{source} goes on after the {len(clip)} frames of {name}: give the clip that "
                    "was encoded"
                )
    measured = [mean_psnr(rgb[span.start : span.stop]) for span in spans]
    return Verification(
        frames=len(clip),
        segments=segments,
        rgb=mean_psnr(rgb),
        planes=tuple(sum(p) / len(planes) for p in zip(*planes, strict=True)),
        recorded=_agreed(spans, recorded, measured),
        checked=witness.hear(),
    )


def _agreed(
    spans: Sequence[range], recorded: Sequence[float | None], measured: Sequence[float | None]
) -> float | None:
    """The mean of the PSNR that was recorded, if all segments have it.

    Raises:
        VerificationFailed: a segment's is not what was measured.
    """
    for span, expected, psnr in zip(spans, recorded, measured, strict=True):
        if expected is not None and psnr is not None and abs(psnr - expected) > TOLERANCE:
            raise VerificationFailed(
                f"frames {span.start} to {span.stop - 1} decode to {psnr:.2f} dB, "
                f"{expected:.2f} dB were recorded: this is another source, or this machine "
                "decodes differently"
            )
    total = [psnr * len(span) for psnr, span in zip(recorded, spans, strict=True) if psnr]
    return sum(total) / sum(map(len, spans)) if len(total) == len(spans) else None


def _reading(meta: Mapping[str, Any]) -> Reading:
    """What of its source a file says it was made of."""
    try:
        return Reading.from_record(meta.get("reading", {}))
    except (UsageError, TypeError, ValueError, ZeroDivisionError):
        return Reading()


def _verify_features(
    witness: _Witness,
    opened: FeatureFile,
    segments: int,
    source: str | Path | None,
    watch: Callable[[int, int], None],
) -> Verification:
    """Decodes the integers of all images, which checks their hashes; with a source, compares them
    with those that its images give."""
    originals = None if source is None else open_collection(source)
    _check_count(originals, witness.name, len(opened))
    shares = []
    for index in range(len(opened)):
        opened.check(index)
        if originals is not None:
            share = opened.agreement(originals[index], index)
            if share < SAME_FEATURES:
                raise VerificationFailed(
                    f"image {index} of {witness.name} has {share:.1%} of the integers that "
                    f"{source} gives: this is another source, or another rate or model"
                )
            shares.append(share)
        witness.hear()
        watch(index + 1, len(opened))
    return Verification(
        frames=len(opened),
        segments=segments,
        rgb=None,
        planes=(),
        recorded=None,
        identical=bool(shares) and min(shares) == 1,
        checked=witness.hear(),
        agreement=sum(shares) / len(shares) if shares else None,
    )


def _check_count(originals: Collection | None, name: str, count: int) -> None:
    """Raises InputError where a source has another number of images than the file `name`."""
    if originals is not None and len(originals) != count:
        raise InputError(
            f"{originals.source} has {len(originals)} images, {name} has {count}: give the images "
            "that were encoded"
        )


def _verify_images(
    witness: _Witness,
    album: Album,
    spans: Sequence[range],
    recorded: Sequence[float | None],
    source: str | Path | None,
    watch: Callable[[int, int], None],
) -> Verification:
    """Decodes every image, which checks its hash, and compares the samples.

    Those of a lossy codec are compared by the PSNR that the encoder recorded; where files are
    kept, their bytes are.
    """
    originals: Collection | None = None
    if source is not None:
        files_alone = isinstance(album, NestedAlbum) and not is_array(album.layout)
        originals = open_pictures(source) if files_alone else open_collection(source)
    _check_count(originals, witness.name, len(album))
    codec = load_codec(witness.header.codec_id)
    lossless = not isinstance(codec, ImageCodec) or codec.lossless
    values, files = [], []
    for index in range(len(album)):
        is_file = album.holds_file(index)
        decoded: Any = album.file(index) if is_file else album[index].pixels
        if is_file:
            files.append(sha256(decoded).hexdigest())
        if originals is not None:
            kept: Any = originals.file(index) if is_file else originals[index].pixels
            if not lossless:
                values.append(image_psnr(decoded, kept))
            elif not np.array_equal(kept, decoded):
                raise VerificationFailed(
                    f"image {index} of {witness.name} differs from {source}: this is another "
                    "source, or this machine decodes differently"
                )
        witness.hear()
        watch(index + 1, len(album))
    count, identical = sum(map(len, spans)), originals is not None and lossless
    measured = [span_psnr(values, s.start, len(s), count) if values else None for s in spans]
    mean = _agreed(spans, recorded, measured) if values else None
    return Verification(
        frames=len(album),
        segments=len(spans),
        rgb=mean_psnr(values),
        planes=(),
        recorded=mean,
        identical=identical,
        checked=witness.hear(),
        files=tuple(files),
    )
