"""Compiled loops: one decorator, and a cache on disk that knows every source of a kernel.

numba keeps machine code beside a function's file and compares it with that file alone. What is
compiled into it from other files, their functions and constants, may change unseen: after an edit
or an update it would run old code with new. Here a kernel is compared with all of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, overload

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.runtime.nrt import rtsys
from numba.core.types import unliteral

__all__ = ["bare_kernel", "inner_kernel", "kernel", "sources"]

_ROOT = __name__.partition(".")[0]
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(%b[\w.]*)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]*))?"
    % _ROOT.encode(),
    re.MULTILINE,
)
"""Imports from this package, found faster than by parsing: a program starts with this."""
_NAME = re.compile(rb"\w+")

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def kernel(function: Function, /) -> Function: ...
@overload
def kernel(**options: Any) -> Callable[[Function], Function]: ...
def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """`function` compiled by numba when it is first called; it holds no interpreter lock.

    Machine code is kept for the next process until one of `sources` changes.

    Args:
        function: a function of arrays and numbers.
        options: numba's own, such as ``inline`` and ``fastmath``; the latter is for learning, never
            for what has to be the same on every machine.
    """
    if function is None:
        return partial(kernel, **options)
    dispatcher = _dispatcher(function, options)
    dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
    return dispatcher


bare_kernel = kernel(_nrt=False)
"""A kernel that makes no array. It does not count those that it is given as held: in small
functions such counting, which is atomic, takes a good part of the time."""


@overload
def inner_kernel(function: Function, /) -> Function: ...
@overload
def inner_kernel(**options: Any) -> Callable[[Function], Function]: ...
def inner_kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """A bare one that only kernels call: what it takes to be called from elsewhere is not compiled,
    and nothing is kept, since they contain its code."""
    if function is None:
        return partial(inner_kernel, **options)
    alone = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _dispatcher(function, alone | options)


def _dispatcher(function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    dispatcher = njit(nogil=True, **options)(function)
    dispatcher.get_call_template = partial(_call_of_kinds, dispatcher.get_call_template)
    return dispatcher


def _call_of_kinds(template: Callable[..., Any], arguments: Any, names: Any) -> Any:
    """numba's choice of code for a call, by kinds alone: for numbers that are written in the source
    it would compile the function anew, once for each of them."""
    kind: Callable[..., Any] = unliteral
    named = {name: kind(argument) for name, argument in names.items()}
    return template(tuple(map(kind, arguments)), named)


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


@cache
def _stamp(file: str) -> str:
    digest = blake2b(digest_size=16)
    for path in sorted(sources(Path(file))):
        content = path.read_bytes()
        digest.update(b"%s %d " % (path.name.encode(), len(content)))
        digest.update(content)
    return digest.hexdigest()


class _Stamped:
    """A place for machine code, mixed into numba's own: says when what lies there is stale."""

    _py_file: str

    def get_source_stamp(self) -> str:
        return _stamp(self._py_file)


class _Implementation(CompileResultCacheImpl):
    def __init__(self, function: Callable[..., Any]) -> None:
        self._locator_classes = [
            type(place.__name__, (_Stamped, place), {})  # type: ignore[misc]
            for place in CompileResultCacheImpl._locator_classes
        ]
        super().__init__(function)  # type: ignore[no-untyped-call]


class _Cache(FunctionCache):
    _impl_class = _Implementation

    def load_overload(self, signature: Any, target: Any) -> Any:
        try:
            # numba would first load all that it compiles with, which takes longer than the code.
            rtsys.initialize(target)
            with self._guard_against_spurious_io_errors():
                loaded = self._load_overload(signature, target)  # type: ignore[no-untyped-call]
                if loaded is not None:
                    return loaded
            return super().load_overload(signature, target)  # type: ignore[no-untyped-call]
        except (AttributeError, ImportError):
            # The index names the classes of arguments: one of an older version may be gone.
            self.flush()  # type: ignore[no-untyped-call]
            return None
