"""Rates as papers on implicit representations count them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ncodec.formats import Reader
from ncodec.plugin import HasNetwork
from ncodec.registry import load_codec

__all__ = ["huffman_bits", "symbol_bits"]


def symbol_bits(file: Path) -> int | None:
    """Bits of the symbols of a .nc file as HNeRV's code counts them: no table, no side information.

    One Huffman code a segment over the integers of all its tensors (HNeRV, section 4.2). None for
    a codec whose file is no network.
    """
    with Reader(file) as reader:
        codec: object = load_codec(reader.header.codec_id)
        if not isinstance(codec, HasNetwork):
            return None
        return sum(
            huffman_bits(codec.integers(reader.read_segment(entry.index), reader.header.info))
            for entry in reader.segments
        )


def huffman_bits(tensors: Iterable[NDArray[np.generic]]) -> int:
    """Bits of all values of the tensors in one Huffman code made for them."""
    values = np.concatenate([tensor.ravel() for tensor in tensors])
    _, counts = np.unique(values, return_counts=True)
    heap = counts.tolist()
    if len(heap) == 1:
        return int(heap[0])
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return int(total)
