"""Paths that can be read once, such as those of pipes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["is_pipe"]

_OPEN_FILES = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Names of what this process has open: in another process they are something else, or nothing."""


def is_pipe(path: str | Path) -> bool:
    """Whether `path` is a FIFO, a socket or a device, or stands for a file that is open here."""
    if str(path).startswith(_OPEN_FILES):
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
