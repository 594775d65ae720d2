"""Fresh processes: run, timed, and stopped together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from ncodec import errors
from ncodec.errors import Interrupted, NcodecError

__all__ = ["Processes", "Ran"]

_TIMED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("timed.py")))


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
                    os.killpg(process, signal.SIGINT)

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
        with ExitStack() as stack:
            out, err, record = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            with self._lock:
                if self.stopped:
                    raise Interrupted("stopped by the user")
                # A session of its own: Ctrl-C comes through `stop`, once.
                process = subprocess.Popen(
                    [*_TIMED, str(record.fileno()), *command],
                    cwd=folder,
                    stdin=subprocess.PIPE,
                    stdout=out,
                    stderr=err,
                    pass_fds=[record.fileno()],
                    start_new_session=True,
                )
                self._live.add(process.pid)
            try:
                process.wait()
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
            finally:
                with self._lock:
                    self._live.discard(process.pid)
                assert process.stdin is not None
                process.stdin.close()
            texts = []
            for stream in (out, err, record):
                stream.seek(0)
                texts.append(stream.read().decode(errors="replace"))
        took = json.loads(texts.pop() or '{"code": -9}')
        if code := took.pop("code"):
            if self.stopped:
                raise Interrupted("stopped by the user")
            raise _failure(code, command, texts[1])
        return Ran(**took, out=texts[0], err=texts[1])


def _failure(code: int, command: Sequence[str], said: str) -> NcodecError:
    lines = [line for line in said.splitlines() if line.strip()]
    last = lines[-1].removeprefix("ncodec: ") if lines else "it said nothing"
    kinds = {getattr(errors, name).exit_code: getattr(errors, name) for name in errors.__all__}
    kind: type[NcodecError] = kinds.get(code, NcodecError)
    if code < 0:
        last = f"killed by {signal.Signals(-code).name}; {last}"
    return kind(last if code in kinds else f"{' '.join(command[:6])} ... failed ({code}): {last}")
