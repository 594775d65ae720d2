"""What a container declares of itself, to be compared with what is really there."""

from __future__ import annotations

from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream

__all__ = ["cut_short", "declared_frames"]

_COUNT_TAGS = ("NUMBER_OF_FRAMES", "NUMBER_OF_FRAMES-eng")


def declared_frames(container: InputContainer, stream: VideoStream) -> tuple[int, str]:
    """The number of pictures that the container states, or 0, and where it states it.

    MP4 and MOV index every sample, less those that an edit list hides; Matroska has a statistics
    tag where mkvmerge wrote the file, which goes stale when another program cuts it. The counts of
    AVI, FLV and others are estimates (dropped and packed frames); MPEG-TS and raw streams have
    none.
    """
    if "mp4" in container.format.name.split(","):
        index = getattr(stream, "index_entries", None)  # PyAV before 17 counts hidden samples too
        count = stream.frames if index is None else sum(not entry.is_discard for entry in index)
        return count, "index"
    for tag in _COUNT_TAGS:
        if stream.metadata.get(tag, "").isdecimal():
            return int(stream.metadata[tag]), f"tag {tag}"
    return 0, ""


def cut_short(path: Path) -> str:
    """What is missing of a Matroska or RIFF file that is shorter than its header says, or "".

    FFmpeg plays such a file to where it stops, as if that were its end.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    size = path.stat().st_size
    declared = 0
    if start[:4] == b"RIFF":
        declared = 8 + int.from_bytes(start[4:8], "little")
    elif start[:4] == b"\x1a\x45\xdf\xa3":
        header, body = _vint(start, 4)
        segment = body + (header or 0)
        if start[segment : segment + 4] == b"\x18\x53\x80\x67":
            length, body = _vint(start, segment + 4)
            declared = body + length if length is not None else 0
    return f"{path} is cut short: it has {size} of its {declared} bytes" if size < declared else ""


def _vint(data: bytes, offset: int) -> tuple[int | None, int]:
    """An EBML length and the offset after it; None for "unknown"."""
    if offset >= len(data):
        return None, offset
    width = 9 - data[offset].bit_length()
    value = int.from_bytes(data[offset : offset + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), offset + width
