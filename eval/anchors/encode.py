"""A command that encodes a clip with a video anchor.

python -m ncodec.eval.anchors.encode x264-veryslow --crf 30 --keyint 132 --threads 1 SOURCE OUT.mp4
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av
import click
from av.bitstream import BitStreamFilterContext

from ncodec.errors import OutputError, UsageError
from ncodec.eval.anchors.process import run
from ncodec.eval.anchors.video import AnchorSetting, anchor_settings, packet_bytes
from ncodec.formats import same_file
from ncodec.media import Scan, open_source, scan
from ncodec.media.frame import Frame, to_av
from ncodec.media.partial import PartialFile

__all__ = ["Encoded", "encode"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The result of an encode.

    Attributes:
        frames: the clip's.
        bytes: the file's.
        packets: the bytes of the packets in it; the rest is the container's.
        seconds: the time in encoder and container, from opening the encoder to the finished
            file. What an encoder's own threads do while a frame is read is not counted: at most
            `reading`.
        reading: the seconds in which frames of the source were decoded and copied.
    """

    frames: int
    bytes: int
    packets: int
    seconds: float
    reading: float


class _Clock:
    """A clock of seconds that leaves out those in which it was paused."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.paused = 0.0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start - self.paused

    @contextmanager
    def pause(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.paused += time.perf_counter() - start


def encode(
    setting: AnchorSetting, crf: float, keyint: int, source: Path, output: Path, threads: int = 1
) -> Encoded:
    """Encodes a clip to an mp4 file, a frame at a time.

    Raises:
        UsageError: the crf is none of the encoder's, or the output is the source.
        InputError: the source cannot be read, or the encoder does not take it.
        OutputError: the file cannot be written.
    """
    # FFmpeg would take the nearest crf and say nothing.
    if not 0 <= crf <= setting.crfs[0]:
        raise UsageError(f"crf {crf:g} is out of range: {setting.name} has 0 to {setting.crfs[0]}")
    same_file(source, output)
    with open_source(source) as clip:
        setting.check(clip.info, clip.name)
        contents = scan(clip, scene_threshold=None)
        clock = _Clock()
        part = PartialFile(output)
        try:
            options = setting.options(crf, keyint, threads)
            _write(part.stream, contents, clip.frames(), setting, options, clock)
            seconds = clock.seconds
            part.publish()
        except (OSError, av.FFmpegError) as error:
            raise OutputError(
                f"{output} cannot be written with {setting.name} ({error.strerror}): check the"
                " path and the free space, and that the encoder takes such a clip"
            ) from None
        finally:
            part.discard()
    size, packets = output.stat().st_size, packet_bytes(output)
    return Encoded(contents.frames, size, packets, seconds, clock.paused)


def _write(
    stream: BinaryIO,
    contents: Scan,
    frames: Iterator[Frame],
    setting: AnchorSetting,
    options: dict[str, str],
    clock: _Clock,
) -> None:
    # The start of the track is stated in ticks of the movie, milliseconds by default.
    movie = {"movie_timescale": str(contents.time_base.denominator)}
    with av.open(stream, "w", format="mp4", container_options=movie) as file:
        track = _track(file, contents, setting, options)
        file.start_encoding()
        sieve = BitStreamFilterContext(setting.filter or "null", track)
        lasting = _durations(contents)
        picture: av.VideoFrame | None
        while True:
            with clock.pause():
                frame = next(frames, None)
                picture = None if frame is None else to_av(frame, contents.info)
            for packet in track.encode(picture):
                # Without it mp4 takes the last frame to last no time, and hides it.
                packet.duration = lasting.get(packet.pts or 0, 1)
                file.mux(sieve.filter(packet))
            if picture is None:
                return


def _track(
    file: av.container.OutputContainer,
    contents: Scan,
    setting: AnchorSetting,
    options: dict[str, str],
) -> av.VideoStream:
    """The encoder, with the clip's size, times and colour."""
    # SVT-AV1 can be silenced in no other way.
    os.environ.setdefault("SVT_LOG", "1")
    info = contents.info
    track = file.add_stream(setting.codec, rate=_rate(contents), options=options)
    assert isinstance(track, av.VideoStream)
    context = track.codec_context
    context.width, context.height, context.pix_fmt = info.width, info.height, info.pixel_format
    context.time_base = info.time_base
    # The muxer's ticks: mp4 takes a multiple of them, so that every time is a whole tick.
    track.time_base = Fraction(1, info.time_base.denominator)
    context.color_primaries = info.primaries
    context.color_trc = info.transfer
    context.colorspace = info.matrix
    context.color_range = 2 if info.full_range else 1
    context.sample_aspect_ratio = info.sample_aspect_ratio
    if info.rotation:
        track.set_display_rotation(-info.rotation)
    return track


def _rate(contents: Scan) -> Fraction:
    """The frames a second, their mean where they vary."""
    times = contents.times
    if times is None:
        return 1 / contents.time_base
    return Fraction(len(times) - 1) / ((times[-1] - times[0]) * contents.time_base)


def _durations(contents: Scan) -> dict[int, int]:
    """The ticks from each time to the next; the last frame lasts as long as the one before."""
    if contents.times is None:
        return {}
    steps = [later - earlier for earlier, later in pairwise(contents.times)]
    return dict(zip(contents.times, [*steps, steps[-1]], strict=True))


@click.command()
@click.argument("setting")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--crf", type=float, required=True, help="Quality on the encoder's own scale.")
@click.option("--keyint", type=click.IntRange(1), required=True, help="Frames between keyframes.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def main(
    setting: str, source: Path, output: Path, crf: float, keyint: int, threads: int
) -> Encoded:
    """Encode SOURCE to OUTPUT (mp4) with the anchor SETTING, and print sizes and times."""
    settings = anchor_settings([setting])
    if len(settings) > 1:
        names = ", ".join(line.name.replace(" ", "-") for line in settings)
        raise UsageError(f"{setting} has several settings: choose one of {names}")
    return encode(settings[0], crf, keyint, source, output, threads)


if __name__ == "__main__":
    run(main)
