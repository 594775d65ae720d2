"""Makes a model of a set of JPEG files, as `ncodec train pc-jpeg` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec._version import __version__
from ncodec.dct.coder import observe
from ncodec.dct.memory import COUNT, Memory, new_memory, part
from ncodec.dct.model import pack_model
from ncodec.formats import Model
from ncodec.jpeg.dictionary import HeaderCounts
from ncodec.jpeg.headers import Unsupported
from ncodec.jpeg.rebuild import frame_of, parse

__all__ = ["learn"]


def learn(files: Sequence[Path]) -> Model:
    """A model of what the coefficients of `files` have in common; those that cannot be rebuilt
    are passed over. Weights and maps learn with either effort; all else is the same in both."""
    memory, best_memory = new_memory(), new_memory()
    mean, best_mean = _Mean(len(files) // 5), _Mean(len(files) // 5)
    headers = HeaderCounts()
    size = coded = count = 0
    for file in files:
        try:
            jpeg = parse(file.read_bytes())
            frame, quantisers, _ = frame_of(jpeg.headers)
        except Unsupported:
            continue
        headers.add(jpeg)
        coded += observe(frame, quantisers, jpeg.coefficients, memory, best=False)
        mean.add(memory)
        observe(frame, quantisers, jpeg.coefficients, best_memory, best=True)
        best_mean.add(best_memory)
        size += jpeg.size
        count += 1
    tags = {"tool": f"ncodec {__version__}", "files": count, "bytes": size, "coded": coded}
    learned, best = mean.of(memory), best_mean.of(best_memory)
    for name in ("best weights", "best maps"):
        part(learned, name)[:] = part(best, name)
    return pack_model(learned, headers.dictionary(), tags)


class _Mean:
    """The mean of the memory behind each file but the first `skipped`: what it is at the end fits
    the last files best."""

    def __init__(self, skipped: int) -> None:
        self._skipped = skipped
        self._count = 0
        self._sum: Any = 0

    def add(self, memory: Memory) -> None:
        self._count += 1
        if self._count > self._skipped:
            self._sum = self._sum + _numbers(memory)

    def of(self, memory: Memory) -> Memory:
        """`memory` with the means of its probabilities, weights, maps and taps."""
        if self._count <= self._skipped:
            return memory
        result: Memory = (self._sum // (self._count - self._skipped)).astype(np.int32)
        chances = part(result, "slots").astype(np.uint32) << np.uint32(10)
        counts = part(memory, "slots").view(np.uint32) & COUNT
        part(result, "slots")[:] = (chances | counts).view(np.int32)
        return result


def _numbers(memory: Memory) -> NDArray[np.int64]:
    """A memory with slots' probabilities only."""
    numbers = memory.astype(np.int64)
    part(numbers, "slots")[:] = part(memory, "slots").view(np.uint32) >> np.uint32(10)
    return numbers
