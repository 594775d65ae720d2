"""Makes .venv and installs the project into it: `install.py LEVEL STAMP`, started by bin/venv.

LEVEL is `core` (the project) or `dev` (the project and its tools). STAMP is written to
.venv/LEVEL.stamp when all is in place and never before, so the next start repairs whatever an
interruption leaves. stdout stays empty: it belongs to the command that comes after.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
PYTHON = VENV / "bin" / "python"

WHAT = {"core": "the project", "dev": "the project and its tools"}
REQUIREMENT = {"core": ".", "dev": ".[dev]"}
EARNS = {"core": ("core",), "dev": ("core", "dev")}  # the stamps that a level writes

# pip changes the environment only after this line.
CHANGES = "Installing collected packages"

# Tried in this order: without a network pip ends by saying that no version matches.
CAUSES = {
    "the disk is full": r"No space left on device|Disk quota exceeded",
    "the package index cannot be reached": r"connection broken|ConnectionError|Could not fetch URL",
    "no version of a package fits here": r"No matching distribution|ResolutionImpossible",
}

EXIT_MISSING_DEPENDENCY = 8
EXIT_INTERRUPTED = 130


def main(level: str, stamp: str) -> int:
    """Install `level` under the lock and return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # This file is the lock: it is always there, and emptying .venv does not remove it.
        with open(__file__, "r+") as lock:
            wait_for(lock)
            if read(stamp_of(level)) == stamp:
                return 0  # done by the start that held the lock
            say(f"installing {WHAT[level]} into .venv (PyTorch included, at first some minutes)...")
            if not install(level, lock):
                say(failure())
                return EXIT_MISSING_DEPENDENCY
            for earned in EARNS[level]:
                stamp_of(earned).write_text(f"{stamp}\n")
            return 0
    except KeyboardInterrupt:
        say("interrupted while installing into .venv; the next start repairs it.")
        return EXIT_INTERRUPTED
    except OSError as error:
        say(f"cannot install into {VENV}: {error}; it must be writable and have some GB of room.")
        return EXIT_MISSING_DEPENDENCY


def install(level: str, lock: IO[str]) -> bool:
    """Run venv, unless a sound one is there, then pip; return whether both succeeded."""
    pip = [str(PYTHON), "-I", "-m", "pip", "install", "--no-input", "-e", REQUIREMENT[level]]
    if stamp_of("core").exists() and works(PYTHON):
        steps = [pip]
    else:  # the first start, or what an interrupted one left
        empty(VENV)
        steps = [[sys.executable, "-m", "venv", str(VENV)], pip]

    with LOG.open("w") as log:
        old = {path: read(path) for path in VENV.glob("*.stamp")}
        for path in old:
            path.unlink()
        try:
            # A child holds the lock too: a start waits for it even if this process is killed.
            for step in steps:
                ended = subprocess.run(
                    step, cwd=ROOT, stdout=log, stderr=log, pass_fds=[lock.fileno()]
                )
                if ended.returncode:
                    return False
            # What is not compiled now is when it is first used.
            subprocess.run([PYTHON, "-I", "-m", "ncodec.cli.compiling"], stdout=log, stderr=log)
            return True
        finally:
            if CHANGES not in LOG.read_text(errors="replace"):
                for path, line in old.items():
                    path.write_text(f"{line}\n")


def failure() -> str:
    """One sentence on why the installation failed, with the line of the log that shows it."""
    lines = LOG.read_text(errors="replace").split("\n")
    because, shown = "", last(r"^\s*ERROR:", lines) or last(r"\S", lines)
    for cause, sign in CAUSES.items():
        if line := last(sign, lines):
            because, shown = f", most likely because {cause}", line
            break
    return f"could not install into .venv{because} ({shown}); see {LOG} and start again."


def last(pattern: str, lines: list[str]) -> str:
    """The last of `lines` that `pattern` is found in, or an empty string."""
    return next((line.strip() for line in reversed(lines) if re.search(pattern, line)), "")


def wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another start, which is installing into .venv...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def works(python: Path) -> bool:
    """Whether `python` runs, has pip and is a version that the project supports."""
    probe = "import pip, sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))"
    if not python.exists():
        return False
    return subprocess.run([python, "-I", "-c", probe], capture_output=True).returncode == 0


def empty(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()


def stamp_of(level: str) -> Path:
    return VENV / f"{level}.stamp"


def read(path: Path) -> str | None:
    return path.read_text().rstrip("\n") if path.exists() else None


def say(text: str) -> None:
    print(f"ncodec: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
