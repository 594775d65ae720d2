"""From images to a finished file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from ncodec._version import __version__
from ncodec.errors import Interrupted, UsageError
from ncodec.files.records import KEY, Records
from ncodec.formats import Header, Writer, atomic_output, same_file
from ncodec.formats.output import output_name
from ncodec.jobs import Event, Finished, SegmentDone
from ncodec.media import open_collection
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
        stopping: asked after every segment; once true, `Interrupted` is raised.

    Raises:
        NcodecError: one of its kinds; nothing is left of the output then.
    """
    start = time.monotonic()
    same_file(source, output)
    chosen = load_codec(codec)
    if not isinstance(chosen, StillCodec):
        raise UsageError(f"{codec} codes frames, not still images: choose another --codec")
    resolved = resolve_options(chosen, options)
    context = Context(
        device=device, threads=threads or thread_count(), seed=seed, stopping=stopping
    )
    with atomic_output(output) as stream:
        images = source.collection() if isinstance(source, Held) else open_collection(source)
        coded = chosen.encode_images(images, resolved, context)
        kind = "image" if isinstance(chosen, ImageCodec) else "features"
        header = Header(chosen.codec_id, chosen.bitstream_version, kind, coded.info)
        writer = Writer(stream, header)
        for conf in coded.confs:
            writer.conf(conf)
        count = 0
        for segment in coded.segments:
            if stopping():
                raise Interrupted("stopped by the user")
            writer.segment(segment)
            count += 1
            size = sum(map(len, segment.sections))
            watch(SegmentDone(segment.index, 0, segment.frame_count, size, None))
        # Profiles and EXIF are larger than features, and of no use to whoever has no picture.
        metadata = images.metadata if kind == "image" else ()
        records = Records(len(images), images.layout, images.names, metadata)
        given = {
            name: value
            for name, value in resolved.items()
            if value is not None and not isinstance(value, Path)
        }
        writer.meta(
            {
                "tool": f"ncodec {__version__}",
                "seed": seed,
                "options": given,
                KEY: records.pack(),
            }
        )
        size = writer.finish()
    finished = Finished(
        output=output_name(output),
        size=size,
        frames=len(images),
        segments=count,
        psnr=None,
        elapsed=time.monotonic() - start,
        subpixels=prod(images.shape),
    )
    watch(finished)
    return finished
