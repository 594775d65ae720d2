"""The coefficients of a stripe as bytes, a stream for each component, and back.

A stripe is a run of rows of MCUs. Each is coded by itself from the trained state, so that stripes
can be coded side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ncodec.dct.bits import Coder
from ncodec.dct.frame import Component, Frame
from ncodec.dct.memory import Memory
from ncodec.dct.model import load_memory
from ncodec.dct.planes import code_plane, new_borders
from ncodec.dct.values import EDGE, FACTS, Plane
from ncodec.errors import DamagedFile
from ncodec.formats import Model
from ncodec.formats.entropy import ranges

__all__ = ["decode_stripe", "encode_stripe", "observe", "stripes"]

Quantisers = Mapping[int, NDArray[np.int32]]

_COLOURS = 3
"""Components from the fourth on are coded as the first is."""

_STRIPE_BLOCKS = 1 << 15
_WORDS_A_BLOCK = 2048 * 19 // 32
"""A block takes 2048 decisions at most (34 for DC, 30 for any other coefficient, 12 for counts),
and none of them more than 19 bits."""


def stripes(frame: Frame) -> list[range]:
    """The rows of MCUs of each stripe: about 32,768 blocks or more, and as even as can be."""
    rows = frame.mcus[1]
    count = min(rows, max(1, frame.blocks // _STRIPE_BLOCKS))
    return [range(i * rows // count, (i + 1) * rows // count) for i in range(count)]


def encode_stripe(
    frame: Frame,
    quantisers: Quantisers,
    coefficients: NDArray[np.int16],
    rows: range,
    model: Model | None = None,
    best: bool = False,
) -> tuple[bytes, ...]:
    """The streams of the components in `rows` of MCUs.

    Args:
        frame, quantisers: what the file's headers say.
        coefficients: int16 [blocks + 1, 64] of the whole frame, in natural order; the last is 0.
        model: what it starts from, by default the shipped one.
        best: whether more sets of weights take part, which takes longer.
    """
    return _encoded(frame, quantisers, coefficients, rows, load_memory(model), best)


def decode_stripe(
    streams: Sequence[bytes],
    frame: Frame,
    quantisers: Quantisers,
    coefficients: NDArray[np.int16],
    rows: range,
    model: Model | None = None,
    best: bool = False,
) -> None:
    """Fills the blocks of a stripe into `coefficients`, int16 [blocks + 1, 64]; the last is 0.

    Raises:
        DamagedFile: the streams are none of such a stripe.
    """
    if len(streams) != len(frame.components):
        raise DamagedFile(
            f"a stripe has {len(streams)} streams for {len(frame.components)} components: "
            "fetch the file again"
        )
    memory = load_memory(model)
    facts = np.zeros((len(coefficients), FACTS), dtype=np.int64)
    for number, stream in enumerate(streams):
        words = ranges.to_words(stream)
        coder = Coder(ranges.start_decoding(words), words, False, best, memory)
        _code(coder, frame, quantisers, number, coefficients, facts, rows)
        ranges.require_intact(coder.state, words)


def observe(
    frame: Frame,
    quantisers: Quantisers,
    coefficients: NDArray[np.int16],
    memory: Memory,
    best: bool,
) -> int:
    """Lets `memory` learn from a frame; returns the bytes that it took."""
    whole = range(frame.mcus[1])
    streams = _encoded(frame, quantisers, coefficients, whole, memory, best)
    return sum(map(len, streams))


def _encoded(
    frame: Frame,
    quantisers: Quantisers,
    coefficients: NDArray[np.int16],
    rows: range,
    memory: Memory,
    best: bool,
) -> tuple[bytes, ...]:
    facts = np.zeros((len(coefficients), FACTS), dtype=np.int64)
    streams = []
    for number, component in enumerate(frame.components):
        blocks = component.stride * component.down * len(rows)
        words = np.empty(_WORDS_A_BLOCK * blocks + 3, dtype=np.uint32)
        coder = Coder(ranges.start_encoding(), words, True, best, memory)
        _code(coder, frame, quantisers, number, coefficients, facts, rows)
        streams.append(ranges.to_bytes(words, int(ranges.finish(coder.state, words))))
    return tuple(streams)


def _code(
    coder: Coder,
    frame: Frame,
    quantisers: Quantisers,
    number: int,
    coefficients: NDArray[np.int16],
    facts: NDArray[np.int64],
    rows: range,
) -> None:
    component = frame.components[number]
    # Steps matter to predictions alone: a file without its table is coded all the same.
    steps = np.maximum(quantisers.get(component.quantiser, np.ones(64)), 1).astype(np.int64)
    units = np.append(EDGE, (8192, 1))
    scratch = (np.zeros(size, dtype=np.int64) for size in (80, 8, 8, 8, 8))
    plane = Plane(number % _COLOURS, steps, (1 << 33) // np.outer(units, steps), facts, *scratch)
    before = np.zeros(4, dtype=np.int64)
    if number:
        before[:] = _beside(frame.components[number - 1], component)
    layout = np.array([component.first, component.stride], dtype=np.int64)
    start, stop = rows.start * component.down, rows.stop * component.down
    borders = new_borders(component.stride)
    code_plane(coder, plane, coefficients, layout, before, borders, start, stop)


def _beside(last: Component, component: Component) -> tuple[int, int, int, int]:
    """Where the component before has its blocks, and how many of them lie across and down twelve
    blocks of this one: whole numbers with all sampling factors, which are 1 to 4."""
    across = 12 * last.across // component.across
    return last.first, last.stride, across, 12 * last.down // component.down
