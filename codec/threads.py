"""How many CPU threads there are for this process."""

from __future__ import annotations

import os

__all__ = ["thread_count"]


def thread_count() -> int:
    """CPUs that this process may run on: fewer than the machine's in a container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
