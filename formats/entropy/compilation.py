"""Kernels as object files that need nothing but the C library, by numba."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.core.codegen import AOTCodeLibrary, JITCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime import nrtdynmod
from numba.core.types import unliteral
from numba.extending import intrinsic as numba_intrinsic

from ncodec.formats.entropy.machine_code import Entry

__all__ = ["compiled", "dispatcher", "intrinsic"]

_INT, _I64, _VOID = ir.IntType(32), ir.IntType(64), ir.VoidType()
_POINTER = ir.IntType(8).as_pointer()
_HEAD = object.__basicsize__
"""Bytes of an array before what numpy's interface says of it: data, dimensions' number, sizes and
strides, 8 bytes each."""
types: Any = numba.types
pack_array: Any = cgutils.pack_array
typeof: Any = numba.typeof
_ALONE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def dispatcher(function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """numba's own compiled function, which nothing but compiled functions calls."""
    options = {"nogil": True, **_ALONE, **options}
    made: Any = numba.njit(**options)(function)
    made.get_call_template = partial(_call_of_kinds, made.get_call_template)
    return made


def _call_of_kinds(template: Callable[..., Any], arguments: Any, names: Any) -> Any:
    """numba's choice of code for a call, by kinds alone: for numbers that are written in the source
    it would compile the function anew, once for each of them."""
    kind: Callable[..., Any] = unliteral
    named = {name: kind(argument) for name, argument in names.items()}
    return template(tuple(map(kind, arguments)), named)


def intrinsic(function: Callable[..., Any]) -> Any:
    """The type of a function that numba lets build its own code."""
    context: Any = cpu_target.typing_context
    made = numba_intrinsic(function)
    context.refresh()
    return context.resolve_value_type(made)


@global_compiler_lock  # type: ignore[untyped-decorator]
def compiled(dispatcher: Any, arguments: Sequence[Any]) -> Entry:
    """A function for arguments of the kinds of these.

    Raises:
        TypeError: it returns something else than numbers, or needs more than the C library.
    """
    kinds: Any = tuple(typeof(argument) for argument in arguments)
    dispatcher.compile(kinds)
    result = dispatcher.overloads[kinds]
    name = f"{result.fndesc.modname}.{result.fndesc.qualname}"
    library = _codegen().create_library(name)
    module = library.create_ir_module(name)
    returned = _Entry(result, module, name).returned
    _Memory(module)
    library.add_ir_module(module)
    library.add_linking_library(result.library)
    library.finalize()
    foreign = [f.name for f in library._final_module.functions if f.is_declaration]
    if unknown := [name for name in foreign if name.startswith(("NRT_", "numba_"))]:
        raise TypeError(f"{name} asks for {unknown}, which no kernel has")
    return Entry(library.emit_native_object(), name, *returned)


@cache
def _codegen() -> Any:
    return _HostCodegen("ncodec")  # type: ignore[no-untyped-call]


class _HostCodegen(JITCPUCodegen):
    """Makes object files for this processor, whose parts may lie anywhere in memory; loads none."""

    _library_class: Any = AOTCodeLibrary

    def _add_module(self, module: Any) -> None:
        pass


