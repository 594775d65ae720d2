"""The Python API: `encode`, `decode`, `open`, `probe`, `codecs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.clip import Clip, end_tick
from ncodec.errors import UsageError
from ncodec.formats import Header, Reader, VideoInfo, same_file
from ncodec.jobs import EncodeRequest, Event, Finished, run_encode
from ncodec.media import open_sink
from ncodec.plugin import Option
from ncodec.registry import DEFAULT_CODEC, codec_names, load_codec

__all__ = ["CodecInfo", "Probe", "SegmentInfo", "codecs", "decode", "encode", "open", "probe"]


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment: frames, bytes of each of its sections, and the PSNR (dB) that was recorded."""

    first_frame: int
    frame_count: int
    sections: Mapping[str, int]
    psnr: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file says about itself, without decoding a frame.

    Attributes:
        codec: codec id.
        bitstream_version: of that codec.
        media_kind: ``video``, ``image`` or ``features``.
        info: size, pixel format, colour, time base.
        duration: seconds from the first frame's start to the last one's end.
        constant_rate: whether every frame lasts one tick of the time base.
        size: bytes.
        segments: in display order.
        meta: tool, seed, options, as the encoder wrote them.
    """

    codec: str
    bitstream_version: int
    media_kind: str
    info: VideoInfo
    duration: Fraction
    constant_rate: bool
    size: int
    segments: Sequence[SegmentInfo]
    meta: Mapping[str, Any]

    @property
    def psnr(self) -> float | None:
        """Mean over frames of the recorded PSNR in dB."""
        values = [s.psnr * s.frame_count for s in self.segments if s.psnr is not None]
        frames = sum(s.frame_count for s in self.segments)
        return sum(values) / frames if len(values) == len(self.segments) else None

    def breakdown(self) -> dict[str, int]:
        """Bytes of the file by part; they add up to `size`."""
        parts: dict[str, int] = {}
        for segment in self.segments:
            for name, size in segment.sections.items():
                parts[name] = parts.get(name, 0) + size
        parts["container"] = self.size - sum(parts.values())
        return parts


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """An installed codec."""

    name: str
    bitstream_version: int
    media: Sequence[str]
    options: Sequence[Option]
    description: str


def encode(
    source: str | Path,
    output: str | Path,
    *,
    codec: str = DEFAULT_CODEC,
    target_size: int | None = None,
    time_budget: float | None = None,
    max_segment: int = 240,
    device: str = "auto",
    threads: int = 0,
    workers: int = 1,
    seed: int = 0,
    plan: str | Path | None = None,
    resume: bool = False,
    watch: Callable[[Event], None] = lambda _: None,
    **options: Any,
) -> Finished:
    """Encodes a clip into a .nc file.

    Args:
        source: a film, a y4m file, a folder of images, or ``-`` for y4m on standard input.
        output: the file, replaced in one step when it is complete, or ``-``.
        codec: name of an installed codec.
        target_size: bytes of the finished file: never exceeded, met within 2 %.
        time_budget: seconds of wall time.
        max_segment: frames a segment at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads of all workers together, 0 for all there are.
        workers: processes that fit segments side by side; with more than one, a script needs
            ``if __name__ == "__main__":`` around its work, because they import it.
        seed: of everything random.
        plan: where unfinished work is kept, ``OUTPUT.plan`` if not given.
        resume: continue that work.
        watch: called with every `ncodec.jobs.Event`.
        options: the codec's own, such as ``preset="fast"``; see `codecs`.

    Returns:
        Size, frames, segments, PSNR of the decoded frames, seconds.

    Raises:
        NcodecError: one of its kinds (`ncodec.errors`).
    """
    request = EncodeRequest(
        source=str(source),
        output=str(output),
        codec=codec,
        options={name: value for name, value in options.items() if value is not None},
        target_size=target_size,
        time_budget=time_budget,
        max_segment=max_segment,
        device=device,
        threads=threads,
        workers=workers,
        seed=seed,
        plan=str(plan) if plan is not None else None,
        resume=resume,
    )
    return run_encode(request, watch)


def decode(
    source: str | Path | BinaryIO,
    output: str | Path,
    *,
    frames: slice | None = None,
    at: float | None = None,
    device: str = "auto",
    threads: int = 0,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Decodes a .nc file.

    Args:
        source: the file, a stream, or ``-`` for standard input.
        output: by its extension .mp4, .mkv (lossless FFV1), .y4m, .png; a folder of PNG files;
            or ``-`` for y4m on standard output.
        frames: which frames, by index; all if not given.
        at: seconds: the one frame shown then.
        device, threads: as in `open`.
        watch: called with frames done and frames in all.

    Returns:
        Frames written.

    Raises:
        NcodecError: one of its kinds (`ncodec.errors`).
    """
    if isinstance(source, str | Path):
        same_file(source, output)
    with Clip(source, device=device, threads=threads) as clip:
        wanted = _wanted(clip, frames, at)
        info = replace(clip.info, frames=len(wanted))
        steady = isinstance(clip.times, range) and len(wanted) == wanted[-1] - wanted[0] + 1
        times = None if steady else [clip.times[i] for i in wanted]
        with open_sink(output, info, times) as sink:
            for done, index in enumerate(wanted, 1):
                sink.write(clip[index])
                watch(done, len(wanted))
    return len(wanted)


