"""What every plugin is given: options and what surrounds a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ncodec.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from ncodec.formats import Segment

__all__ = ["RESERVED", "Checkpoints", "Context", "Option"]

RESERVED = frozenset(
    [
        "alpha",
        "attachments",
        "audio",
        "chapters",
        "codec",
        "copying",
        "device",
        "end",
        "film",
        "fps",
        "from",
        "help",
        "info",
        "keep",
        "limit_pixels",
        "log_json",
        "max_segment",
        "models",
        "options",
        "output",
        "pix_fmt",
        "pixel_format",
        "plan",
        "quiet",
        "reading",
        "resume",
        "seed",
        "size",
        "source",
        "start",
        "stopping",
        "stream",
        "strict",
        "subtitles",
        "tags",
        "target_size",
        "threads",
        "time_budget",
        "to",
        "watch",
        "workers",
    ]
)
"""Names of `encode`'s own arguments, which an option of a codec cannot have."""


OPTION_TYPES = (int, float, str, Path, bool)


@dataclass(frozen=True, slots=True)
class Option:
    """A codec's own option: a command-line flag and a keyword of `ncodec.encode`.

    Attributes:
        name: a Python identifier; ``model_size`` becomes ``--model-size``.
        type: ``int``, ``float``, ``str``, `Path` or ``bool`` (a flag); a value is converted by
            calling it. Paths are not recorded in the file.
        default: used when the option is not given; of the type and allowed, or None.
        help: one line.
        choices: allowed values, when they can be listed.
        minimum: smallest allowed number.

    Raises:
        UsageError: the parts do not fit.
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
        if self.type not in OPTION_TYPES:
            raise UsageError(
                f"option {self.name} is of type {self.type!r} but must be one of "
                + ", ".join(kind.__name__ for kind in OPTION_TYPES)
            )
        if self.minimum is not None and self.type not in (int, float):
            raise UsageError(
                f"option {self.name} has the minimum {self.minimum}, which only numbers can have: "
                "leave it out"
            )
        if self.default is not None and not self._takes(self.default):
            raise UsageError(
                f"option {self.name} has the default {self.default!r}, which it does not take: "
                "give one of its type and within its choices and minimum, or None"
            )

    def _takes(self, value: Any) -> bool:
        kinds: Any = (int, float) if self.type is float else self.type
        if not isinstance(value, kinds) or (type(value) is bool) != (self.type is bool):
            return False
        if self.choices is not None and value not in self.choices:
            return False
        return self.minimum is None or bool(value >= self.minimum)


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
        seed: the seed of everything random.
        seconds: wall time that `encode` may take, or None for as long as its options say.
        target_size: bytes that the segment may take and should nearly fill, or None.
        report: called with ``fraction`` (0..1) and what else is known: ``epoch``, ``epochs``,
            ``psnr``, ``size``; with ``resumed=True`` where an earlier run had come so far.
        stopping: true once the user wants to stop: save a checkpoint, raise `Interrupted`.
        checkpoints: state that a resumed encode continues from, or None.
        shared: data of the models that `VideoCodec.shared` returned, in its order.
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
    shared: Sequence[bytes] = ()
    neighbour: Segment | None = None
