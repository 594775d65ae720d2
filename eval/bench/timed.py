"""Runs a command and writes what it took, as JSON, to the file descriptor of the first argument.

A process starts with the peak memory of the one that forked it, so a measured one is forked from
this small one. Started as a script, without site-packages, for the same reason.
"""

import json
import os
import signal
import subprocess
import sys
import time


def main() -> None:
    """Runs the command; a signal is its own business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = time.perf_counter()
    child = subprocess.Popen(sys.argv[2:], restore_signals=True, preexec_fn=_listen)
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


if __name__ == "__main__":
    main()
