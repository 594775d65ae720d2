"""Steps whose outcome is kept by the hash of everything that it depends on."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from blake3 import blake3

import ncodec
import ncodec.formats
from ncodec.errors import InputError
from ncodec.eval.results import save_json
from ncodec.registry import CODECS, load_codec
from ncodec.threads import thread_count

__all__ = ["Done", "Step", "Store", "code_digest", "machine", "versions"]

_RECORD = "record.json"

_CODE = (".py", ".so", ".json", ".ncm", ".npz")
"""Endings of a package's files that what it makes can depend on."""


@dataclass(frozen=True, slots=True)
class Step:
    """Work that gives the same again where its inputs are the same.

    Attributes:
        kind: ``encode``, ``score``, ...: the first part of its folder's name.
        inputs: everything that the outcome depends on, as JSON values.
        work: does it in a folder, which may hold what an interrupted attempt left, and returns
            its outcome as JSON values.
    """

    kind: str
    inputs: Mapping[str, Any]
    work: Callable[[Path], Mapping[str, Any]]

    @property
    def key(self) -> str:
        """Hash of kind and inputs."""
        packed = json.dumps([self.kind, self.inputs], sort_keys=True).encode()
        return blake3(packed).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Done:
    """A finished step: its folder, which holds its files, and its outcome."""

    folder: Path
    outcome: Mapping[str, Any]


class Store:
    """The finished steps of a folder; a killed run goes on behind the last of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks: dict[str, Lock] = {}

    def path(self, step: Step) -> Path:
        """Where a step works and leaves its files."""
        return self.folder / f"{step.kind}-{step.key}"

    def find(self, step: Step) -> Done | None:
        """The step's outcome, if it is finished.

        Raises:
            InputError: its record was damaged.
        """
        record = self.path(step) / _RECORD
        try:
            fields = json.loads(record.read_text())
            return Done(record.parent, fields["outcome"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{record} is damaged ({error}): delete the folder {record.parent} to do this "
                "step again"
            ) from None

    def do(self, step: Step) -> Done:
        """The step's outcome, worked out now if it is not there; its record comes last.

        Of several threads that want the same step, one does it.
        """
        with self._locks.setdefault(step.key, Lock()):
            if (done := self.find(step)) is not None:
                return done
            folder = self.path(step)
            folder.mkdir(parents=True, exist_ok=True)
            outcome = step.work(folder)
            save_json(folder / _RECORD, {"inputs": step.inputs, "outcome": outcome})
            return Done(folder, outcome)


@cache
def code_digest(codec: str | None = None) -> str:
    """Hash of ncodec's sources and shipped models, without evaluation and command line.

    Args:
        codec: one whose package counts, too: every file of the modules that were installed with
            it.
    """
    home, formats = Path(ncodec.__file__).parent, Path(ncodec.formats.__file__).parent
    state = blake3()
    for root in sorted({home, formats}):
        for path in sorted([*root.rglob("*.py"), *root.rglob("*.ncm")]):
            inside = path.relative_to(root)
            if inside.parts[0] not in ("eval", "cli"):
                state.update(f"{inside}\0".encode() + path.read_bytes())
    for path in () if codec is None else _installed_with(codec):
        state.update(f"{path.name}\0".encode() + path.read_bytes())
    return state.hexdigest()[:20]


def _installed_with(codec: str) -> list[Path]:
    """Files of the top-level modules that come with a codec's class, but for ncodec's own."""
    home = type(load_codec(codec)).__module__.partition(".")[0]
    names = {home}
    for entry in entry_points(group=CODECS, name=codec):
        if entry.dist is not None:
            names.update((entry.dist.read_text("top_level.txt") or "").split())
            parts = (file.parts[0] for file in entry.dist.files or () if file.suffix == ".py")
            names.update(part.removesuffix(".py") for part in parts)
    files: set[Path] = set()
    for name in names - {"ncodec"}:
        spec = find_spec(name) if name.isidentifier() else None
        for folder in spec.submodule_search_locations or () if spec else ():
            files.update(path for path in Path(folder).rglob("*") if path.suffix in _CODE)
        if spec and spec.origin and Path(spec.origin).is_file():
            files.add(Path(spec.origin))
    return sorted(files)


@cache
def versions() -> dict[str, str]:
    """The versions of what figures depend on, where it is installed."""
    numbers = {"python": platform.python_version(), "ncodec": ncodec.__version__}
    for package in ("torch", "numpy", "av", "numba", "constriction", "pillow", "imagecodecs"):
        try:
            numbers[package] = version(package)
        except PackageNotFoundError:
            continue
    return numbers


@cache
def machine() -> dict[str, Any]:
    """What times depend on."""
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {"cpu": _cpu(), "cores": thread_count(), "gpus": gpus, "system": platform.system()}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    sets = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    return ", ".join([names[0] if names else platform.machine(), *sets])
