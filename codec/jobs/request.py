"""What a user asks of an encode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ncodec.errors import UsageError

__all__ = ["EncodeRequest"]

_RANGES = (
    ("target_size", 1, 2**63),
    ("time_budget", 0, 10**9),
    ("max_segment", 1, 2**32),
    ("threads", 0, 2**16),
    ("workers", 1, 2**16),
    ("seed", 0, 2**32),
)
"""Smallest and largest allowed value by field."""


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """What is to be encoded, and how.

    Attributes:
        source: a path, or ``-`` for y4m on standard input.
        output: a path, or ``-`` for standard output.
        codec: codec id.
        options: the codec's own, as given.
        target_size: bytes of the finished file, or None.
        time_budget: seconds of wall time for everything that is left to do, or None.
        max_segment: frames a segment at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads of all workers together.
        workers: processes; 1 works in this one.
        seed: of everything random.
        plan: the plan directory; None for ``OUTPUT.plan``.
        resume: continue what the plan directory holds.
    """

    source: str
    output: str
    codec: str
    options: Mapping[str, Any]
    target_size: int | None = None
    time_budget: float | None = None
    max_segment: int = 240
    device: str = "auto"
    threads: int = 0
    workers: int = 1
    seed: int = 0
    plan: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        for name, least, most in _RANGES:
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise UsageError(f"{name} is {value} but must be {least} to {most}")

    @property
    def comparable(self) -> dict[str, Any]:
        """What, with the codec and its options, may not change until the job is done."""
        fixed = {name: getattr(self, name) for name in ("target_size", "max_segment", "seed")}
        # A schedule that follows the clock cannot go on by epochs, nor the other way round.
        return fixed | {"timed": self.time_budget is not None}
