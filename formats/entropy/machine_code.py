"""Machine code of kernels: on disk for all processes, and in memory once it is wanted.

It is kept beside the source, in `__pycache__`, or in the user's cache where that cannot be written.
What is compiled into a kernel from other files, their functions and constants, may change unseen:
so what is kept is compared with all of them. LLVM links it, without what compiles.
"""

from __future__ import annotations

import marshal
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import CFUNCTYPE, c_int, c_void_p
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from struct import calcsize, unpack_from
from typing import Any, NamedTuple

__all__ = ["Entry", "Loaded", "kept", "sources"]

_ROOT = __name__.partition(".")[0]
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(%b[\w.]*)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]*))?"
    % _ROOT.encode(),
    re.MULTILINE,
)
"""Imports from this package, found faster than by parsing."""
_NAME = re.compile(rb"\w+")
_SLOT = 8
_numbers = count()


class Entry(NamedTuple):
    """A kernel for arguments of some kinds.

    Attributes:
        code: an object file with the function `name`, of a pointer to slots of 64 bits: what it
            gets, and then what it returns. Its own result is whether it failed.
        name: the function's.
        results: the numbers that it returns, as `struct` names them, 8 bytes each.
        alone: whether it returns a number, not a tuple of them.
    """

    code: bytes
    name: str
    results: str
    alone: bool


class Loaded:
    """Machine code that can be called.

    Attributes:
        results: the number of slots that it returns.
    """

    def __init__(self, entry: Entry) -> None:
        self._library = _linked(entry)  # the code is there as long as this is
        self._function = CFUNCTYPE(c_int, c_void_p)(self._library[entry.name])
        self._entry = entry
        self.results = calcsize(entry.results) // _SLOT

    def call(self, slots: Any) -> Any:
        """What the kernel returns; `slots` are a ctypes array, long enough for either way.

        Raises:
            ArithmeticError: it failed.
        """
        if self._function(slots):
            raise ArithmeticError(f"{self._entry.name} had no memory, or divided by zero")
        if not self.results:
            return None
        numbers = unpack_from(self._entry.results, slots)
        return numbers[0] if self._entry.alone else numbers


def kept(function: Callable[..., Any], kinds: Any, compiled: Callable[[], Entry]) -> Loaded:
    """The code of `function` for arguments of some kinds: from disk, or else compiled now, and then
    kept there."""
    file = Path(function.__code__.co_filename)
    digest = blake2b(digest_size=8)
    of = function.__module__, function.__qualname__, function.__code__.co_firstlineno, kinds
    digest.update(repr(of).encode())
    tag = sys.implementation.cache_tag
    name = f"{file.stem}.{function.__name__}-{digest.hexdigest()}.{tag}.code"
    places = [folder / name for folder in _folders(file)] if file.exists() else []
    for place in places:
        if entry := _read(place, file):
            return Loaded(entry)
    entry = compiled()
    for place in places:
        if _write(place, file, entry):
            break
    return Loaded(entry)


def sources(file: Path) -> frozenset[Path]:
    """`file` and all files of its package that it imports, directly or through others.

    A superset of what a kernel in `file` is compiled from: functions that it calls, and constants.
    """
    seen: set[Path] = set()
    waiting = [file]
    while waiting:
        if (path := waiting.pop()) not in seen:
            seen.add(path)
            waiting += _imported(path)
    return frozenset(seen)


@cache
def _imported(file: Path) -> tuple[Path, ...]:
    names: set[str] = set()
    for module, parts in _IMPORT.findall(file.read_bytes()):
        package = module.decode()
        names.add(package)
        names.update(f"{package}.{part.decode()}" for part in _NAME.findall(parts))
    ours = sorted(name for name in names if name.startswith(f"{_ROOT}."))
    return tuple(path for name in ours if (path := _file(name)) is not None)


def _file(name: str) -> Path | None:
    """The source of a module, which is not imported; None for a name that is none."""
    package, inside = name, ""
    while package not in sys.modules:
        package, _, last = package.rpartition(".")
        inside = f"{last}/{inside}"
    module = sys.modules[package]
    if not inside:
        return Path(module.__file__) if module.__file__ else None
    for folder in getattr(module, "__path__", ()):
        place = Path(folder, inside)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.exists():
                return file
    return None


def _folders(file: Path) -> Iterator[Path]:
    """Where code may be kept, the best place first."""
    if folder := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(folder)
        return
    yield file.parent / "__pycache__"
    with suppress(RuntimeError):  # without a home
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", _ROOT)


def _read(place: Path, file: Path) -> Entry | None:
    """What is kept at a place, if it is of this processor, and of all sources as they are."""
    try:
        processor, paths, digest, *entry = marshal.loads(place.read_bytes())
        if processor == _processor() and digest == _digest(file, paths):
            return Entry(*entry)
    except (OSError, ValueError, TypeError, EOFError):
        pass  # missing, or damaged
    return None


def _write(place: Path, file: Path, entry: Entry) -> bool:
    paths = tuple(sorted(os.path.relpath(path, file.parent) for path in sources(file)))
    data = marshal.dumps((_processor(), paths, _digest(file, paths), *entry))
    part = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(place)
    except OSError:
        return False
    return True


def _digest(file: Path, paths: tuple[str, ...]) -> bytes:
    """Of sources, by their paths from the folder of `file`."""
    digest = blake2b(digest_size=16)
    for path in paths:
        digest.update(_content(os.path.normpath(file.parent / path)))
    return digest.digest()


@cache
def _content(path: str) -> bytes:
    return blake2b(Path(path).read_bytes(), digest_size=16).digest()


@cache
def _processor() -> str:
    """What code is made for: the variables are numba's."""
    from llvmlite import binding

    features: Any = binding.get_host_cpu_features()
    host = binding.get_host_cpu_name(), features.flatten()
    wanted = (os.environ.get(name) for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"))
    return repr((*host, *wanted))


@cache
def _linker() -> Any:
    from llvmlite import binding

    binding.initialize_native_target()
    machine = binding.Target.from_default_triple().create_target_machine()
    return binding.create_lljit_compiler(machine)


def _linked(entry: Entry) -> Any:
    """Code in memory, by names."""
    from llvmlite import binding

    builder = binding.JITLibraryBuilder().add_object_img(entry.code).add_current_process()
    return builder.export_symbol(entry.name).link(_linker(), f"{entry.name} {next(_numbers)}")
