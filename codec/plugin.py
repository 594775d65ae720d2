"""The contract between ncodec and a codec, its own or anybody's.

A codec is a class with the attributes and methods of `Codec`, named by an entry point of the
group ``ncodec.codecs``. Importing its module should be cheap: options are read by the command
line, so anything heavy (torch) belongs inside `encode` and `decode`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from ncodec.errors import UsageError
from ncodec.formats import Conf, Model, Segment, VideoInfo

if TYPE_CHECKING:
    import numpy as np

    from ncodec.media import Frame
    from ncodec.media.image import Image

__all__ = [
    "Checkpoints",
    "Codec",
    "Coded",
    "Context",
    "Estimate",
    "FeatureCodec",
    "Features",
    "HasNetwork",
    "HasPreviews",
    "HasRates",
    "ImageCodec",
    "Option",
    "Pictures",
    "Planes",
    "Region",
    "StillCodec",
    "Stored",
    "Trainer",
    "Window",
    "reduced",
]

Planes = Sequence["np.ndarray"]
"""A picture's planes, as `ncodec.media.Frame` holds them."""


RESERVED = frozenset(
    [
        "codec",
        "device",
        "help",
        "log_json",
        "max_segment",
        "models",
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
            ``psnr``, ``size``; with ``resumed=True`` where an earlier run had come so far.
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


Region = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


@dataclass(frozen=True, slots=True)
class Coded:
    """What an image codec makes of its images.

    Attributes:
        info: size and pixel format; `frames` counts what decodes on its own: the images of a
            collection, or the tiles of one image.
        segments: in order, each made when it is asked for.
        confs: shared model data, or references to it.
    """

    info: VideoInfo
    segments: Iterator[Segment]
    confs: Sequence[Conf] = ()


class Stored(Protocol):
    """A file of images as its codec sees it.

    Attributes:
        info: HEAD's description, as in `Coded`.
        shared: payloads of the CONF boxes, those of references fetched from the store.
        present: (index, first frame, frame count) of the segments that the file has, in order.
        models: model files that the user named.
    """

    @property
    def info(self) -> VideoInfo: ...
    @property
    def models(self) -> Sequence[str | Path]: ...
    @property
    def shared(self) -> Sequence[bytes]: ...
    @property
    def present(self) -> Sequence[tuple[int, int, int]]: ...
    def segment(self, index: int) -> Segment:
        """Segment `index`; DamagedFile where its checksum does not hold."""
        ...


class Pictures(Protocol):
    """The images of a file, decoded as they are asked for."""

    def __len__(self) -> int: ...

    def pixels(self, index: int, region: Region | None = None) -> np.ndarray:
        """Image `index`, or a part of it, (height, width, channels); lost samples are 0.

        Raises:
            DamagedFile: all of it is lost, or a segment cannot be decoded.
            VerificationFailed: the decoded integers differ from a segment's hash.
        """
        ...

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[np.ndarray]:
        """`pixels` of several images in turn, decoded ahead on the context's threads."""
        ...

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        """The parts of image `index`, or of a part of it, that a repaired file has lost."""
        ...


@runtime_checkable
class HasNetwork(Protocol):
    """A codec that decodes with a network, and can say what that costs."""

    def macs_per_pixel(self, segment: Segment, info: VideoInfo) -> float:
        """Multiply-accumulates for one pixel of a frame of the segment."""
        ...

    def integers(self, segment: Segment, info: VideoInfo) -> Sequence[np.ndarray]:
        """The quantised network that the segment holds, tensor by tensor."""
        ...


@runtime_checkable
class HasPreviews(Protocol):
    """A codec that has smaller frames without making whole ones first."""

    def preview(
        self,
        segment: Segment,
        info: VideoInfo,
        shared: Sequence[bytes],
        context: Context,
        reduction: int,
    ) -> Sequence[Planes]:
        """`Codec.decode` for frames of the clip ``reduced(info, reduction)``; 2 or 4."""
        ...


def reduced(info: VideoInfo, reduction: int) -> VideoInfo:
    """A clip `reduction` times smaller each way, rounded up."""
    return replace(info, width=-(-info.width // reduction), height=-(-info.height // reduction))


@runtime_checkable
class HasRates(Protocol):
    """A codec whose options trade bytes for quality: what a benchmark draws its curve of."""

    def rate_points(
        self, windows: Sequence[Window], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        """Options to add to `options` for `count` points of about doubling size, small to large."""
        ...


@runtime_checkable
class StillCodec(Protocol):
    """What `ImageCodec` and `FeatureCodec` share; the attributes are those of `Codec`."""

    codec_id: ClassVar[str]
    bitstream_version: ClassVar[int]
    media: ClassVar[frozenset[str]]
    options: ClassVar[Sequence[Option]]
    sections: ClassVar[Sequence[str]]

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Images as a file's parts; those of an `ImageCodec` have one shape and sample type."""
        ...


@runtime_checkable
class ImageCodec(StillCodec, Protocol):
    """A codec of still images; `media` has ``image`` for codecs of single images of any size,
    ``collection`` for those of many of one shape."""

    def open_images(self, stored: Stored, context: Context) -> Pictures:
        """The images of a file; decodes none yet."""
        ...


class Features(Protocol):
    """The images of a file of features, as what their heads make of them.

    Attributes:
        heads: names of what can be had.
    """

    @property
    def heads(self) -> Sequence[str]: ...

    def __len__(self) -> int: ...

    def head(self, name: str, index: int) -> np.ndarray:
        """Float32 features of image `index`, without an axis for the batch.

        Raises:
            UsageError: there is no such head.
            DamagedFile: its segment is lost, or cannot be decoded.
            VerificationFailed: the decoded integers differ from a segment's hash.
        """
        ...

    def classes(self) -> Sequence[str]:
        """Names of what ``logits`` tells apart."""
        ...


@runtime_checkable
class FeatureCodec(StillCodec, Protocol):
    """A codec of what a network needs of still images; `media` has ``features``."""

    def open_features(self, stored: Stored, context: Context) -> Features:
        """The features of a file; decodes none yet."""
        ...


class Trainer(Protocol):
    """Makes model files: ``ncodec train NAME DATA... -o model.ncm``.

    Entry-point group ``ncodec.trainers``, loaded as codecs are.
    """

    name: ClassVar[str]
    options: ClassVar[Sequence[Option]]

    def train(self, data: Sequence[str], options: Mapping[str, Any], context: Context) -> Model:
        """Learns from `data`, paths as given; `context.report` hears of every epoch.

        The tags of the model say how it was made and what it reached.
        """
        ...
