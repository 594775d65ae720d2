"""A training as a job: its state is kept, the model file appears when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ncodec._version import __version__
from ncodec.errors import InputError, UsageError
from ncodec.formats import Model, atomic_output
from ncodec.jobs.plan import FileCheckpoints
from ncodec.plugin import Context, Trainer
from ncodec.threads import thread_count

__all__ = ["train_model"]


def train_model(
    trainer: Trainer,
    data: Sequence[str],
    output: Path,
    options: Mapping[str, Any],
    *,
    device: str,
    threads: int,
    seed: int,
    resume: bool,
    report: Callable[..., None],
    stopping: Callable[[], bool],
) -> Mapping[str, Any]:
    """Trains, writes the model, and returns its tags; arguments as in `ncodec.train`."""
    state = output.with_name(output.name + ".state")
    # The output first: one that is being written has a state that is not unfinished.
    with atomic_output(output) as stream:
        _check(state, resume)
        context = Context(
            device=device,
            threads=threads or thread_count(),
            seed=seed,
            report=report,
            stopping=stopping,
            checkpoints=FileCheckpoints(state),
        )
        model = trainer.train(data, options, context)
        tags = {"tool": f"ncodec {__version__}", "seed": seed, **model.tags}
        stream.write(Model(model.family, model.version, model.data, tags).pack())
    state.unlink(missing_ok=True)
    return tags


def _check(state: Path, resume: bool) -> None:
    if resume and not state.exists():
        raise InputError(f"{state} holds no unfinished training: start one without --resume")
    if state.exists() and not resume:
        raise UsageError(
            f"{state} holds an unfinished training: continue it with --resume, or delete the "
            "file to start anew"
        )
