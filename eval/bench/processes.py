"""Fresh processes: run, timed, and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from ncodec import errors
from ncodec.errors import Interrupted, NcodecError

__all__ = ["Processes", "Ran"]

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended well.

    Attributes:
        seconds: wall time from its start to its end.
        cpu_seconds: processor time of its threads and children.
        peak_bytes: most memory that it, or one of its children, held.
        out, err: what it wrote.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    out: str
    err: str


class Processes:
    """Runs commands one by one or from several threads, and interrupts all of them at once."""

    def __init__(self) -> None:
        self._stopping = Event()
        self._lock = Lock()
        self._live: set[int] = set()

    def stop(self) -> None:
        """Asks every running process to save its work and end; none starts after that."""
        self._stopping.set()
        with self._lock:
            for process in self._live:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGINT)

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    def run(self, command: Sequence[str], folder: Path) -> Ran:
        """Runs `command` in `folder` to its end.

        Raises:
            Interrupted: `stop` was called before it ended well.
            NcodecError: it failed, with the class of its exit code and what it said last.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with self._lock:
                if self.stopped:
                    raise Interrupted("stopped by the user")
                start = time.perf_counter()
                # A session of its own: Ctrl-C comes through `stop`, once.
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
                self._live.add(process.pid)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                process.wait()
                raise
            finally:
                with self._lock:
                    self._live.discard(process.pid)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode(errors="replace"))
        if process.returncode:
            if self.stopped:
                raise Interrupted("stopped by the user")
            raise _failure(process.returncode, command, texts[1])
        cpu = usage.ru_utime + usage.ru_stime
        return Ran(seconds, cpu, usage.ru_maxrss * _KIB, *texts)


def _failure(code: int, command: Sequence[str], said: str) -> NcodecError:
    lines = [line for line in said.splitlines() if line.strip()]
    last = lines[-1].removeprefix("ncodec: ") if lines else "it said nothing"
    kinds = {getattr(errors, name).exit_code: getattr(errors, name) for name in errors.__all__}
    kind: type[NcodecError] = kinds.get(code, NcodecError)
    if code < 0:
        last = f"killed by {signal.Signals(-code).name}; {last}"
    return kind(last if code in kinds else f"{' '.join(command[:6])} ... failed ({code}): {last}")
