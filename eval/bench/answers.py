"""What a classifier answers, and how far two of its answers are apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ncodec.eval.bench.teacher import Teacher
from ncodec.media import read_image

__all__ = ["confidence", "divergence", "logits_of", "share_equal"]

_BATCH = 32


def logits_of(files: Sequence[Path], teacher: Teacher, threads: int) -> NDArray[np.float32]:
    """The teacher's logits of prepared images, float32 [n, classes], always in equal batches."""
    batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
    return np.concatenate(
        [
            teacher.logits(np.stack([read_image(file).pixels for file in batch]), threads)
            for batch in batches
        ]
    )


def divergence(reference: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """KL(softmax(reference) || softmax(other)) of each row of logits, in nats."""
    p, q = _log_softmax(reference), _log_softmax(other)
    sums: NDArray[np.float64] = (np.exp(p) * (p - q)).sum(axis=1)
    return sums


def confidence(logits: NDArray[np.float32]) -> float:
    """Mean over rows of the probability of the most likely class, 0..1."""
    return float(np.exp(_log_softmax(logits)).max(axis=1).mean())


def share_equal(classes: Sequence[int], reference: Sequence[int]) -> float:
    """How many of two runs of classes are equal, in %."""
    return 100 * sum(a == b for a, b in zip(classes, reference, strict=True)) / len(classes)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_p: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_p
