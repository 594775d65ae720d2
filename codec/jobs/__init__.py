"""Encoding as a job: a plan of independent windows, executors, checkpoints, resume.

Names are resolved on first use: the events and the request take no executor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec.formats.lazy import resolver

if TYPE_CHECKING:
    from ncodec.jobs.encode import run_encode
    from ncodec.jobs.events import (
        Event,
        Finished,
        Noticed,
        Planned,
        Progressed,
        Scanned,
        SegmentDone,
    )
    from ncodec.jobs.request import EncodeRequest

__all__ = [
    "EncodeRequest",
    "Event",
    "Finished",
    "Noticed",
    "Planned",
    "Progressed",
    "Scanned",
    "SegmentDone",
    "run_encode",
]

__getattr__ = resolver(
    __name__,
    {name: "ncodec.jobs.events" for name in __all__ if name[0].isupper()}
    | {"EncodeRequest": "ncodec.jobs.request", "run_encode": "ncodec.jobs.encode"},
)