def open(source: str | Path | bytes | BinaryIO, *, device: str = "auto", threads: int = 0) -> Clip:
    """Opens a .nc file as a sequence of frames; see `ncodec.clip.Clip`."""
    return Clip(source, device=device, threads=threads)


def probe(source: str | Path | bytes | BinaryIO) -> Probe:
    """Reads what a .nc file says about itself.

    Raises:
        NcodecError: the file cannot be read.
    """
    with Reader(source) as reader:
        header = reader.header
        names = _section_names(header)
        segments = []
        for entry in sorted(reader.segments, key=lambda s: s.first_frame):
            segment = reader.read_segment(entry.index)
            sizes = {
                names[i] if i < len(names) else f"section {i}": len(section)
                for i, section in enumerate(segment.sections)
            }
            segments.append(
                SegmentInfo(segment.first_frame, segment.frame_count, sizes, segment.psnr)
            )
        frames = header.info.frames or sum(s.frame_count for s in segments)
        times = reader.times
        ticks = max(end_tick(times) - times[0], 1) if times else frames
        return Probe(
            codec=header.codec_id,
            bitstream_version=header.bitstream_version,
            media_kind=header.media_kind,
            info=replace(header.info, frames=frames),
            duration=ticks * header.info.time_base,
            constant_rate=times is None,
            size=reader.size,
            segments=tuple(segments),
            meta=reader.meta or {},
        )


def codecs() -> list[CodecInfo]:
    """The installed codecs with their options.

    Raises:
        MissingDependency: one of them cannot be loaded.
    """
    return [codec_info(name) for name in codec_names()]


def codec_info(name: str) -> CodecInfo:
    """The installed codec called `name`."""
    codec = load_codec(name)
    description = (type(codec).__doc__ or "").strip().splitlines()
    return CodecInfo(
        name,
        codec.bitstream_version,
        tuple(sorted(codec.media)),
        tuple(codec.options),
        description[0] if description else "",
    )


def _wanted(clip: Clip, frames: slice | None, at: float | None) -> list[int]:
    if frames is not None and at is not None:
        raise UsageError("frames and a time were given: choose one of them")
    if at is not None:
        return [clip.index_at(at)]
    chosen = set(range(*(frames or slice(None)).indices(len(clip))))
    if not chosen:
        raise UsageError(f"no frame is in that range: the clip has frames 0 to {len(clip) - 1}")
    return [i for i in clip.available() if i in chosen]


def _section_names(header: Header) -> Sequence[str]:
    """The codec's names of its sections, none where it is not installed: probing needs none."""
    if header.codec_id not in codec_names():
        return ()
    return load_codec(header.codec_id).sections
