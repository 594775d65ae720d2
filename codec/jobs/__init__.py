"""Encoding as a job: a plan of independent windows, executors, checkpoints, resume."""

from ncodec.jobs.encode import run_encode
from ncodec.jobs.events import Event, Finished, Planned, Progressed, Scanned, SegmentDone
from ncodec.jobs.request import EncodeRequest

__all__ = [
    "EncodeRequest",
    "Event",
    "Finished",
    "Planned",
    "Progressed",
    "Scanned",
    "SegmentDone",
    "run_encode",
]
