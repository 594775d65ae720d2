"""XPSNR and VMAF through FFmpeg's filters, which see both clips from their first frame on.

XPSNR (Helmrich et al., "XPSNR: a low-complexity extension of the perceptually weighted peak
signal-to-noise ratio", 2020) weights a frame's errors by how much the source has moved since the
frame before, or the two before, so it is computed over a whole clip in order, never over a part.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import log10
from pathlib import Path

import av
from av.error import BlockingIOError as Empty
from av.error import EOFError as Ended
from av.filter import Graph, filters_available

from ncodec.formats import VideoInfo
from ncodec.media import Frame
from ncodec.media.frame import PIXEL_FORMATS, plane_shapes, to_av

__all__ = ["Vmaf", "Xpsnr", "pooled_xpsnr", "vmaf_absent", "xpsnr_absent"]

_VMAF_DEPTHS = (8, 10, 12, 16)

_VMAF_SMALLEST = 64
"""The smallest side in samples: below it VMAF's coarsest scale is smaller than the windows on
it."""

_XPSNR_DEEPEST = 14
"""The most bits a sample: FFmpeg's filter takes 16 too, but keeps samples with a sign in 16 bits
(5 dB off)."""

_XPSNR_SMALLEST = 2025
"""The fewest pixels: on fewer FFmpeg's filter makes blocks of no size and ends the process."""


def xpsnr_absent(info: VideoInfo) -> str | None:
    """The reason why a clip has no XPSNR here, in a sentence; None if it has."""
    family, depth = PIXEL_FORMATS[info.pixel_format]
    if family == "gbrp" or depth > _XPSNR_DEEPEST:
        return (
            f"XPSNR is absent: it takes YUV or grey of up to {_XPSNR_DEEPEST} bits, and the clip is"
            f" {info.pixel_format}."
        )
    if info.width * info.height < _XPSNR_SMALLEST:
        return (
            f"XPSNR is absent: it takes pictures of {_XPSNR_SMALLEST} pixels or more, and the clip"
            f" is {info.width}x{info.height}."
        )
    if depth > 8 and _has_padded_rows(info):
        return (
            "XPSNR is absent: above 8 bits FFmpeg's filter wants rows without padding, and a width"
            f" of {info.width} is no multiple of 16 bytes in every plane."
        )
    if "xpsnr" not in filters_available:
        return (
            f"XPSNR is absent: PyAV {av.__version__} was built without the filter xpsnr; install"
            " av>=18 from PyPI."
        )
    if not hasattr(av.VideoFrame, "metadata"):
        return f"XPSNR is absent: PyAV {av.__version__} hides what filters find; install av>=18."
    return None


def vmaf_absent(info: VideoInfo) -> str | None:
    """The reason why a clip has no VMAF here, in a sentence; None if it has."""
    family, depth = PIXEL_FORMATS[info.pixel_format]
    if not family.startswith("yuv") or depth not in _VMAF_DEPTHS:
        return (
            "VMAF is absent: it is defined for YUV of 8, 10, 12 or 16 bits, and the clip is"
            f" {info.pixel_format}."
        )
    if min(info.width, info.height) < _VMAF_SMALLEST:
        return (
            f"VMAF is absent: it takes sides of {_VMAF_SMALLEST} or more, and the clip is"
            f" {info.width}x{info.height}."
        )
    if "libvmaf" not in filters_available:
        return (
            f"VMAF is absent: PyAV {av.__version__} was built without libvmaf; av>=19 on"
            " Python>=3.12 has it."
        )
    return None


def _has_padded_rows(info: VideoInfo) -> bool:
    shapes = plane_shapes(info.pixel_format, info.width, info.height)
    planes = av.VideoFrame(info.width, info.height, info.pixel_format).planes
    return any(plane.line_size != 2 * shape[1] for plane, shape in zip(planes, shapes, strict=True))