class _Entry:
    """The function that takes arguments from slots, and puts there what it returns."""

    def __init__(self, result: Any, module: Any, name: str) -> None:
        self._context = result.target_context
        kind = ir.FunctionType(_INT, [_I64.as_pointer()])
        function = ir.Function(module, kind, name)
        self._builder = ir.IRBuilder(function.append_basic_block())
        self._slots = function.args[0]
        self._place = 0
        signature = result.signature
        arguments = [self._argument(kind) for kind in signature.args]
        status, value = self._context.call_internal_no_propagate(
            self._builder, result.fndesc, signature, arguments
        )
        self._place = 0
        self.returned = self._return(signature.return_type, value)
        self._builder.ret(self._builder.zext(status.is_error, _INT))

    def _slot(self, kind: Any) -> Any:
        """A pointer to the next slot, taken for a number of a kind of LLVM's."""
        place = self._builder.gep(self._slots, [_INT(self._place)])
        self._place += 1
        return self._builder.bitcast(place, kind.as_pointer())

    def _argument(self, kind: Any) -> Any:
        if isinstance(kind, types.Array):
            return self._array(kind)
        if isinstance(kind, types.BaseTuple):
            parts = [self._argument(part) for part in kind]
            return self._context.make_tuple(self._builder, kind, parts)
        wanted = self._context.get_value_type(kind)
        if isinstance(wanted, ir.IntType) and wanted.width < 64:
            return self._builder.trunc(self._builder.load(self._slot(_I64)), wanted)
        return self._builder.load(self._slot(wanted))

    def _array(self, kind: Any) -> Any:
        """An array, of which a slot has the address of numpy's object."""
        builder = self._builder
        header = builder.inttoptr(builder.load(self._slot(_I64)), _POINTER)

        def field(index: int, of: Any) -> Any:
            place = builder.gep(header, [_INT(_HEAD + 8 * index)])
            return builder.load(builder.bitcast(place, of.as_pointer()))

        sizes, strides = (field(index, _I64.as_pointer()) for index in (2, 3))
        shape, steps = (
            [builder.load(builder.gep(numbers, [_INT(axis)])) for axis in range(kind.ndim)]
            for numbers in (sizes, strides)
        )
        made = self._context.make_array(kind)(self._context, builder)
        items = _I64(1)
        for size in shape:
            items = builder.mul(items, size)
        made.data = field(0, made.data.type)
        made.shape = pack_array(builder, shape)
        made.strides = pack_array(builder, steps)
        made.nitems, made.itemsize = (
            items,
            _I64(self._context.get_abi_sizeof(made.data.type.pointee)),
        )
        return made._getvalue()

    def _return(self, kind: Any, value: Any) -> tuple[str, bool]:
        """Puts a result into slots; how to read it, and whether it is a number alone."""
        if kind == types.none:
            return "", True
        if not isinstance(kind, types.BaseTuple):
            return self._put(kind, value), True
        parts = (self._builder.extract_value(value, place) for place in range(len(kind)))
        return "".join(map(self._put, kind, parts)), False

    def _put(self, kind: Any, value: Any) -> str:
        builder = self._builder
        if isinstance(kind, types.Float):
            wide = value if kind == types.float64 else builder.fpext(value, ir.DoubleType())
            builder.store(wide, self._slot(wide.type))
            return "d"
        if isinstance(kind, types.Boolean):
            builder.store(builder.zext(value, _I64), self._slot(_I64))
            return "?7x"
        if not isinstance(kind, types.Integer):
            raise TypeError(f"a kernel returns numbers, not {kind}: let it fill an array")
        if kind.bitwidth < 64:
            value = (builder.sext if kind.signed else builder.zext)(value, _I64)
        builder.store(value, self._slot(_I64))
        return "q" if kind.signed else "Q"


class _Memory:
    """What numba's code asks for arrays of its own, by the C library; and for lists of numbers that
    keep their length, as its sorting has one."""

    def __init__(self, module: Any) -> None:
        self._module = module
        malloc = self._function("malloc", _POINTER, _I64)
        free = self._function("free", _VOID, _POINTER)
        for name in ("NRT_Free", "NRT_MemInfo_call_dtor"):
            builder, (place,) = self._begin(name, _VOID, _POINTER)
            builder.call(free, [place])
            builder.ret_void()
        builder, (size,) = self._begin("NRT_Allocate", _POINTER, _I64)
        builder.ret(builder.call(malloc, [size]))
        builder, (size, align) = self._begin("NRT_MemInfo_alloc_aligned", _POINTER, _I64, _INT)
        aligned = builder.function
        self._block(builder, malloc, size, builder.zext(align, _I64))
        of_list = "NRT_MemInfo_new_varsize_dtor", _POINTER, _I64, _POINTER
        for signature in (("NRT_MemInfo_alloc", _POINTER, _I64), of_list):
            builder, (size, *_) = self._begin(*signature)
            builder.ret(builder.call(aligned, [size, _INT(16)]))

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        return ir.Function(self._module, ir.FunctionType(result, arguments), name)

    def _begin(self, name: str, result: Any, *arguments: Any) -> tuple[Any, Any]:
        function = self._function(name, result, *arguments)
        return ir.IRBuilder(function.append_basic_block()), function.args

    @staticmethod
    def _block(builder: Any, malloc: Any, size: Any, align: Any) -> None:
        """Returns a block that is held once: a head, and behind it the data."""
        head = _I64(64)
        room = builder.call(malloc, [builder.add(builder.add(size, align), head)])
        with builder.if_then(builder.icmp_unsigned("==", room, _POINTER(None))):
            builder.ret(room)
        start = builder.add(builder.add(builder.ptrtoint(room, _I64), head), align)
        data = builder.inttoptr(builder.sub(start, builder.urem(start, align)), _POINTER)
        fields = builder.bitcast(room, nrtdynmod._meminfo_struct_type.as_pointer())
        for place, value in enumerate((_I64(1), _POINTER(None), _POINTER(None), data, size)):
            builder.store(value, builder.gep(fields, [_INT(0), _INT(place)]))
        builder.ret(room)
