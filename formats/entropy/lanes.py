"""Several integers at a time: what compiled loops do to all contexts of a decision at once.

Each function is a few vector instructions, written in LLVM's own terms: of a loop over arrays that
might overlap the compiler makes one number after another, at half the speed. LLVM turns them into
what a machine has. They are integers of 32 bits that wrap around, the same on all machines.

All numbers lie in one int32 array, `memory`; a place is where a row of them begins. No argument
is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from llvmlite import ir

from ncodec.formats.entropy.kernels import instruction, types
from ncodec.formats.entropy.logistic import FASTEST, LOG_ONE, REACH

__all__ = [
    "BIAS",
    "I32",
    "I64",
    "LANES",
    "MEMORY",
    "Lanes",
    "blend",
    "learn",
]

LANES = 8
"""The contexts of a decision; the last one's guess is always BIAS, so that sums can lean."""

BIAS = 256

MEMORY = 500
"""Bits that a slot has seen at most: it goes on to learn."""

I32, I64 = ir.IntType(32), ir.IntType(64)
WIDEST = (1 << 18) - 1
"""The largest weight."""


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

    def constants(self, numbers: Iterable[int]) -> Any:
        return ir.Constant(self._kind, [int(number) for number in numbers])

    def repeated(self, vector: Any, lane: int) -> Any:
        """The number in one lane, in all of them."""
        return self.builder.shuffle_vector(vector, vector, self.constant(lane))

    def weighed(self, vectors: Sequence[Any], factors: Sequence[Any]) -> Any:
        """The sum of vectors times factors."""
        terms = map(self.builder.mul, vectors, factors)
        return reduce(self.builder.add, terms)

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

    def log(self, vector: Any) -> Any:
        """The logarithms of numbers in 1 .. 2^24, as `logistic.log_of` gives them, plus LOG_ONE:
        their bits as float32."""
        return self.builder.bitcast(self.builder.sitofp(vector, self._floats()), self._kind)

    def power(self, logarithms: Any) -> Any:
        """The numbers, rounded down, that `log` gives so much for."""
        floats = self.builder.bitcast(logarithms, self._floats())
        return self.builder.fptosi(floats, self._kind)

    def _floats(self) -> Any:
        return ir.VectorType(ir.FloatType(), self._count)

    def gather(self, places: Sequence[Any]) -> Any:
        """The numbers at so many places, in the first lanes; the others are 0."""
        result = self.constant(0)
        for lane, place in enumerate(places):
            number = self.builder.load(self.at(place))
            result = self.builder.insert_element(result, number, I32(lane))
        return result

    def places(self, lines: Any, node: Any) -> list[Any]:
        """Of the slots of a node, by a tuple of the places of their lines."""
        places = (self.builder.extract_value(lines, lane) for lane in range(LANES - 1))
        return [self.builder.add(place, node) for place in places]

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

    def sum_in_all(self, vector: Any) -> Any:
        """Of all lanes, in each of them."""
        step = self._count // 2
        while step:
            order = self.constants(lane ^ step for lane in range(self._count))
            vector = self.builder.add(vector, self.builder.shuffle_vector(vector, vector, order))
            step //= 2
        return vector

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


@instruction
def blend(_: Any, memory: Any, mixed: Any, lines: Any, node: Any, sets: Any) -> Any:
    """The sum of what slots guess, by the mean of sets of weights, in the guesses' unit and within
    REACH.

    The slots are those at `line + node` for each of the lines.

    Args:
        mixed: where it leaves the slots' numbers and behind them their guesses, for `learn`.
        lines: a tuple of places.
        sets: a tuple of two or four places of weights, in 1/65536.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, mixed, lines, node, sets = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, LANES)
        seen = lanes.gather(lanes.places(lines, node))
        ones = builder.or_(builder.lshr(seen, lanes.constant(9)), lanes.constant(1))
        zeros = builder.sub(lanes.constant(1 << 23), ones)
        guesses = builder.ashr(builder.sub(lanes.log(ones), lanes.log(zeros)), lanes.constant(15))
        guesses = builder.insert_element(guesses, I32(BIAS), I32(LANES - 1))
        lanes.store(seen, mixed)
        lanes.store(guesses, builder.add(mixed, I64(LANES)))
        count = signature.args[-1].count
        places = [builder.extract_value(sets, i) for i in range(count)]
        weights = reduce(builder.add, map(lanes.load, places))
        weights = builder.ashr(weights, lanes.constant(1 + count.bit_length()))
        # The sum stays a vector, in all lanes, as long as there is something to do with it.
        total = lanes.sum_in_all(builder.mul(weights, guesses))
        total = lanes.within(builder.ashr(total, lanes.constant(14)), REACH)
        return builder.sext(builder.extract_element(total, I32(0)), I64)

    return types.int64(memory, types.int64, lines, types.int64, sets), build


@instruction
def learn(
    _: Any, memory: Any, mixed: Any, lines: Any, node: Any, sets: Any, error: Any, bit: Any
) -> Any:
    """What follows from the bit that `blend` was for: weights and slots move towards it.

    Args:
        error: of the sum.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, mixed, lines, node, sets, error, bit = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, LANES)
        seen, guesses = lanes.load(mixed), lanes.load(builder.add(mixed, I64(LANES)))
        step = builder.add(builder.mul(guesses, lanes.all(error)), lanes.constant(1 << 17))
        step = builder.ashr(step, lanes.constant(18))
        for i in range(signature.args[4].count):
            weights = builder.extract_value(sets, i)
            moved = builder.add(lanes.load(weights), step)
            lanes.store(lanes.within(moved, WIDEST), weights)
        count = builder.and_(seen, lanes.constant(1023))
        chance = builder.lshr(seen, lanes.constant(10))
        goal = builder.and_(lanes.all(builder.neg(bit)), lanes.constant((1 << 22) - 1))
        away = builder.ashr(builder.sub(goal, chance), lanes.constant(3))
        twice = builder.add(builder.shl(count, lanes.constant(1)), lanes.constant(3))
        rates = lanes.power(builder.sub(lanes.constant(FASTEST + 2 * LOG_ONE), lanes.log(twice)))
        step = builder.mul(away, rates)
        chance = builder.add(chance, builder.ashr(step, lanes.constant(9)))
        count = lanes.least(builder.add(count, lanes.constant(1)), MEMORY)
        moved = builder.or_(builder.shl(chance, lanes.constant(10)), count)
        for lane, place in enumerate(lanes.places(lines, node)):
            builder.store(builder.extract_element(moved, I32(lane)), lanes.at(place))
        return context.get_dummy_value()

    kinds = memory, types.int64, lines, types.int64, sets, types.int64, types.int64
    return types.void(*kinds), build
