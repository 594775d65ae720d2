"""The coefficients of a frame as bytes, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy import ranges
from ncodec.jpeg.bits import Mixer
from ncodec.jpeg.blocks import Plane
from ncodec.jpeg.headers import Frame
from ncodec.jpeg.planes import FACTS, code_plane
from typing import NamedTuple

__all__ = ["decode", "encode"]


class Coder(NamedTuple):
    state: NDArray[np.uint64]
    words: NDArray[np.uint32]
    encoding: bool


def code(coder, frame: Frame, quantisers, coefficients, mixer: Mixer) -> None:
    """coefficients [blocks + 1, 64]."""
    facts = np.zeros((len(coefficients), FACTS), dtype=np.int64)
    for number, component in enumerate(frame.components):
        plane = Plane(
            number % 3,
            np.maximum(quantisers[component.quantiser], 1).astype(np.int64),
            facts,
            *(np.zeros(n, dtype=np.int64) for n in (64, 8, 8, 8, 8)),
        )
        before = np.zeros(4, dtype=np.int64)
        if number:
            last = frame.components[number - 1]
            before[:] = (
                last.first,
                last.stride,
                2 * last.stride // component.stride,
                2 * last.padded // component.padded,
            )
        layout = np.array([component.first, component.stride], dtype=np.int64)
        code_plane(coder, mixer, plane, coefficients, layout, before, 0, component.padded)


def encode(frame: Frame, quantisers, coefficients: NDArray[np.int16], mixer: Mixer) -> bytes:
    room = np.zeros((len(coefficients) + 1, 64), dtype=np.int16)
    room[:-1] = coefficients
    words = np.empty(coefficients.size + 1000, dtype=np.uint32)
    coder = Coder(ranges.start_encoding(), words, True)
    code(coder, frame, quantisers, room, mixer)
    return ranges.to_bytes(words, int(ranges.finish(coder.state, words)))


def decode(data: bytes, frame: Frame, quantisers, mixer: Mixer) -> NDArray[np.int16]:
    words = ranges.to_words(data)
    coder = Coder(ranges.start_decoding(words), words, False)
    room = np.zeros((frame.blocks + 1, 64), dtype=np.int16)
    code(coder, frame, quantisers, room, mixer)
    ranges.require_intact(coder.state, words)
    return room[:-1]
