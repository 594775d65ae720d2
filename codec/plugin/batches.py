"""An ability of decoded segments: several frames at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DecodesBatches"]


@runtime_checkable
class DecodesBatches(Protocol):
    """What a codec's `decode` returns, if it computes several frames faster than one by one."""

    def batch(self, indices: Sequence[int]) -> Iterator[Sequence[np.ndarray]]:
        """The planes of these frames in turn, as indexing gives them; few are held at a time."""
        ...
