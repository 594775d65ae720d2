"""A run of `ncodec bench` around what it measures: its folder, its manifest, its files."""

from __future__ import annotations

import fcntl
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ncodec.errors import (
    MissingDependency,
    NcodecError,
    OutputError,
    UsageError,
    VerificationFailed,
)
from ncodec.eval.bench.steps import code_digest, machine, versions
from ncodec.eval.report import export_compressai, write_report
from ncodec.eval.results import Summary, save_json

__all__ = ["check", "check_extra", "finish", "opened"]

_EXTRA = ("bjontegaard", "jinja2", "matplotlib")


def check_extra() -> None:
    """Before a run takes hours, makes sure that it can end in a report.

    Raises:
        MissingDependency: a package of the extra `eval` is not installed.
    """
    for package in _EXTRA:
        if find_spec(package) is None:
            raise MissingDependency(
                f"benchmarks need {package}: run python -m pip install 'ncodec[eval]'"
            )


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """The folder of a run, made and locked: two runs in one would undo each other's work.

    Raises:
        OutputError: it cannot be made.
        UsageError: another run has it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made or written ({error.strerror}): choose another with -o"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"another run works in {folder}: wait for it, or choose another with -o"
            ) from None
        yield folder.resolve()


def finish(summary: Summary, folder: Path, started: float, settings: Mapping[str, Any]) -> Summary:
    """Writes manifest.json, summary.json, report.html and compressai/; the summary with manifest.

    Args:
        summary: what was measured.
        folder: the run's.
        started: `time.time()` then.
        settings: what the run was asked for.
    """
    manifest = {
        "command": shlex.join(["ncodec", *sys.argv[1:]]),
        "started": _stamp(started),
        "finished": _stamp(time.time()),
        "seconds": round(time.time() - started, 1),
        "settings": settings,
        "machine": machine(),
        "versions": versions(),
        "code": code_digest(),
    }
    summary = replace(summary, manifest=manifest)
    save_json(folder / "manifest.json", manifest)
    summary.save(folder / "summary.json")
    export_compressai(summary, folder)
    write_report(summary, folder)
    return summary


def check(summary: Summary) -> None:
    """Ends a run that has failures with what they are.

    Raises:
        VerificationFailed: an image did not come back equal.
        NcodecError: a file could not be made.
    """
    unequal = any(p.equal is False for i in summary.items for c in i.curves for p in c.points)
    kind: type[NcodecError] = VerificationFailed if unequal else NcodecError
    if summary.failures:
        first, count = summary.failures[0], len(summary.failures)
        more = f" (and {count - 1} more, which the report names)" if count > 1 else ""
        raise kind(f"{first}{more}")


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
