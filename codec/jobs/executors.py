"""The executors, which run tasks here or in worker processes; both stop at a request and lose
nothing."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import Any

from ncodec.errors import Interrupted, NcodecError
from ncodec.formats import Segment
from ncodec.jobs.task import Resources
from ncodec.threads import in_order

__all__ = ["Task", "run_inline", "run_processes"]

Task = Callable[[Resources, Callable[..., None], Callable[[], bool]], Segment]
"""What makes a segment of its resources, where to report to and whether to stop; for processes,
something that can be pickled."""

Grant = Callable[[int, bool], Resources]
"""A function that says what the task with this index may use, asked when it starts; and whether it
runs alone, which no task can change before it ends."""

Report = Callable[[int, dict[str, Any]], None]
"""A function that takes the progress of the task with this index."""

Stopping = Callable[[], bool]

POLL_SECONDS = 0.2

PR_SET_PDEATHSIG = 1
"""The number in <sys/prctl.h> that sets the signal which a process gets when its parent ends."""


def run_inline(
    tasks: Mapping[int, Task], grant: Grant, report: Report, stopping: Stopping, threads: int = 1
) -> Iterator[Segment]:
    """Runs the tasks in this process, `threads` at a time; segments come in the tasks' order."""

    def run(item: tuple[int, Task]) -> Segment:
        index, task = item
        if stopping():
            raise Interrupted("stopped by the user")
        return task(grant(index, threads == 1), lambda **values: report(index, values), stopping)

    yield from in_order(run, tasks.items(), threads)


def run_processes(
    tasks: Mapping[int, Task],
    grant: Grant,
    report: Report,
    stopping: Stopping,
    workers: int,
    starts: Mapping[int, int | None],
) -> Iterator[Segment]:
    """Runs up to `workers` tasks at a time in processes of their own.

    Args:
        tasks, grant, report, stopping: as in `run_inline`.
        starts: the task after which each begins, if any.

    Raises:
        NcodecError: a worker died; finished segments and checkpoints remain.
    """
    # A fork would copy torch's thread pools in an unknown state; a spawned process starts clean.
    spawn = multiprocessing.get_context("spawn")
    progress: multiprocessing.Queue[tuple[int, dict[str, Any]]] = spawn.Queue()
    # No event, whose lock a worker that is killed may hold for ever.
    stop = spawn.RawValue(ctypes.c_bool, False)
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, spawn, _start_worker, (progress, stop))
    running: dict[Future[Segment], int] = {}
    waiting = list(tasks)
    try:
        while waiting or running:
            if stopping():
                stop.value = True
                waiting.clear()
            while len(running) < workers and (ready := _ready(starts, waiting, running.values())):
                alone = not running and len(ready) == 1
                index = ready[0]
                waiting.remove(index)
                task = partial(_work, tasks[index], index, grant(index, alone))
                with _no_interrupts():
                    running[pool.submit(task)] = index
            done, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
            _drain(progress, report)
            for future in done:
                del running[future]
                yield future.result()
        if stopping():
            raise Interrupted("stopped by the user")
    except BrokenProcessPool:
        raise NcodecError(
            "a worker process died, perhaps for lack of memory: run again with --resume and "
            "fewer --workers"
        ) from None
    except KeyboardInterrupt:
        # Whoever asks again does not wait for what the workers are doing.
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
        raise
    finally:
        stop.value = True
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Holds Ctrl-C back; processes that are started meanwhile hold it back until they ignore it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ready(
    starts: Mapping[int, int | None], waiting: Sequence[int], running: Iterable[int]
) -> list[int]:
    """The waiting tasks whose start is neither waiting nor running."""
    unfinished = {*waiting, *running}
    return [index for index in waiting if starts.get(index) not in unfinished]


def _drain(progress: multiprocessing.Queue[tuple[int, dict[str, Any]]], report: Report) -> None:
    while True:
        try:
            report(*progress.get_nowait())
        except queue.Empty:
            return


_worker: dict[str, Any] = {}


def _start_worker(progress: Any, stop: Any) -> None:
    # Ctrl-C reaches the whole process group: only the parent answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    _worker.update(progress=progress, stop=stop)


def _end_with_parent() -> None:
    # A killed parent cannot ask its workers to stop, and a resumed job must not meet them.
    if sys.platform == "linux":
        # The kernel does it even while native code holds the interpreter's lock.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    # Also right where the parent was killed before its worker could ask the kernel.
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(task: Task, index: int, resources: Resources) -> Segment:
    report = partial(_report, _worker["progress"].put, index)
    return task(resources, report, _asked_to_stop)


def _asked_to_stop() -> bool:
    return bool(_worker["stop"].value)


def _report(put: Callable[[tuple[int, dict[str, Any]]], None], index: int, **values: Any) -> None:
    put((index, values))
