"""Runs a command and writes what it took, as JSON, to the file descriptor of the first argument.

A process starts with the peak memory of the one that forked it, so a measured one is forked from
this small one. Started as a script, without site-packages, for the same reason.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time


def main() -> None:
    """Runs the command; a signal is its own business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = time.perf_counter()
    child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, preexec_fn=_listen)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _, status, usage = os.wait4(child.pid, 0)
    record = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with os.fdopen(int(sys.argv[1]), "w") as stream:
        json.dump(record, stream)


def _listen() -> None:
    # Ignored signals stay ignored in a new program; handled ones do not.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end_with_parent() -> None:
    # Whoever started this holds the other end of its standard input, and may be killed.
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
