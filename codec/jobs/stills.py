"""From images to a finished file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from ncodec._version import __version__
from ncodec.errors import Interrupted, TargetUnreachable, UsageError
from ncodec.files.records import KEY, Records
from ncodec.formats import (
    Conf,
    Header,
    Segment,
    VideoInfo,
    Writer,
    atomic_output,
    same_file,
)
from ncodec.formats.conf import DIGEST_BYTES
from ncodec.formats.output import destination, output_name
from ncodec.jobs import Event, Finished, Noticed, SegmentDone
from ncodec.jobs.lossy import measured
from ncodec.jobs.poor import poor_images
from ncodec.jobs.request import check_source
from ncodec.media import Collection, Image, open_collection
from ncodec.media.held import Held
from ncodec.plugin import Context, ImageCodec, StillCodec
from ncodec.registry import load_codec, resolve_options
from ncodec.threads import thread_count

__all__ = ["encode_images"]


def encode_images(
    source: str | Path | Held,
    output: str | Path | BinaryIO,
    *,
    codec: str,
    options: Mapping[str, Any],
    device: str = "auto",
    threads: int = 0,
    seed: int = 0,
    target_size: int | None = None,
    watch: Callable[[Event], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Finished:
    """Encodes one image, or a collection of one shape, into a .nc file.

    Args:
        source: an image, a folder, a glob, an .npy or IDX file, ``-`` for an image on stdin, or
            what stands for a source without a path.
        output: the file, replaced in one step when it is complete, ``-``, or a binary stream.
        codec: an image codec's id.
        options: the codec's own, as given.
        device, threads, seed, watch: as in `ncodec.encode`.
        target_size: bytes of the file, of which a codec that takes a target fills as much as
            its rates allow.
        stopping: asked after every segment; once true, `Interrupted` is raised.

    Raises:
        TargetUnreachable: the file is larger than `target_size`.
        NcodecError: one of its kinds; nothing is left of the output then.
    """
    start = time.monotonic()
    same_file(source, output)
    if isinstance(source, str | Path):
        check_source(source, source, destination(output))
    coder = load_codec(codec)
    if not isinstance(coder, StillCodec):
        raise UsageError(f"{codec} codes frames, not still images: choose another --codec")
    pictures = coder if isinstance(coder, ImageCodec) else None
    if target_size is not None and not (pictures and pictures.takes_target_size):
        raise UsageError(
            f"target_size does not apply to {codec}, which has no rate to choose by it: leave it "
            "out"
        )
    resolved = resolve_options(coder, options)
    context = Context(
        device=device, threads=threads or thread_count(), seed=seed, stopping=stopping
    )
    psnr = None
    with atomic_output(output) as stream:
        images = source.collection() if isinstance(source, Held) else open_collection(source)
        # Profiles and EXIF are larger than features, and of no use to whoever has no picture.
        keeps_files = pictures is not None and pictures.keeps_files
        metadata = images.metadata if pictures and not keeps_files else ()
        if not (pictures and pictures.lossless) or "collection" in coder.media:
            _check_plain(images, codec)
        records = Records(len(images), images.layout, images.names, metadata)
        meta = _meta(records, resolved, seed)
        if target_size is not None:
            context.target_size = max(target_size - _overhead(coder, images[0], meta), 0)
        coded = coder.encode_images(images, resolved, context)
        for notice in coded.notices:
            watch(Noticed(notice))
        kind = "image" if pictures else "features"
        writer = Writer(stream, Header(coder.codec_id, coder.bitstream_version, kind, coded.info))
        for conf in coded.confs:
            writer.conf(conf)
        segments: Iterable[Segment] = _until(stopping, coded.segments)
        if pictures and not pictures.lossless:
            models = [resolved["model"]] if resolved.get("model") is not None else []
            segments, psnr = measured(pictures, coded, segments, images, models, context)
        count = 0
        for segment in segments:
            writer.segment(segment)
            count += 1
            size = sum(map(len, segment.sections))
            watch(SegmentDone(segment.index, 0, segment.frame_count, size, segment.psnr))
        if not keeps_files:
            for notice in images.notices:
                watch(Noticed(notice))
        if records.lone and coded.info.frames == 1:
            meta = _lone_meta(records)
        if meta:
            writer.meta(meta)
        size = writer.finish()
        if target_size is not None and size > target_size:
            raise TargetUnreachable(
                f"the smallest file that {codec} makes of it has {size:,} bytes, over the target "
                f"of {target_size:,}: raise it, or make the image smaller"
            )
    finished = Finished(
        output=output_name(output),
        size=size,
        frames=len(images),
        segments=count,
        psnr=psnr,
        elapsed=time.monotonic() - start,
        subpixels=None if keeps_files else prod(images.shape),
        original=len(images.file(0)) if keeps_files else None,
    )
    if poor := poor_images(psnr):
        watch(Noticed(poor))
    watch(finished)
    return finished


def _check_plain(images: Collection, codec: str) -> None:
    """Raises UsageError for samples of other types than pixels have, whose words have no likeness
    to a picture."""
    for metadata in images.metadata:
        if not metadata.samples.is_plain:
            raise UsageError(
                f"{images.source} has {metadata.samples.words} samples, and {codec} codes grey or"
                " RGB of 8 or 16 bits: convert it, or leave codec and model out"
            )


def _meta(records: Records, options: Mapping[str, Any], seed: int) -> dict[str, Any]:
    named = {
        name: value
        for name, value in options.items()
        if value is not None and not isinstance(value, Path)
    }
    return {
        "tool": f"ncodec {__version__}",
        "seed": seed,
        "options": named,
        KEY: records.pack(),
    }


def _lone_meta(records: Records) -> dict[str, Any]:
    """What one image of one part has: how it was made would be a part of an icon's bytes."""
    return {KEY: records.pack()} if any(records.metadata) else {}


def _until(stopping: Callable[[], bool], segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if stopping():
            raise Interrupted("stopped by the user")
        yield segment


def _overhead(codec: StillCodec, image: Image, meta: Mapping[str, Any]) -> int:
    """Bytes of a file of one segment and a reference to a model, apart from what is coded."""
    from ncodec.jobs.output import INDEX_SPARE

    info = VideoInfo(image.width, image.height, 1, Fraction(1), image.pixel_format, image.bit_depth)
    writer = Writer(BytesIO(), Header(codec.codec_id, codec.bitstream_version, "image", info))
    writer.conf(Conf(bytes(DIGEST_BYTES), reference=True))
    writer.segment(Segment(0, 0, 1, (b"",), 0))
    writer.meta(meta)
    return writer.finish() + INDEX_SPARE
