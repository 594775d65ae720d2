"""Probabilistic circuits: hidden Chow-Liu trees, photographs, flows with circuits as priors."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ncodec.formats import entropy


def _drop_stale_caches() -> None:
    """Delete compiled kernels that are older than a source.

    numba compares a cached function with its own file only, not with those of the functions that
    are compiled into it: after an edit or a `git pull` it would run old code with new.
    """
    here = Path(__file__).parent
    folders = [here, here / "photo", here / "flow", Path(entropy.__file__).parent]
    sources = [source for folder in folders for source in folder.glob("*.py")]
    newest = max(source.stat().st_mtime_ns for source in sources)
    for folder in folders:
        for index in folder.glob("__pycache__/*.nbi"):
            with suppress(OSError):
                if index.stat().st_mtime_ns < newest:
                    index.unlink()


_drop_stale_caches()
