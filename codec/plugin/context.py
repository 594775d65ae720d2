"""What every plugin is given: options and what surrounds a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ncodec.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from ncodec.formats import Segment

__all__ = ["RESERVED", "Checkpoints", "Context", "Option"]

RESERVED = frozenset(
    [
        "codec",
        "device",
        "fps",
        "help",
        "info",
        "log_json",
        "max_segment",
        "models",
        "options",
        "output",
        "plan",
        "quiet",
        "resume",
        "seed",
        "source",
        "stopping",
        "target_size",
        "threads",
        "time_budget",
        "watch",
        "workers",
    ]
)
"""Names of `encode`'s own arguments, which an option of a codec cannot have."""


@dataclass(frozen=True, slots=True)
class Option:
    """A codec's own option: a command-line flag and a keyword of `ncodec.encode`.

    Attributes:
        name: a Python identifier; ``model_size`` becomes ``--model-size``.
        type: ``int``, ``float``, ``str``, `Path` or ``bool`` (a flag); a value is converted by
            calling it. Paths are not recorded in the file.
        default: used when the option is not given.
        help: one line.
        choices: allowed values, when they can be listed.
        minimum: smallest allowed number.
    """

    name: str
    type: type
    default: Any
    help: str
    choices: tuple[Any, ...] | None = None
    minimum: float | None = None

    def __post_init__(self) -> None:
        if self.name in RESERVED or not self.name.isidentifier():
            raise UsageError(
                f"an option cannot be called {self.name!r}: use an identifier that is none of "
                + ", ".join(sorted(RESERVED))
            )


class Checkpoints(Protocol):
    """Where an unfinished encode keeps its state; survives the process."""

    def load(self) -> dict[str, np.ndarray] | None: ...
    def save(self, state: Mapping[str, np.ndarray]) -> None: ...


def _silent(**_: float) -> None:
    pass


@dataclass(slots=True)
class Context:
    """What surrounds one call of a codec.

    Attributes:
        device: a torch device string, ``cpu`` or ``cuda[:n]``.
        threads: CPU threads that this call may use.
        seed: of everything random.
        seconds: wall time that `encode` may take, or None for as long as its options say.
        target_size: bytes that the segment may take and should nearly fill, or None.
        report: called with ``fraction`` (0..1) and what else is known: ``epoch``, ``epochs``,
            ``psnr``, ``size``; with ``resumed=True`` where an earlier run had come so far.
        stopping: true once the user wants to stop: save a checkpoint, raise `Interrupted`.
        checkpoints: state that a resumed encode continues from, or None.
        neighbour: a finished segment of the same scene that `encode` may start from, or None; see
            `ncodec.plugin.StartsWarm`.
    """

    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    seconds: float | None = None
    target_size: int | None = None
    report: Callable[..., None] = _silent
    stopping: Callable[[], bool] = field(default=lambda: False)
    checkpoints: Checkpoints | None = None
    neighbour: Segment | None = None
