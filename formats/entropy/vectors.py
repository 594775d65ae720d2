"""Vectors as values of compiled loops: sixteen numbers of 32 bits, int32 or float32.

    row = load(array, place)                   16 elements of a flat array from `place` on
    store(array, place, row * every(factor))

`+ - *`, and for int32 also `& >> <<`, take two vectors and work on each lane alone: one IEEE
operation or one that wraps around, never contracted, so that all machines agree. LLVM turns them
into what a machine has, two or four instructions where its registers are shorter. A loop over
arrays that might overlap becomes one number after another instead, at a tenth of the speed.

No place is checked.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import instruction, types

__all__ = [
    "LANES",
    "aligned",
    "as_floats",
    "as_integers",
    "every",
    "gather",
    "item",
    "joined",
    "lane",
    "largest",
    "least",
    "load",
    "most",
    "set_item",
    "store",
    "total",
    "with_lane",
]

LANES = 16

_I32 = ir.IntType(32)


def _vector(element: Any) -> Any:
    """The kind of a vector of `element`, a numba type."""
    return _vectors()(element)


@cache
def _vectors() -> Any:
    """numba's class of such kinds, made when the first kernel is compiled that has vectors."""
    from numba.extending import models, register_model

    class Vector(types.Type):  # type: ignore[misc]
        def __init__(self, element: Any) -> None:
            self.element = element
            super().__init__(f"vector({element})")

    @register_model(Vector)
    class _Model(models.PrimitiveModel):
        def __init__(self, manager: Any, kind: Any) -> None:
            super().__init__(manager, kind, _llvm(kind.element))  # type: ignore[no-untyped-call]

    for functions, names in _OPERATORS.items():
        _operator(Vector, functions, *names)
    return Vector


def _llvm(element: Any) -> Any:
    return ir.VectorType(_element(element), LANES)


def _element(element: Any) -> Any:
    return ir.FloatType() if element == types.float32 else _I32


def aligned(size: int, kind: Any) -> NDArray[Any]:
    """A flat array of zeros whose vectors do not straddle the lines of a cache, [size]."""
    line = 64
    room = np.zeros(size + line // np.dtype(kind).itemsize, dtype=kind)
    start = (-room.ctypes.data % line) // room.itemsize
    return room[start : start + size]


_OPERATORS = {
    (operator.add, operator.iadd): ("add", "fadd"),
    (operator.sub, operator.isub): ("sub", "fsub"),
    (operator.mul, operator.imul): ("mul", "fmul"),
    (operator.and_,): ("and_",),
    (operator.rshift,): ("ashr",),
    (operator.lshift,): ("shl",),
}
"""LLVM's instructions for integers and for real numbers, as its builder names them."""


def _operator(vector: Any, functions: Sequence[Any], name: str, real_name: str = "") -> None:
    """Gives functions of two vectors the meaning of LLVM's instruction."""
    from numba.core.typing import templates
    from numba.extending import lower_builtin

    register: Any = templates.infer_global
    signature: Any = templates.signature
    implement: Any = lower_builtin

    class Template(templates.AbstractTemplate):
        def generic(self, arguments: Any, named: Any) -> Any:
            one, two = arguments
            if isinstance(one, vector) and one == two:
                return signature(one, one, two)
            return None

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        real = signature.return_type.element == types.float32
        return getattr(builder, real_name if real else name)(*arguments)

    for function in functions:
        register(function)(type(name, (Template,), {}))
        implement(function, vector, vector)(lower)


def _all(builder: Any, number: Any) -> Any:
    kind = ir.VectorType(number.type, LANES)
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, number, _I32(0))
    lanes = ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
    return builder.shuffle_vector(first, nothing, lanes)


def _at(context: Any, builder: Any, kind: Any, array: Any, place: Any, width: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), width.as_pointer())


@instruction
def load(_: Any, array: Any, place: Any) -> Any:
    """The elements `place` .. `place` + 15 of a flat array of int32 or float32."""
    vector = _vector(array.dtype)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = _llvm(signature.args[0].dtype)
        array, place = arguments
        pointer = _at(context, builder, signature.args[0], array, place, kind)
        return builder.load(pointer, align=4)

    return vector(array, types.int64), build


@instruction
def item(_: Any, array: Any, place: Any) -> Any:
    """The element of a flat array at a place, which does not count from the end if negative."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        return builder.load(builder.gep(data, [place]))

    return array.dtype(array, types.int64), build


@instruction
def set_item(_: Any, array: Any, place: Any, number: Any) -> Any:
    """Sets the element of a flat array at a place, which does not count from the end."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, number = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        builder.store(number, builder.gep(data, [place]))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), build


