"""The contract between ncodec and a codec, its own or anybody's.

A codec is a class with the attributes and methods of `Codec`, named by an entry point of the
group ``ncodec.codecs``. Importing its module should be cheap: options are read by the command
line, so anything heavy (torch) belongs inside `encode` and `decode`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ncodec.errors import UsageError
from ncodec.formats import Segment, VideoInfo

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media import Frame

__all__ = ["Checkpoints", "Codec", "Context", "Estimate", "Option", "Planes", "Window"]

Planes = Sequence["np.ndarray"]
"""A picture's planes, as `ncodec.media.Frame` holds them."""


RESERVED = frozenset(
    [
        "codec",
        "device",
        "help",
        "log_json",
        "max_segment",
        "output",
        "plan",
        "quiet",
        "resume",
        "seed",
        "source",
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
        type: ``int``, ``float`` or ``str``; a value is converted by calling it.
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


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an encode will take: seconds of wall time and bytes of coded segments."""

    seconds: float
    size: int


class Window(Protocol):
    """A run of consecutive frames that becomes one independent segment."""

    @property
    def index(self) -> int: ...
    @property
    def first_frame(self) -> int: ...
    @property
    def frame_count(self) -> int: ...
    @property
    def info(self) -> VideoInfo: ...
    def frames(self) -> Iterator[Frame]: ...


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
            ``psnr``; with ``resumed=True`` where an earlier run had come so far.
        stopping: true once the user wants to stop: save a checkpoint, raise `Interrupted`.
        checkpoints: state that a resumed encode continues from, or None.
    """

    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    seconds: float | None = None
    target_size: int | None = None
    report: Callable[..., None] = _silent
    stopping: Callable[[], bool] = field(default=lambda: False)
    checkpoints: Checkpoints | None = None


class Codec(Protocol):
    """One immutable byte format and what makes and reads it.

    Attributes:
        codec_id: name in the file's header; with `bitstream_version` it names the format for
            ever: other bytes are another version.
        bitstream_version: the version that `encode` writes; `decode` reads all up to it.
        media: kinds of source taken: ``video``, ``image``, ``features``.
        options: what a user can choose.
        sections: names of a segment's sections, for size breakdowns.
    """

    codec_id: ClassVar[str]
    bitstream_version: ClassVar[int]
    media: ClassVar[frozenset[str]]
    options: ClassVar[Sequence[Option]]
    sections: ClassVar[Sequence[str]]

    def estimate(
        self, windows: Sequence[Window], options: Mapping[str, Any], context: Context
    ) -> Estimate:
        """Time and size of encoding these windows one after the other.

        `context.target_size` is the average a window; where `context.seconds` is given it is the
        time, and none needs to be measured.
        """
        ...

    def encode(self, window: Window, options: Mapping[str, Any], context: Context) -> Segment:
        """One window as a segment."""
        ...

    def decode(
        self, segment: Segment, info: VideoInfo, shared: Sequence[bytes], context: Context
    ) -> Sequence[Planes]:
        """The frames of a segment in display order, each computed when it is asked for.

        Args:
            segment: as `encode` returned it.
            info: the clip's description from the header.
            shared: payloads of the file's CONF boxes.
            context: device and threads.

        Raises:
            DamagedFile: the sections cannot be decoded.
            VerificationFailed: the decoded integers differ from the segment's hash.
        """
        ...
