"""What is said when a signal comes, which may be while a line is being written."""

import json
import os
import signal
import sys

import pytest

from ncodec.cli.parameters import stoppable, stopping_notice


class Writing:
    """A stream in the middle of a write, which Python's own refuse to enter again."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def write(self, text):
        raise RuntimeError("reentrant call")

    flush = write


@pytest.mark.parametrize(
    ("log_json", "quiet", "lines"), [(False, False, 1), (True, False, 1), (False, True, 0)]
)
def test_a_signal_is_answered_while_a_line_is_written(monkeypatch, log_json, quiet, lines):
    reading, writing = os.pipe()
    with open(reading, "rb") as said:
        monkeypatch.setattr(sys, "stderr", Writing(writing))
        with stoppable(stopping_notice(log_json, quiet, saving=True)) as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.wait(10)
        os.close(writing)
        found = said.read().splitlines()
    assert len(found) == lines
    if log_json:
        assert json.loads(found[0])["type"] == "stopping"
