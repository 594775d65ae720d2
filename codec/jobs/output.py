"""The finished file of a plan and its segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from ncodec._version import __version__
from ncodec.errors import DamagedFile, LimitExceeded, OutputError, TargetUnreachable
from ncodec.formats import Header, Reader, Segment, Writer
from ncodec.formats.output import is_stream
from ncodec.jobs.plan import Plan
from ncodec.registry import describe, frame_codec

__all__ = ["check_written", "hold_target", "overhead", "write_file"]

INDEX_SPARE = 16
"""Bytes a segment by which real lengths and the PSNR can widen a file of empty segments."""


def write_file(
    stream: BinaryIO, plan: Plan, segments: Sequence[Segment], tracks: bytes | None
) -> int:
    """Writes the container, with the copied tracks where there are any; returns its size."""
    codec = frame_codec(plan.codec)
    header = Header(codec.codec_id, codec.bitstream_version, plan.kind, plan.info)
    writer = Writer(stream, header)
    for model in plan.shared:
        writer.conf(model.conf())
    for segment in segments:
        writer.segment(segment)
    if plan.times is not None:
        writer.times(plan.times)
    if plan.hdr is not None:
        writer.hdr(plan.hdr.pack())
    options = {
        name: value
        for name, value in plan.options.items()
        if value is not None and not isinstance(value, Path)
    }
    meta: dict[str, Any] = {"tool": f"ncodec {__version__}", "seed": plan.seed, "options": options}
    if read := plan.reading.to_record():
        meta["reading"] = read
    if plan.notices:
        meta["notices"] = list(plan.notices)
    writer.meta(meta)
    if tracks is not None:
        writer.mka(tracks)
    return writer.finish()


def check_written(output: str | BinaryIO, segments: Iterable[Segment]) -> None:
    """Reads a finished file again, before what it was made of is deleted; no stream or device.

    Raises:
        OutputError: it is not what was written.
    """
    if is_stream(output):
        return
    # What exceeds a limit was not found wrong.
    with suppress(LimitExceeded):
        try:
            with Reader(output) as reader:
                reader.check()
                for entry, segment in zip(reader.segments, segments, strict=True):
                    if reader.read_segment(entry.index).pack() != segment.pack():
                        raise DamagedFile(f"segment {entry.index} is another one")
        except (DamagedFile, ValueError) as error:
            raise OutputError(
                f"{output} does not read as it was written ({error}): check its disk"
            ) from error


def hold_target(size: int, target: int | None, codec: str) -> None:
    """Whether a finished file of `size` bytes is within `target`; None for no target.

    Raises:
        TargetUnreachable: it is not.
    """
    if target is not None and size > target:
        raise TargetUnreachable(
            f"the file has {size} bytes, over --target-size {target}: {describe(codec)} did not "
            "hold it; choose another --codec, or give no target"
        )


def overhead(plan: Plan) -> int:
    """Bytes of the finished file apart from its segments' payloads."""
    empty = [Segment(i, first, count, (), 0) for i, (first, count) in enumerate(plan.windows)]
    payloads = sum(len(segment.pack()) for segment in empty)
    spare, tracks = INDEX_SPARE * len(empty), None
    if plan.tracks_size:
        spare, tracks = spare + INDEX_SPARE + plan.tracks_size, b""
    return write_file(BytesIO(), plan, empty, tracks) - payloads + spare