@instruction
def gather(_: Any, array: Any, base: Any, offsets: Any, place: Any) -> Any:
    """The elements at `base` plus each of the offsets `place` .. `place` + 15, which are int64."""
    vector = _vector(array.dtype)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, base, offsets, place = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        origin = builder.gep(data, [base])
        data = context.make_array(signature.args[2])(context, builder, offsets).data
        first = builder.gep(data, [place])
        result = ir.Constant(_llvm(vector.element), ir.Undefined)
        for lane in range(LANES):
            offset = builder.load(builder.gep(first, [ir.IntType(64)(lane)]))
            number = builder.load(builder.gep(origin, [offset]))
            result = builder.insert_element(result, number, _I32(lane))
        return result

    return vector(array, types.int64, offsets, types.int64), build


@instruction
def store(_: Any, array: Any, place: Any, vector: Any) -> Any:
    """Writes a vector to the elements `place` .. `place` + 15 of a flat array."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, place, vector = arguments
        pointer = _at(context, builder, signature.args[0], array, place, vector.type)
        builder.store(vector, pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.int64, vector), build


@instruction
def every(_: Any, number: Any) -> Any:
    """A vector with a number, a float32 or an integer's lowest 32 bits, in all lanes."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (number,) = arguments
        wide = number.type == ir.IntType(64)
        return _all(builder, builder.trunc(number, _I32) if wide else number)

    element = number if number == types.float32 else types.int32
    return _vector(element)(number), build


@instruction
def lane(_: Any, vector: Any, place: Any) -> Any:
    """The number in one lane."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector, place = arguments
        return builder.extract_element(vector, builder.trunc(place, _I32))

    return vector.element(vector, types.int64), build


def _lane_numbers() -> Any:
    return ir.Constant(ir.VectorType(_I32, LANES), list(range(LANES)))


@instruction
def joined(_: Any, one: Any, two: Any, place: Any) -> Any:
    """The lanes of one vector before `place`, which may be none of them, and another's from there
    on."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        one, two, place = arguments
        place = _all(builder, builder.trunc(place, _I32))
        before = builder.icmp_signed("<", _lane_numbers(), place)
        return builder.select(before, one, two)

    return one(one, two, types.int64), build


@instruction
def with_lane(_: Any, vector: Any, place: Any, number: Any) -> Any:
    """The vector with a number in lane `place`, which may be none of them."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector, place, number = arguments
        there = builder.icmp_signed(
            "==", _lane_numbers(), _all(builder, builder.trunc(place, _I32))
        )
        return builder.select(there, _all(builder, number), vector)

    return vector(vector, types.int64, vector.element), build


def _choose(name: str, one: Any, two: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        one, two = arguments
        return builder.select(builder.icmp_signed(name, one, two), one, two)

    return one(one, two), build


@instruction
def least(_: Any, one: Any, two: Any) -> Any:
    """The lesser of two vectors of int32, lane by lane."""
    return _choose("<", one, two)


@instruction
def most(_: Any, one: Any, two: Any) -> Any:
    """The greater of two vectors of int32, lane by lane."""
    return _choose(">", one, two)


@instruction
def as_floats(_: Any, vector: Any) -> Any:
    """The nearest float32 of a vector of int32, ties to even."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sitofp(arguments[0], _llvm(types.float32))

    return _vector(types.float32)(vector), build


@instruction
def as_integers(_: Any, vector: Any) -> Any:
    """A vector of float32 rounded towards zero; all are within int32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fptosi(arguments[0], _llvm(types.int32))

    return _vector(types.int32)(vector), build


def _folded(vector: Any, combine: Callable[..., Any]) -> Any:
    """What a vector comes to if its halves are combined until one lane is left."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (vector,), count = arguments, LANES
        while count > 1:
            count //= 2
            kind = ir.VectorType(_I32, count)
            halves = (
                builder.shuffle_vector(
                    vector, vector, ir.Constant(kind, list(range(start, start + count)))
                )
                for start in (0, count)
            )
            vector = combine(builder, signature.return_type, *halves)
        return builder.extract_element(vector, _I32(0))

    return vector.element(vector), build


@instruction
def total(_: Any, vector: Any) -> Any:
    """The sum of all lanes: the upper half is added to the lower until one is left."""

    def combine(builder: Any, kind: Any, one: Any, two: Any) -> Any:
        return builder.fadd(one, two) if kind == types.float32 else builder.add(one, two)

    return _folded(vector, combine)


@instruction
def largest(_: Any, vector: Any) -> Any:
    """The greatest of all lanes, of int32."""

    def combine(builder: Any, kind: Any, one: Any, two: Any) -> Any:
        return builder.select(builder.icmp_signed(">", one, two), one, two)

    return _folded(vector, combine)
