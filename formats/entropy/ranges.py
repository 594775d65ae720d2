"""The range coder of docs/entropy.md for compiled loops, which code a symbol a call.

`coder.Encoder` codes arrays of symbols under one table; these functions serve kernels whose
interval changes from symbol to symbol. The words are the same: either reads what the other wrote.

                                                   words = to_words(data)
    state = start_encoding()                       state = start_decoding(words)
    put(state, words, left, width)                 point = peek(state)
    ...                                            advance(state, words, left, width)
    count = finish(state, words)                   ...
    data = to_bytes(words, count)                  require_intact(state, words)

An interval is [left, left + width) of [0, 2**24), width >= 1, both of any integer type. No
argument is checked.

Room for the encoder: a symbol adds at most one word and the end two, so n symbols fit n + 2
words. Where no width is below 2**w, 24.01 - w bits a symbol and three words are enough too.

Loops run at 2 to 3 ns a symbol because nothing branches on the data: a branch for "is a word
due?" is mispredicted often enough to cost ten times that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.coder import PRECISION, TOTAL
from ncodec.formats.entropy.kernels import bare_kernel, inner_kernel
from ncodec.formats.errors import DamagedFile

__all__ = [
    "TOTAL",
    "advance",
    "finish",
    "get_bit",
    "is_intact",
    "peek",
    "put",
    "put_bit",
    "require_intact",
    "start_decoding",
    "start_encoding",
    "to_bytes",
    "to_words",
]

# Every operand is uint64: numba turns a mix of int64 and uint64 into float64.
_PRECISION = np.uint64(PRECISION)
_TOTAL = np.uint64(TOTAL)
_WORD = np.uint64(32)
_LOG_WORD = np.uint64(5)
_WORD_MASK = np.uint64((1 << 32) - 1)
_FULL = np.uint64((1 << 64) - 1)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)

_LITTLE = np.dtype("<u4")


@inner_kernel(_nrt=True)
def start_encoding() -> NDArray[np.uint64]:
    """The state of a new encoder, uint64 [3]: lower end, range, words written."""
    state = np.zeros(3, dtype=np.uint64)
    state[1] = _FULL
    return state


@bare_kernel
def put(state: NDArray[np.uint64], words: NDArray[np.uint32], left: Any, width: Any) -> None:
    """Appends the symbol of the interval [left, left + width) to `words`."""
    scale = state[1] >> _PRECISION
    step = scale * np.uint64(left)
    _append(state, words, step, scale * np.uint64(width))


@inner_kernel
def _append(state: NDArray[np.uint64], words: NDArray[np.uint32], step: Any, size: Any) -> None:
    """Takes as the range `size` from `step` on, and appends the word that is due, or none."""
    lower = state[0] + step
    if lower < step:
        _carry(words, state[2])
    # The word is stored in any case; it counts if the range has shrunk to 32 bits.
    words[state[2]] = np.uint32(lower >> _WORD)
    due = np.uint64(size <= _WORD_MASK)
    state[2] += due
    shift = due << _LOG_WORD
    state[0] = lower << shift
    state[1] = size << shift


@bare_kernel
def put_bit(state: NDArray[np.uint64], words: NDArray[np.uint32], zeros: Any, bit: Any) -> None:
    """Appends a bit that is 0 with probability zeros / 2**24, 0 < zeros < 2**24."""
    scale = state[1] >> _PRECISION
    split = scale * np.uint64(zeros)
    mask = _ZERO - np.uint64(bit)
    _append(state, words, split & mask, split + (((scale << _PRECISION) - split - split) & mask))


@bare_kernel
def finish(state: NDArray[np.uint64], words: NDArray[np.uint32]) -> int:
    """Ends the stream with as few words as identify it; returns the number of words it has."""
    lower, size = state[0], state[1]
    if size == _FULL:
        return 0
    point = lower + _WORD_MASK
    if point < lower:
        _carry(words, state[2])
    words[state[2]] = np.uint32(point >> _WORD)
    state[2] += _ONE
    if (lower + size) >> _WORD == point >> _WORD:
        words[state[2]] = np.uint32(0)
        state[2] += _ONE
    return np.int64(state[2])  # type: ignore[return-value]


@inner_kernel
def _carry(words: NDArray[np.uint32], count: Any) -> None:
    """Adds one to the number that the first `count` words spell."""
    last = np.int64(count) - 1
    while words[last] == np.uint32(0xFFFFFFFF):
        words[last] = np.uint32(0)
        last -= 1
    words[last] += np.uint32(1)


@inner_kernel(_nrt=True)
def start_decoding(words: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """The state of a new decoder, uint64 [4]: point - lower end, range, words read, damage seen.

    `words` is what `to_words` makes of a stream.
    """
    state = np.zeros(4, dtype=np.uint64)
    state[0] = np.uint64(words[0]) << _WORD
    if len(words) > 1:
        state[0] |= np.uint64(words[1])
    state[1] = _FULL
    state[2] = np.uint64(2)
    return state


@bare_kernel
def peek(state: NDArray[np.uint64]) -> Any:
    """A point in [0, 2**24), uint64, that the next symbol's interval contains.

    Words that no encoder wrote give 2**24 - 1; the state remembers them for `is_intact`.
    """
    point = state[0] // (state[1] >> _PRECISION)
    state[3] |= np.uint64(point >= _TOTAL)
    return min(point, _TOTAL - _ONE)


@bare_kernel
def advance(state: NDArray[np.uint64], words: NDArray[np.uint32], left: Any, width: Any) -> None:
    """Steps over the symbol whose interval [left, left + width) contains the peeked point."""
    scale = state[1] >> _PRECISION
    _narrow(state, words, state[0] - scale * np.uint64(left), scale * np.uint64(width))


@bare_kernel
def get_bit(state: NDArray[np.uint64], words: NDArray[np.uint32], zeros: Any) -> Any:
    """The next bit, uint64, 0 with probability zeros / 2**24; damage as in `peek` gives 1."""
    scale = state[1] >> _PRECISION
    split = scale * np.uint64(zeros)
    bit = np.uint64(state[0] >= split)
    mask = _ZERO - bit
    rest = state[0] - (split & mask)
    size = split + (((scale << _PRECISION) - split - split) & mask)
    state[3] |= np.uint64(rest >= size)
    _narrow(state, words, rest, size)
    return bit


@inner_kernel
def _narrow(state: NDArray[np.uint64], words: NDArray[np.uint32], rest: Any, size: Any) -> None:
    """Takes the symbol's interval as the range; reads the word that is due, or nothing."""
    due = np.uint64(size <= _WORD_MASK)
    place = state[2]
    state[2] = place + due
    word = np.uint64(words[min(place, np.uint64(len(words) - 1))])
    shift = due << _LOG_WORD
    state[0] = rest << shift | (word & (_ZERO - due))
    state[1] = size << shift


