"""Makes the model that comes with ncodec of a set of JPEG files.

python -m ncodec.jpeg.learn FOLDER... -o pc-jpeg.ncm
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec._version import __version__
from ncodec.formats import Model
from ncodec.jpeg.coder import observe
from ncodec.jpeg.headers import Unsupported
from ncodec.jpeg.memory import COUNT, Memory, new_memory, part
from ncodec.jpeg.model import pack_model
from ncodec.jpeg.rebuild import frame_of, parse

__all__ = ["learn"]

_HEADERS, _PIECE = 24_000, 4_000
"""Bytes of headers that are stored, and of one of their segments at most."""


def learn(files: Sequence[Path]) -> Model:
    """A model of what the coefficients of `files` have in common; those that cannot be rebuilt
    are passed over."""
    memory = new_memory()
    mean = _Mean(len(files) // 5)
    pieces: Counter[bytes] = Counter()
    size = coded = count = 0
    for file in files:
        try:
            jpeg = parse(file.read_bytes())
            frame, quantisers, _ = frame_of(jpeg.headers)
        except Unsupported:
            continue
        pieces.update(set(_segments(jpeg.headers)))
        coded += observe(frame, quantisers, jpeg.coefficients, memory)
        mean.add(memory)
        size += jpeg.size
        count += 1
    tags = {"tool": f"ncodec {__version__}", "files": count, "bytes": size, "coded": coded}
    return pack_model(mean.of(memory), _common(pieces), tags)


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


def _segments(headers: bytes) -> Iterator[bytes]:
    at = 2
    while at + 4 <= len(headers) and headers[at] == 0xFF:
        end = at + 2 + int.from_bytes(headers[at + 2 : at + 4], "big")
        yield headers[at:end]
        at = end


def _common(pieces: Counter[bytes]) -> bytes:
    """The segments that most files have, the most frequent last: zlib likes it near."""
    shared = [p for p, times in pieces.most_common() if times > 1 and len(p) <= _PIECE]
    chosen: list[bytes] = []
    for piece in shared:
        if sum(map(len, chosen)) + len(piece) <= _HEADERS:
            chosen.append(piece)
    return b"".join(reversed(chosen))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--without-tenths", action="store_true", help="keep files 0, 10, ... out")
    arguments = parser.parse_args()
    groups = [sorted(p for p in folder.iterdir() if p.is_file()) for folder in arguments.folders]
    if arguments.without_tenths:
        groups = [[f for i, f in enumerate(group) if i % 10] for group in groups]
    # Files of one folder are alike: taking turns keeps the last from ruling the state.
    files = sorted((i / len(group), file) for group in groups for i, file in enumerate(group))
    model = learn([file for _, file in files])
    arguments.output.write_bytes(model.pack())


if __name__ == "__main__":
    main()
