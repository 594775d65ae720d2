"""What a time budget allows: how large a network is, and how long its fit may last."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ncodec.plugin import Checkpoints
from ncodec.video.inr.shape import Shape

__all__ = ["Kept", "affordable", "tail"]

CLOSE = 0.9
"""Share of the passes needed that is not worth another size."""


def tail(epoch: float, checking: float, searching: bool) -> float:
    """Seconds that follow a fit: embeddings, probes, coding and the jobs' check of the file.

    Args:
        epoch: seconds that a pass of the fit takes.
        checking: seconds that decoding and comparing all frames takes.
        searching: whether steps of quantisation are tried until the pictures are right.
    """
    return 0.3 + checking + (2.5 if searching else 0.5) * epoch


def affordable(epoch: float, seconds: float, least: float) -> float:
    """The share of its size at which a network gets `least` passes in `seconds`; 1 at most."""
    epochs = max(seconds, 0.0) / epoch
    return 1.0 if epochs >= CLOSE * least else epochs / least


class Kept:
    """Checkpoints that know the shape of their network, since time may have decided it."""

    def __init__(self, store: Checkpoints) -> None:
        self._store = store
        self._packed = b""

    def shape(self) -> bytes | None:
        """The packed shape of an unfinished fit, or None."""
        state = self._store.load()
        return None if state is None else state["shape"].tobytes()

    def use(self, shape: Shape) -> None:
        """What is fitted from now on."""
        self._packed = shape.pack()

    def load(self) -> dict[str, np.ndarray] | None:
        return self._store.load()

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        self._store.save({**state, "shape": np.frombuffer(self._packed, np.uint8)})
