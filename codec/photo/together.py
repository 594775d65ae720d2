"""Planes side by side on threads: each a few rows behind the plane that it is predicted from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Condition

__all__ = ["run_rows"]

_BAND = 16
"""The rows that a plane does before it tells the next one."""

Work = Callable[[int, int], None]
"""Does the rows of a plane from a first to before a last, in turn; needs no lock."""


def run_rows(works: Sequence[Work], height: int, threads: int) -> None:
    """Does all rows of planes, each of which needs the one before down to a row further.

    Raises:
        Exception: what a work raises.
    """
    if threads == 1 or len(works) == 1:
        for work in works:
            work(0, height)
        return
    done = [0] * len(works)
    changed = Condition()

    def note(plane: int, rows: int) -> None:
        with changed:
            done[plane] = rows
            changed.notify_all()

    def follow(plane: int) -> None:
        try:
            for first in range(0, height, _BAND):
                last = min(first + _BAND, height)
                if plane:
                    with changed:
                        while done[plane - 1] < min(last + 1, height):
                            changed.wait()
                works[plane](first, last)
                note(plane, last)
        finally:
            note(plane, height)  # also after an error: nobody waits for ever

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(follow, plane) for plane in range(len(works))]:
            future.result()
