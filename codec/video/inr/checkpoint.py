"""An unfinished fit as a checkpoint of named arrays."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ncodec.plugin import Checkpoints

__all__ = ["load_fit", "save_fit"]


class Fitting(Protocol):
    """What of a fit its steps change, in the sense of `ncodec.video.inr.fit.Fit`."""

    step_count: int
    progress: float
    rated: bool

    def tensors(self) -> dict[str, Tensor]: ...


def save_fit(fit: Fitting, checkpoints: Checkpoints | None) -> None:
    """Replaces the checkpoint by the state of `fit`."""
    if checkpoints is None:
        return
    state = {name: t.detach().cpu().numpy() for name, t in fit.tensors().items()}
    state["step"] = np.asarray(fit.step_count)
    state["progress"] = np.asarray(fit.progress)
    state["rated"] = np.asarray(fit.rated)
    checkpoints.save(state)


def load_fit(fit: Fitting, checkpoints: Checkpoints | None) -> None:
    """Gives `fit` the state of the checkpoint, if there is one."""
    state = checkpoints.load() if checkpoints else None
    if state is None:
        return
    fit.step_count, fit.progress = int(state["step"]), float(state["progress"])
    fit.rated = bool(state["rated"])
    with torch.no_grad():
        for name, tensor in fit.tensors().items():
            tensor.copy_(torch.from_numpy(state[name]))