@bare_kernel
def is_intact(state: NDArray[np.uint64], words: NDArray[np.uint32]) -> bool:
    """Whether, after the last symbol, an encoder can have written `words`: no point lay outside
    every interval, and no word is left over."""
    return bool(state[3] == _ZERO and np.int64(state[2]) >= len(words) - 1)


def require_intact(state: NDArray[np.uint64], words: NDArray[np.uint32]) -> None:
    """Checks a decoder's state after its last symbol.

    Raises:
        DamagedFile: if `is_intact` is false.
    """
    if not is_intact(state, words):
        raise DamagedFile(
            f"an entropy-coded section of {len(words) - 1} words is damaged: "
            "its symbols do not end with it; fetch the file again"
        )


def to_bytes(words: NDArray[np.uint32], count: int) -> bytes:
    """The stream of the first `count` words."""
    return words[:count].astype(_LITTLE).tobytes()


def to_words(data: bytes) -> NDArray[np.uint32]:
    """The words of a stream and a 0 for all beyond its end, uint32 [n + 1].

    Raises:
        DamagedFile: if `data` is not a whole number of words.
    """
    if len(data) % _LITTLE.itemsize:
        raise DamagedFile(
            f"an entropy-coded section of {len(data)} bytes is damaged: "
            "its length must be a multiple of 4; fetch the file again"
        )
    return np.append(np.frombuffer(data, dtype=_LITTLE), 0).astype(np.uint32)
