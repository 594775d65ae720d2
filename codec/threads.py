"""The CPU threads of this process: their number, by what is free, and work shared between them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import fmean, median
from typing import TypeVar

__all__ = ["ThreadChoice", "in_order", "thread_count"]

_SOON, _SELDOM = 4, 256
"""Pieces of work between two trials of `ThreadChoice`: at first, and where trials bring nothing."""

_PIECES = 4
"""Pieces that a trial has, and with which it is compared."""

_SLOWER, _HOPELESS, _WORTH = 1.5, 2.0, 0.93
"""Times the usual time: what calls for a trial, what ends one, what more threads must reach."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def thread_count() -> int:
    """The number of CPUs that this process may run on: fewer than the machine's in a container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadChoice:
    """How many threads a piece of work that repeats is quickest with, found by trying.

    Threads that meet at barriers wait for the last of them, and those of oneDNN's convolutions
    spin while they do: beside a program that holds a CPU, two threads take several times the time
    of one. So one begins, all are tried next, and half or twice as many now and then: soon where
    the work has become slower, seldom where that brought nothing.

    Args:
        most: never more than these.

    Attributes:
        count: what the next piece is to run with.
    """

    def __init__(self, most: int) -> None:
        self._tried = most == 1
        self.count = self._usual = 1
        self._counts = [*(1 << i for i in range((most - 1).bit_length())), most]
        self._next = most
        self._times: deque[float] = deque(maxlen=_PIECES)
        self._trial: list[float] = []
        self._moved, self._fewer = True, False
        self._pause = self._left = _SOON

    @property
    def seconds(self) -> float | None:
        """What a piece takes with as many threads as are quickest; None before one was timed."""
        return median(self._times) if self._times else None

    @property
    def settled(self) -> bool:
        """Whether `seconds` is what the rest of the work will take, unless the machine changes."""
        return self._tried and len(self._times) == _PIECES

    def took(self, seconds: float) -> None:
        """A piece of work, as large as the others, has taken so long with `count` threads."""
        if self._moved:  # the first piece with other threads also starts them
            self._moved = False
        elif self.count == self._usual:
            slower = bool(self._times) and seconds > _SLOWER * fmean(self._times)
            self._times.append(seconds)
            self._left = min(self._left - 1, _SOON if slower and self.count > 1 else _SELDOM)
            if self._left <= 0 and len(self._counts) > 1:
                self.count, self._trial, self._moved = self._next, [], True
        else:
            self._trial.append(seconds)
            # More threads have to be worth their cost, fewer only have to be as quick.
            limit = fmean(self._times) * (_WORTH if self.count > self._usual else 1.0)
            if len(self._trial) == _PIECES or seconds > _HOPELESS * limit:
                self._decide(fmean(self._trial) < limit)

    def _decide(self, better: bool) -> None:
        self._tried = True
        if better:
            self._usual, self._pause = self.count, _SOON
            self._times = deque(self._trial, _PIECES)
        else:
            self._fewer = not self._fewer
            self._pause = min(2 * self._pause, _SELDOM)
            self.count, self._moved = self._usual, True
        self._left = self._pause
        place = self._counts.index(self._usual)
        if place == (0 if self._fewer else len(self._counts) - 1):
            self._fewer = not self._fewer
        self._next = self._counts[place + (-1 if self._fewer else 1)]


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """The results of `work` for each item, in order, from as many threads; few are held at a
    time."""
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
