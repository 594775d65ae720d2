"""Linear predictions of 16 signals at a time, in the terms of ncodec.formats.entropy.lanes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ncodec.formats.entropy.kernels import instruction, types
from ncodec.formats.entropy.lanes import I32, Lanes

__all__ = [
    "TAPS",
    "follow",
    "follow_far",
    "foretell",
    "foretell_far",
    "put_magnitudes",
    "put_signals",
]

TAPS = 16
"""The signals of a linear prediction."""

_WIDEST = (1 << 17) - 1
"""The largest tap of `follow`."""


@instruction
def put_signals(_: Any, memory: Any, signals: Any, numbers: Any) -> Any:
    """Puts a tuple of int64 at `signals`, by one store: loads of all have to wait for several."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, signals, numbers = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, TAPS)
        lanes.store(lanes.all_of(numbers), signals)
        return context.get_dummy_value()

    return types.void(memory, types.int64, types.UniTuple(types.int64, TAPS)), build


@instruction
def put_magnitudes(_: Any, memory: Any, signals: Any, numbers: Any) -> Any:
    """Puts signals for `foretell`: four times 14 of the numbers, two times the next and the last
    itself, 1023 at most."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, signals, numbers = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, TAPS)
        shifts = ir.Constant(ir.VectorType(I32, TAPS), [2] * 14 + [1, 0])
        lanes.store(lanes.least(builder.shl(lanes.all_of(numbers), shifts), 1023), signals)
        return context.get_dummy_value()

    return types.void(memory, types.int64, types.UniTuple(types.int64, TAPS)), build


@instruction
def foretell(_: Any, memory: Any, signals: Any, taps: Any) -> Any:
    """The sum of 16 signals, each below 1024, times 16 taps in 1/65536; and of their squares."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, signals, taps = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, TAPS)
        given = lanes.load(signals)
        sums = [lanes.sum(builder.mul(given, by)) for by in (lanes.load(taps), given)]
        return context.make_tuple(builder, signature.return_type, sums)

    return types.UniTuple(types.int64, 2)(memory, types.int64, types.int64), build


@instruction
def foretell_far(_: Any, memory: Any, signals: Any, taps: Any) -> Any:
    """The sums that `foretell` gives, of signals of any size."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, signals, taps = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, TAPS)
        given, weights = (lanes.wide(lanes.load(place)) for place in (signals, taps))
        sums = [lanes.sum(builder.mul(given, by)) for by in (weights, given)]
        return context.make_tuple(builder, signature.return_type, sums)

    return types.UniTuple(types.int64, 2)(memory, types.int64, types.int64), build


@instruction
def follow_far(_: Any, memory: Any, signals: Any, taps: Any, gain: Any) -> Any:
    """Moves each tap by `gain`, of 32 bits, times its signal, in 1/4096."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, signals, taps, gain = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, TAPS)
        step = builder.mul(lanes.wide(lanes.load(signals)), lanes.wide(lanes.all(gain)))
        moved = lanes.narrow(builder.ashr(step, lanes.wide(lanes.constant(12))))
        lanes.store(builder.add(lanes.load(taps), moved), taps)
        return context.get_dummy_value()

    return types.void(memory, *[types.int64] * 3), build


@instruction
def follow(_: Any, memory: Any, signals: Any, taps: Any, gain: Any) -> Any:
    """Moves each tap by a sixteenth of `gain` times its signal."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, signals, taps, gain = arguments
        lanes = Lanes(context, builder, signature.args[0], memory, TAPS)
        step = builder.ashr(builder.mul(lanes.load(signals), lanes.all(gain)), lanes.constant(4))
        lanes.store(lanes.within(builder.add(lanes.load(taps), step), _WIDEST), taps)
        return context.get_dummy_value()

    return types.void(memory, *[types.int64] * 3), build
