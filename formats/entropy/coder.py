"""The range coder: integer frequency tables in, little-endian 32-bit words out.

constriction does the arithmetic. It takes probabilities as floats, but frequencies that sum to
exactly 2**24 reach its integer tables unchanged (see `Table.model`), so no float decides a bit
of the stream and any other implementation of docs/entropy.md reads it.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from ncodec.formats.errors import DamagedFile, UsageError

__all__ = ["PRECISION", "TOTAL", "Decoder", "Encoder", "Table", "uniform"]

PRECISION = 24
TOTAL = 1 << PRECISION
"""The sum of the frequencies of a table."""

_WORD = np.dtype("<u4")


class Table:
    """Frequencies of the symbols 0 .. n-1, n >= 2: positive integers that sum to 2**24.

    Raises:
        UsageError: for any other frequencies.
    """

    def __init__(self, frequencies: NDArray[np.int64]) -> None:
        self.frequencies = np.array(frequencies, dtype=np.int64)
        self.frequencies.setflags(write=False)
        if len(self) < 2 or self.frequencies.min() < 1 or self.frequencies.sum() != TOTAL:
            raise UsageError(
                f"a table of {len(self)} frequencies that sum to {self.frequencies.sum()} "
                f"cannot drive the coder: give two or more, each at least 1, with sum {TOTAL}"
            )

    def __len__(self) -> int:
        return len(self.frequencies)

    @cached_property
    def model(self) -> Any:
        """constriction's model with exactly these frequencies.

        With `perfect=False` it gives each symbol 1 and shares out the other 2**24 - n in
        proportion to the weights. Weights of `frequency - 1` sum to 2**24 - n, so the factor
        is exactly 1.0 and every product and cumulative sum is an integer below 2**53.
        """
        weights = (self.frequencies - 1).astype(np.float64)
        return constriction.stream.model.Categorical(weights, lazy=False, perfect=False)

    @cached_property
    def bits(self) -> NDArray[np.float64]:
        """The cost of each symbol in bits, for an encoder's choices only."""
        return PRECISION - np.log2(self.frequencies)


@lru_cache(maxsize=64)
def uniform(size: int) -> Table:
    """The table of `size` equally likely symbols; the first 2**24 mod `size` get one more."""
    share, rest = divmod(TOTAL, size)
    return Table(share + (np.arange(size) < rest))


class Encoder:
    """Writes symbols into one stream; `finish` returns its bytes."""

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()

    def encode(self, symbols: NDArray[np.int32], table: Table) -> None:
        """Appends `symbols`, each in 0 .. len(table)-1, all with the same `table`."""
        if len(symbols):
            self._coder.encode(np.ascontiguousarray(symbols, dtype=np.int32), table.model)

    def finish(self) -> bytes:
        """The stream so far: a multiple of four bytes, none for a stream without symbols."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype(_WORD).tobytes()


class Decoder:
    """Reads back what an `Encoder` wrote, given the same tables in the same order.

    Beyond its end a stream reads as zeros, so a cut stream yields wrong symbols rather than an
    error; the container's checksums are what tells. An error is raised where the bytes cannot
    have come from an encoder.

    Raises:
        DamagedFile: if `data` is not a whole number of words.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) % _WORD.itemsize:
            raise DamagedFile(
                f"an entropy-coded section of {len(data)} bytes is damaged: "
                "its length must be a multiple of 4; fetch the file again"
            )
        words = np.frombuffer(data, dtype=_WORD).astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def decode(self, count: int, table: Table) -> NDArray[np.int32]:
        """The next `count` symbols, int32 [count].

        Raises:
            DamagedFile: if the next bits are outside every symbol's interval.
        """
        try:
            symbols: NDArray[np.int32] = self._coder.decode(table.model, count)
        except AssertionError as error:
            raise DamagedFile(
                f"an entropy-coded section is damaged within its next {count} symbols: "
                "fetch the file again"
            ) from error
        return symbols

    def finish(self) -> None:
        """Checks that the whole stream was used.

        Raises:
            DamagedFile: if words are left over.
        """
        if not self._coder.maybe_exhausted():
            raise DamagedFile(
                "an entropy-coded section is damaged: words are left after its last symbol; "
                "fetch the file again"
            )
