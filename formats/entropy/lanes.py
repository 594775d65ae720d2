"""Several integers at a time: what compiled loops do to all contexts of a decision at once.

Each function is a few vector instructions, written in LLVM's own terms: of a loop over arrays that
might overlap the compiler makes one number after another, at half the speed. LLVM turns them into
what a machine has. They are integers of 32 bits that wrap around, the same on all machines.

All numbers lie in one int32 array, `memory`; a place is where a row of them begins. No argument
is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ncodec.formats.entropy.logistic import REACH

__all__ = [
    "BIAS",
    "I32",
    "I64",
    "LANES",
    "MEMORY",
    "WIDEST",
    "Lanes",
    "Tuple",
    "blend",
    "compiled",
    "learn",
    "put_lines",
]

LANES = 8
"""The contexts of a decision; the last one's guess is always BIAS, so that sums can lean."""

BIAS = 256

MEMORY = 500
"""Bits that a slot has seen at most: it goes on to learn."""

I16, I32, I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
WIDEST = (1 << 17) - 1
"""The largest weight."""

Tuple: Any = types.UniTuple


def compiled(function: Callable[..., Any]) -> Any:
    """A function of all parameters but the first, which is numba's typing context."""
    return intrinsic(function)


class Lanes:
    """Vectors of one function under construction; values are LLVM's."""

    def __init__(self, context: Any, builder: Any, memory: Any, array: Any, count: int) -> None:
        self.builder = builder
        self._memory = context.make_array(memory)(context, builder, array).data
        self._count = count
        self._kind = ir.VectorType(I32, count)
        self._nothing = ir.Constant(self._kind, ir.Undefined)

    def constant(self, number: int) -> Any:
        return ir.Constant(self._kind, [number] * self._count)

    def at(self, place: Any) -> Any:
        """A pointer to a number, `place` being its index, int64."""
        return self.builder.gep(self._memory, [place])

    def load(self, place: Any) -> Any:
        pointer = self.builder.bitcast(self.at(place), self._kind.as_pointer())
        return self.builder.load(pointer, align=4)

    def store(self, vector: Any, place: Any) -> None:
        pointer = self.builder.bitcast(self.at(place), self._kind.as_pointer())
        self.builder.store(vector, pointer, align=4)

    def all(self, number: Any) -> Any:
        """An int64 in all lanes."""
        one = self.builder.trunc(number, I32)
        first = self.builder.insert_element(self._nothing, one, I32(0))
        return self.builder.shuffle_vector(first, self._nothing, self.constant(0))

    def look_up(self, table: Any, indices: Any) -> Any:
        """The numbers at `indices` from the pointer `table` on, int16."""
        kind = ir.VectorType(I16, self._count)
        result = ir.Constant(kind, ir.Undefined)
        pairs = self.builder.bitcast(indices, ir.VectorType(I64, self._count // 2))
        for lane in range(self._count):
            # Two at a time: taking numbers out of a vector is what takes longest.
            pair = self.builder.extract_element(pairs, I32(lane // 2))
            index = self.builder.lshr(pair, I64(32)) if lane % 2 else self._low(pair)
            number = self.builder.load(self.builder.gep(table, [index]))
            result = self.builder.insert_element(result, number, I32(lane))
        return self.builder.sext(result, self._kind)

    def _low(self, pair: Any) -> Any:
        return self.builder.zext(self.builder.trunc(pair, I32), I64)

    def gather(self, places: Sequence[Any]) -> Any:
        """The numbers at so many places, in the first lanes; the others are 0."""
        result = self.constant(0)
        for lane, place in enumerate(places):
            number = self.builder.load(self.at(place))
            result = self.builder.insert_element(result, number, I32(lane))
        return result

    def places(self, lines: Any, node: Any) -> list[Any]:
        """Of the slots of a node, by the places of their lines, which are at `lines`."""
        at = (self.builder.add(lines, I64(lane)) for lane in range(LANES - 1))
        numbers = (self.builder.zext(self.builder.load(self.at(place)), I64) for place in at)
        return [self.builder.add(number, node) for number in numbers]

    def all_of(self, numbers: Any) -> Any:
        """A tuple of int64, one in each lane."""
        result = self._nothing
        for lane in range(self._count):
            number = self.builder.trunc(self.builder.extract_value(numbers, lane), I32)
            result = self.builder.insert_element(result, number, I32(lane))
        return result

    def least(self, vector: Any, most: int) -> Any:
        below = self.builder.icmp_signed("<", vector, self.constant(most))
        return self.builder.select(below, vector, self.constant(most))

    def within(self, vector: Any, reach: int) -> Any:
        above = self.builder.icmp_signed(">", vector, self.constant(-reach))
        return self.least(self.builder.select(above, vector, self.constant(-reach)), reach)

    def wide(self, vector: Any) -> Any:
        """The same numbers as int64."""
        return self.builder.sext(vector, ir.VectorType(I64, self._count))

    def narrow(self, vector: Any) -> Any:
        return self.builder.trunc(vector, self._kind)

    def sum(self, vector: Any) -> Any:
        """Of all lanes, as int64."""
        count = self._count
        while count > 1:
            count //= 2
            kind = ir.VectorType(I32, count)
            vector = self.builder.add(
                *(
                    self.builder.shuffle_vector(
                        vector, vector, ir.Constant(kind, list(range(start, start + count)))
                    )
                    for start in (0, count)
                )
            )
        number = self.builder.extract_element(vector, I32(0))
        return number if number.type == I64 else self.builder.sext(number, I64)

    def two_sums(self, first: Any, second: Any, shift: int, reach: int) -> list[Any]:
        """The sums of eight lanes of either vector, less `shift` bits and within `reach`: each
        step of them at once."""
        halves = copy(self)
        halves._count, halves._kind = 4, ir.VectorType(I32, 4)
        one, two = (
            halves.add_parts(each, each, (0, 1, 2, 3), (4, 5, 6, 7)) for each in (first, second)
        )
        both = halves.add_parts(one, two, (0, 4, 1, 5), (2, 6, 3, 7))
        both = halves.add_parts(both, both, (0, 1, 0, 1), (2, 3, 2, 3))
        both = halves.within(self.builder.ashr(both, halves.constant(shift)), reach)
        numbers = (self.builder.extract_element(both, I32(lane)) for lane in (0, 1))
        return [self.builder.sext(number, I64) for number in numbers]

    def add_parts(self, one: Any, two: Any, lanes: Sequence[int], others: Sequence[int]) -> Any:
        """Some lanes of two vectors, plus others of theirs."""
        kind = ir.VectorType(I32, len(lanes))
        parts = (
            self.builder.shuffle_vector(one, two, ir.Constant(kind, list(which)))
            for which in (lanes, others)
        )
        return self.builder.add(*parts)


@compiled
def put_lines(_: Any, memory: Any, lines: Any, places: Any) -> Any:
    """Puts the places of a decision's lines, a tuple of int64, at `lines`."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, lines, places = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, LANES)
        for lane in range(LANES - 1):
            place = builder.trunc(builder.extract_value(places, lane), I32)
            builder.store(place, lanes.at(builder.add(lines, I64(lane))))
        return context.get_dummy_value()

    return types.void(memory, types.int64, Tuple(types.int64, LANES - 1)), build


@compiled
def blend(_: Any, memory: Any, lines: Any, node: Any, first: Any, second: Any, stretch: Any) -> Any:
    """Two weighted sums of what slots guess, in the guesses' units and within REACH.

    The slots are those at `line + node` for each of the lines at place `lines`. Behind the lines
    this leaves the slots' numbers and their guesses for `learn`.

    Args:
        first, second: places of weights, in 1/65536.
        stretch: int16 [4096], a guess for the highest 12 bits of a slot.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, lines, node, first, second, stretch = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, LANES)
        table = context.make_array(signature.args[-1])(context, builder, stretch).data
        seen = lanes.gather(lanes.places(lines, node))
        guesses = lanes.look_up(table, builder.lshr(seen, lanes.constant(20)))
        guesses = builder.insert_element(guesses, I32(BIAS), I32(LANES - 1))
        for number, vector in enumerate((seen, guesses), 1):
            lanes.store(vector, builder.add(lines, I64(number * LANES)))
        one, two = (
            builder.mul(builder.ashr(lanes.load(weights), lanes.constant(2)), guesses)
            for weights in (first, second)
        )
        sums = lanes.two_sums(one, two, 14, REACH)
        return context.make_tuple(builder, signature.return_type, sums)

    return Tuple(types.int64, 2)(memory, *[types.int64] * 4, stretch), build


@compiled
def learn(
    _: Any,
    memory: Any,
    lines: Any,
    node: Any,
    first: Any,
    second: Any,
    error: Any,
    error_too: Any,
    bit: Any,
    rates: Any,
) -> Any:
    """What follows from the bit that `blend` was for: weights and slots move towards it.

    Args:
        error, error_too: of both sums.
        rates: int16 [1024], in 1/4096, of slots that have seen so many bits.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, lines, node, first, second, error, error_too, bit, rates = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, LANES)
        table = context.make_array(signature.args[-1])(context, builder, rates).data
        seen, guesses = (lanes.load(builder.add(lines, I64(at * LANES))) for at in (1, 2))
        for weights, amount in ((first, error), (second, error_too)):
            step = builder.add(builder.mul(guesses, lanes.all(amount)), lanes.constant(1 << 17))
            moved = builder.add(lanes.load(weights), builder.ashr(step, lanes.constant(18)))
            lanes.store(lanes.within(moved, WIDEST), weights)
        count = builder.and_(seen, lanes.constant(1023))
        chance = builder.lshr(seen, lanes.constant(10))
        goal = builder.and_(lanes.all(builder.neg(bit)), lanes.constant((1 << 22) - 1))
        away = builder.ashr(builder.sub(goal, chance), lanes.constant(3))
        step = builder.mul(away, lanes.look_up(table, count))
        chance = builder.add(chance, builder.ashr(step, lanes.constant(9)))
        count = lanes.least(builder.add(count, lanes.constant(1)), MEMORY)
        moved = builder.or_(builder.shl(chance, lanes.constant(10)), count)
        for lane, place in enumerate(lanes.places(lines, node)):
            builder.store(builder.extract_element(moved, I32(lane)), lanes.at(place))
        return context.get_dummy_value()

    return types.void(memory, *[types.int64] * 7, rates), build