class Xpsnr:
    """The XPSNR of each plane of each frame.

    Args:
        info: the source's, of which `xpsnr_absent` is None.
        rate: frames a second; from 32 on motion is the second difference of three frames.
    """

    def __init__(self, info: VideoInfo, rate: Fraction) -> None:
        self._pair = _Pair(info, rate, "xpsnr")
        planes = "y" if info.pixel_format.startswith("gray") else "yuv"
        self._values: dict[str, list[float]] = {plane: [] for plane in planes}

    def push(self, decoded: Frame, source: Frame) -> None:
        """The next frame of both clips."""
        # The filter takes its weights from the first input.
        self._keep(self._pair.push(source, decoded))

    def finish(self) -> dict[str, list[float]]:
        """The dB of each frame by plane, inf without error: y, u and v, or y alone of a grey
        clip."""
        self._keep(self._pair.finish())
        return self._values

    def _keep(self, compared: list[av.VideoFrame]) -> None:
        for picture in compared:
            for plane, values in self._values.items():
                values.append(float(picture.metadata[f"lavfi.xpsnr.xpsnr.{plane}"]))


def pooled_xpsnr(values: Sequence[float], cap: float) -> float:
    """The average that the filter prints: dB of the mean over frames of the root of the error."""
    error = sum(10 ** (-value / 20) for value in values) / len(values)
    return min(cap, -20 * log10(error)) if error else cap


class Vmaf:
    """The VMAF of each frame, by the model vmaf_v0.6.1 (made for 1080p seen from three heights).

    Args:
        info: the source's, of which `vmaf_absent` is None.
        rate: frames a second.
        threads: libvmaf's.
        log: a file for it to write its values into.
    """

    def __init__(self, info: VideoInfo, rate: Fraction, threads: int, log: Path) -> None:
        self._log = log
        self._pair = _Pair(
            info,
            rate,
            "libvmaf",
            model="version=vmaf_v0.6.1",
            n_threads=str(threads),
            log_fmt="json",
            log_path=str(log),
        )

    def push(self, decoded: Frame, source: Frame) -> None:
        """The next frame of both clips."""
        self._pair.push(decoded, source)

    def finish(self) -> list[float]:
        """The VMAF of each frame, 0 to 100."""
        self._pair.finish()
        frames = json.loads(self._log.read_text())["frames"]
        in_order = sorted(frames, key=lambda frame: int(frame["frameNum"]))
        return [float(frame["metrics"]["vmaf"]) for frame in in_order]


class _Pair:
    """A filter with two inputs, which are clips of one size and format, and one output."""

    def __init__(self, info: VideoInfo, rate: Fraction, name: str, **options: str) -> None:
        # Both inputs without colour tags: a difference in them is no business of these filters.
        self._info = replace(info, time_base=1 / rate, matrix=2, full_range=False)
        self._graph = Graph()
        self._inputs = [self._add_input(rate) for _ in range(2)]
        compare, self._sink = self._graph.add(name, **options), self._graph.add("buffersink")
        for index, buffer in enumerate(self._inputs):
            buffer.link_to(compare, 0, index)
        compare.link_to(self._sink)
        self._graph.configure()
        self._pushed = 0

    def _add_input(self, rate: Fraction) -> av.filter.context.FilterContext:
        # Not add_buffer, which leaves the frame rate out.
        return self._graph.add(
            "buffer",
            video_size=f"{self._info.width}x{self._info.height}",
            pix_fmt=self._info.pixel_format,
            time_base=f"{1 / rate}",
            frame_rate=f"{rate}",
            pixel_aspect="1/1",
            colorspace="2",
            range="1",
        )

    def push(self, *frames: Frame) -> list[av.VideoFrame]:
        """Takes a frame for each input; returns the frames that are done, with their figures."""
        for buffer, frame in zip(self._inputs, frames, strict=True):
            buffer.push(to_av(Frame(frame.planes, self._pushed), self._info))
        self._pushed += 1
        return self._pulled()

    def finish(self) -> list[av.VideoFrame]:
        """Returns the frames that were held back, and frees the filter, which then writes its
        logs."""
        left = self._ended()
        del self._graph, self._inputs, self._sink
        # A graph and its filters hold each other.
        gc.collect()
        return left

    def _ended(self) -> list[av.VideoFrame]:
        for buffer in self._inputs:
            buffer.push(None)
        return self._pulled()

    def _pulled(self) -> list[av.VideoFrame]:
        done: list[av.VideoFrame] = []
        while True:
            try:
                picture = self._sink.pull()
            except (Empty, Ended):
                return done
            assert isinstance(picture, av.VideoFrame)
            done.append(picture)
