"""Compiled loops: one decorator, and machine code that is kept for all later processes.

A kernel is compiled when it is first called with arguments of some kinds, by `compilation`, which
loads numba. Every later process takes the code from disk, by `machine_code`, which does not: half
a second is a long time for a small picture. Arguments come to it as one array of 64-bit slots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ctypes import c_int64
from functools import cached_property, partial, update_wrapper
from struct import unpack
from threading import RLock
from typing import Any, TypeVar, overload

import numpy as np

from ncodec.formats.entropy.machine_code import Entry, Loaded, kept, sources

__all__ = ["bare_kernel", "inner_kernel", "instruction", "kernel", "sources", "types"]

Function = TypeVar("Function", bound=Callable[..., Any])

_LOCK = RLock()

_SHAPES = 0x503
"""Of numpy's flags of an array: C order, Fortran order, aligned, writeable."""
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


@overload
def kernel(function: Function, /) -> Function: ...
@overload
def kernel(**options: Any) -> Callable[[Function], Function]: ...
def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """`function` compiled by numba when it is first called; it holds no interpreter lock.

    Machine code is kept for the next process until one of `sources` changes. Called from Python, a
    kernel returns numbers, tuples of numbers or nothing: arrays are for it to fill.

    Args:
        function: a function of arrays, numbers and tuples of them.
        options: numba's own, such as ``inline`` and ``fastmath``; the latter is for learning, never
            for what has to be the same on every machine.
    """
    return partial(kernel, **options) if function is None else _Kernel(function, options)


bare_kernel = kernel(_nrt=False)
"""A kernel that makes no array. It does not count those that it is given as held: in small
functions such counting, which is atomic, takes a good part of the time."""


@overload
def inner_kernel(function: Function, /) -> Function: ...
@overload
def inner_kernel(**options: Any) -> Callable[[Function], Function]: ...
def inner_kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """A bare one that is part of other kernels; called from elsewhere, it runs as it is written."""
    if function is None:
        return partial(inner_kernel, **options)
    return _Inner(function, {"_nrt": False} | options)


def instruction(function: Callable[..., Any]) -> Any:
    """A function of kernels that says by itself what LLVM is to do, as `numba.extending.intrinsic`.

    Args:
        function: of numba's typing context and the arguments' kinds.
    """
    return _Instruction(function)


class _Types:
    """numba's types, which are loaded when the first of them is asked for."""

    def __getattr__(self, name: str) -> Any:
        from numba import types

        return getattr(types, name)


types: Any = _Types()


class _Inner:
    """A function that numba compiles into others."""

    def __init__(self, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self.targetoptions = options

    def __call__(self, *arguments: Any) -> Any:
        return self.py_func(*arguments)

    @cached_property
    def dispatcher(self) -> Any:
        """What compiles it."""
        from ncodec.formats.entropy.compilation import dispatcher

        return dispatcher(self.py_func, self.targetoptions)

    @property
    def _numba_type_(self) -> Any:
        """What numba asks of a name in a kernel's source."""
        return self.dispatcher._numba_type_


class _Kernel(_Inner):
    """A function that runs as machine code."""

    def __init__(self, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        super().__init__(function, options)
        self._loaded: dict[Any, Loaded] = {}

    def __call__(self, *arguments: Any) -> Any:
        slots: list[int] = []
        kinds = tuple([_take(argument, slots) for argument in arguments])
        loaded = self._loaded.get(kinds) or self._load(kinds, arguments)
        return loaded.call((c_int64 * max(len(slots), loaded.results))(*slots))

    def _load(self, kinds: Any, arguments: Any) -> Loaded:
        with _LOCK:
            if kinds not in self._loaded:
                self._loaded[kinds] = kept(self.py_func, kinds, partial(self._compiled, arguments))
            return self._loaded[kinds]

    def _compiled(self, arguments: Any) -> Entry:
        from ncodec.formats.entropy.compilation import compiled

        entry: Entry = compiled(self.dispatcher, arguments)
        return entry


class _Instruction:
    def __init__(self, function: Callable[..., Any]) -> None:
        self.__doc__ = function.__doc__
        self._function = function

    @cached_property
    def _numba_type_(self) -> Any:
        from ncodec.formats.entropy.compilation import intrinsic

        return intrinsic(self._function)


def _take(value: Any, slots: list[int]) -> Any:
    """The kind of an argument; appends what its machine code gets of it to `slots`."""
    if type(value) is np.ndarray:
        slots.append(id(value))
        return value.dtype.str, value.ndim, value.flags.num & _SHAPES
    if isinstance(value, tuple):
        return type(value).__qualname__, *[_take(part, slots) for part in value]
    if isinstance(value, bool | np.bool_):
        slots.append(int(value))
        return "bool"
    if isinstance(value, int):
        slots.append(value)
        return "int" if _LEAST <= value <= _MOST else "natural"
    if isinstance(value, np.float32):
        slots.append(int(value.view(np.int32)))
        return "float32"
    if isinstance(value, float):
        slots.extend(unpack("q", np.float64(value).tobytes()))
        return "float"
    if isinstance(value, np.integer):
        slots.append(int(value))
        return value.dtype.str
    raise TypeError(f"a kernel takes arrays, numbers and tuples of them, not {value!r}")
