"""One window from frames to a finished, checked segment; runs in any process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isfinite

from ncodec.errors import CodecFailed, Interrupted
from ncodec.formats import Segment, VideoInfo
from ncodec.jobs.plan import Plan
from ncodec.media import Frame, open_source
from ncodec.media.quality import mean_psnr, rgb_psnr
from ncodec.plugin import Context
from ncodec.registry import describe, frame_codec

__all__ = ["Resources", "SourceWindow", "run_task"]


@dataclass(frozen=True, slots=True)
class Resources:
    """What one task may use.

    Attributes:
        device: where it is fitted.
        threads: CPU threads.
        end: when it must be done, by the monotonic clock, which all processes share; or None.
    """

    device: str
    threads: int
    end: float | None


@dataclass(frozen=True, slots=True)
class SourceWindow:
    """Frames of a plan's source, as a codec sees them."""

    plan: Plan
    index: int
    first_frame: int
    frame_count: int

    @property
    def info(self) -> VideoInfo:
        return self.plan.info

    def frames(self) -> Iterator[Frame]:
        with open_source(self.plan.source, self.plan.reading) as source:
            source.settle(self.plan.info, self.plan.times, self.plan.landmarks)
            yield from source.frames(self.first_frame, self.frame_count)


def window_of(plan: Plan, index: int) -> SourceWindow:
    """Window `index` of the plan."""
    return SourceWindow(plan, index, *plan.windows[index])


def run_task(
    plan: Plan,
    index: int,
    resources: Resources,
    report: Callable[..., None],
    stopping: Callable[[], bool],
) -> Segment:
    """Encodes window `index`, decodes it again, and keeps it in the plan.

    The window that it starts from must be finished.

    Raises:
        Interrupted: `stopping()` came true; the codec has saved its checkpoint.
    """
    codec = frame_codec(plan.codec)
    window = window_of(plan, index)
    start, end = plan.starts[index], resources.end
    context = Context(
        device=resources.device,
        threads=resources.threads,
        seed=plan.seed,
        seconds=None if end is None else max(end - time.monotonic(), 0.0),
        target_size=plan.targets[index] if plan.targets else None,
        report=report,
        stopping=stopping,
        checkpoints=plan.checkpoints(index),
        shared=plan.payloads,
        neighbour=None if start is None else plan.finished(start),
    )
    segment = codec.encode(window, plan.options, context)
    # What is recorded is what the file decodes to, not what the encoder meant.
    decoded = codec.decode(segment, plan.info, plan.payloads, context)
    values = []
    for planes, frame in zip(decoded, window.frames(), strict=True):
        if stopping():
            raise Interrupted("stopped by the user")
        values.append(rgb_psnr(planes, frame.planes, plan.info))
    if not segment.checked:
        raise CodecFailed(
            f"{describe(plan.codec)} decodes segment {index} without checking its integers: its "
            "decoder must give them to Segment.check"
        )
    psnr = mean_psnr(values)
    segment = replace(segment, psnr=psnr if psnr is not None and isfinite(psnr) else None)
    plan.finish(segment)
    return segment
